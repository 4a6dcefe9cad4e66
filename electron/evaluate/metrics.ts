/** How one generated answer is judged against the expected one. All scores lie in 0..1, higher is better. */

export interface JudgedAnswer {
  readonly score: number;
  /** Further figures of this item; their means become the evaluation's secondary figures. */
  readonly figures: Readonly<Record<string, number>>;
}

/** Runs of blanks count as one, those around the text not at all; everything else must agree, case included. */
export function exactMatch(expected: string, answer: string): JudgedAnswer {
  return { score: Number(squeezed(expected) === squeezed(answer)), figures: { exactMatchIgnoringCase: Number(squeezed(expected).toLowerCase() === squeezed(answer).toLowerCase()) } };
}

/** Answers that differ in case, signs and blanks alone are equal here. */
export const comparableText = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

const squeezed = (text: string): string => text.replace(/\s+/g, " ").trim();

/**
 * 1 when the whole answer is JSON and equal to the expected value (key order is no matter, types are), else 0. Figures:
 * `jsonValid`, and `fieldAccuracy`: right fields divided by all fields that either side has, the Jaccard index.
 * The strict rule is the score because a command with one wrong field does the wrong thing.
 */
export function jsonFields(expected: string, answer: string): JudgedAnswer {
  const wanted = parseJson(expected);
  if (wanted === undefined) {
    const same = exactMatch(expected, answer).score;
    return { score: same, figures: { jsonValid: Number(parseJson(answer) !== undefined), fieldAccuracy: same } };
  }
  const given = parseJson(answer);
  if (given === undefined) return { score: 0, figures: { jsonValid: 0, fieldAccuracy: 0 } };
  const wantedLeaves = leavesOf(wanted);
  const givenLeaves = leavesOf(given);
  if (wantedLeaves === null || givenLeaves === null) return { score: 0, figures: { jsonValid: 1, fieldAccuracy: 0 } };
  let right = 0;
  for (const [path, value] of wantedLeaves) if (givenLeaves.get(path) === value) right += 1;
  const all = wantedLeaves.size + givenLeaves.size - right;
  return { score: Number(right === all), figures: { jsonValid: 1, fieldAccuracy: all === 0 ? 1 : right / all } };
}

/** Which top-level fields of the expected object the answer has wrong or not at all, and whether it has others besides. */
export function fieldsThatDiffer(expected: string, answer: string): { readonly fields: readonly string[]; readonly tooMany: boolean } | "expected-not-json" | "answer-not-json" {
  const wanted = parseJson(expected);
  if (wanted === undefined) return "expected-not-json";
  const given = parseJson(answer);
  if (given === undefined) return "answer-not-json";
  const [wantedFields, givenFields] = [entriesOf(wanted.value), entriesOf(given.value)];
  if (wantedFields === null || givenFields === null) return { fields: [], tooMany: false };
  const sameValue = (left: unknown, right: unknown): boolean => {
    const [mine, theirs] = [leavesOf({ value: left }), leavesOf({ value: right })];
    return mine !== null && theirs !== null && mine.size === theirs.size && [...mine].every(([path, value]) => theirs.get(path) === value);
  };
  return {
    fields: [...wantedFields].filter(([key, value]) => !givenFields.has(key) || !sameValue(value, givenFields.get(key))).map(([key]) => key),
    tooMany: [...givenFields.keys()].some((key) => !wantedFields.has(key)),
  };
}

const entriesOf = (value: unknown): Map<string, unknown> | null => (typeof value === "object" && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null);

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

const mostLeaves = 10_000;

/** Every scalar and every empty list or object by its path; null for absurd nesting. Without recursion: the text is a model's. */
function leavesOf(root: { readonly value: unknown }): Map<string, string> | null {
  const leaves = new Map<string, string>();
  const open: { path: string; value: unknown; depth: number }[] = [{ path: "", value: root.value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, value, depth } = next;
    if (depth > 64 || leaves.size > mostLeaves) return null;
    const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (inner.length === 0) leaves.set(path, Array.isArray(value) ? "[]" : typeof value === "object" && value !== null ? "{}" : JSON.stringify(value));
    // A list's length shows in its indices; its own mark keeps [1] and {"0":1} apart.
    for (const [key, child] of inner) open.push({ path: `${path}/${Array.isArray(value) ? `[${key}]` : JSON.stringify(key)}`, value: child, depth: depth + 1 });
  }
  return leaves;
}

/**
 * lm-evaluation-harness: `acc` takes the choice with the highest sum of log-likelihoods, `acc_norm` divides by the choice's
 * characters first, `acc_bytes` by its UTF-8 bytes; equal values go to the first.
 */
export function judgeChoices(logLikelihoods: readonly number[], choices: readonly string[], answerIndex: number): { readonly chosen: number; readonly judged: JudgedAnswer } {
  const best = (values: readonly number[]) => values.indexOf(Math.max(...values));
  const chosen = best(logLikelihoods);
  const perCharacter = best(logLikelihoods.map((value, at) => value / Math.max(1, choices[at]?.length ?? 1)));
  const perByte = best(logLikelihoods.map((value, at) => value / Math.max(1, Buffer.byteLength(choices[at] ?? "", "utf8"))));
  return { chosen, judged: { score: Number(chosen === answerIndex), figures: { accNorm: Number(perCharacter === answerIndex), accBytes: Number(perByte === answerIndex) } } };
}
