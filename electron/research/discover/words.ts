/** Words that stand in every text and tell nothing of what it is about. */
const common = new Set(("the and for that this with from are was were will would shall should can could may might must has have had not but you your our their his her its they them there then than when where which who whom whose what why how all any each every some such only also into onto over under about after before between during " +
  "out off per via upon being been does did doing more most less least very just make makes made use used uses using get gets got like one two answer answers question questions model models data dataset datasets row rows text texts give gives given user assistant system please").split(" "));

const mostWords = 20_000;

/** Lower-case words of letters and digits, in order; short and common ones left out. */
export function contentWords(text: string): string[] {
  const words = text.slice(0, 400_000).normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  // Scripts without blanks write a word in one or two signs.
  return words.filter((word) => (word.length >= 3 || /[^\p{Script=Latin}\p{N}]/u.test(word)) && !common.has(word)).slice(0, mostWords);
}

/** How much the candidate is about what the goal says and the training rows hold: 0 nothing, 1 the same. Deterministic. */
export function relevanceOf(goal: string, trainingTexts: readonly string[] | null, candidateTexts: readonly string[]): number {
  const candidate = countsOf(candidateTexts);
  const wanted = new Set(contentWords(goal));
  const covered = wanted.size === 0 ? 0 : [...wanted].filter((word) => candidate.has(word)).length / wanted.size;
  const training = trainingTexts === null ? null : countsOf(trainingTexts);
  const value = training === null || training.size === 0 ? covered : 0.4 * covered + 0.6 * cosine(training, candidate);
  return Math.round(value * 1000) / 1000;
}

/** Words of a goal worth searching a hub of names for: the longest first, since they are the rarest. */
export function searchWords(goal: string, most: number): string[] {
  const words = [...new Set(contentWords(goal))].filter((word) => word.length >= 4 || /[^\p{Script=Latin}\p{N}]/u.test(word));
  return words.map((word, at) => ({ word: word.slice(0, 40), at })).sort((left, right) => right.word.length - left.word.length || left.at - right.at).slice(0, most).map(({ word }) => word);
}

/** Weight of a word: the logarithm of how often it stands there, so that no single word carries the day. */
function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of contentWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const [word, count] of counts) counts.set(word, Math.log1p(count));
  return counts;
}

function cosine(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): number {
  let product = 0;
  for (const [word, weight] of left) product += weight * (right.get(word) ?? 0);
  const length = (counts: ReadonlyMap<string, number>): number => Math.sqrt([...counts.values()].reduce((sum, weight) => sum + weight * weight, 0));
  const lengths = length(left) * length(right);
  return lengths === 0 ? 0 : Math.min(1, product / lengths);
}
