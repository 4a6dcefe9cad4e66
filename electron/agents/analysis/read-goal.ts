import type { Constraints, Skill } from "../../contract/index.js";

/** What a goal sentence says besides the goal. Each with the words it was read from, for the reason shown to the user. */
export interface GoalSays {
  readonly budget: { readonly value: string; readonly words: string } | null;
  readonly target: { readonly value: number; readonly words: string } | null;
  readonly deliver: { readonly value: Constraints["deliver"]; readonly words: string } | null;
  readonly noPrompt: { readonly words: string } | null;
  readonly skill: { readonly value: Skill; readonly words: string } | null;
}

const mostCharacters = 4_000;

/** The verbs and nouns people name a skill by; the first match in this order counts, the more particular first. */
const skillWords: readonly (readonly [Skill, RegExp])[] = [
  ["code", /\b(?:(?:write|generate|complete|fix|refactor)\w* (?:\w+ ){0,2}(?:code|programs?|functions?|scripts?|sql|regex(?:es)?)|programming|text[- ]to[- ]sql|sql queries)\b/],
  ["extraction", /\b(?:extract\w*|parse|parsing|pull (?:out|fields|facts)|fill (?:in )?(?:a |the )?(?:form|schema|json|template)s?|(?:in)?to (?:strict |valid )?(?:a )?json\b|structured (?:data|output))/],
  ["classification", /\b(?:classif\w*|categori[sz]\w*|label(?:s|ling|l?ed)?|route|routing|triage|sentiment|spam|intent detection|detect (?:the )?(?:intent|topic|language))\b/],
  ["rewriting", /\b(?:rewrit\w*|rephras\w*|paraphras\w*|translat\w*|summari[sz]\w*|shorten\w*|simplif\w*|correct (?:the )?(?:grammar|spelling)|proofread\w*)\b/],
  ["reasoning", /\b(?:reason\w*|math\w*|arithmetic|word problems?|step[- ]by[- ]step|prove|proofs?|logic(?:al)? puzzles?)\b/],
  ["question-answering", /\b(?:answer\w* (?:\w+ ){0,3}questions?|question[- ]answering|q&a|quiz|exam|multiple[- ]choice|faq)\b/],
  ["dialogue", /\b(?:chat\w*|dialog(?:ue)?s?|conversation\w*|assistant|support agent|role ?play)\b/],
  ["language-modelling", /\b(?:language model\w*|writing style|in the style of|style of|sound like|continue texts?|lyrics|poems?)\b/],
];

/** Reads a user's own sentence by fixed patterns; what it does not say is null. */
export function readGoal(goal: string): GoalSays {
  const text = goal.slice(0, mostCharacters).toLowerCase().replace(/\s+/g, " ");
  const match = (pattern: RegExp): RegExpExecArray | null => pattern.exec(text);
  const skill = skillWords.flatMap(([value, pattern]) => [match(pattern)].flatMap((found) => (found === null ? [] : [{ value, words: found[0] }])))[0] ?? null;
  const promptOnly = match(/\b(?:without (?:any )?(?:training|fine-?tuning)|prompt only|only (?:a|the) prompt|no (?:training|fine-?tuning|adapter))\b/);
  const adapterOnly = match(/\b(?:adapter only|only (?:an|the) (?:lora|adapter)|must be (?:a |an )?(?:lora|adapter))\b/);
  const noPrompt = match(/\b(?:without (?:a |any )?(?:system )?prompt|no (?:system )?prompt|no (?:worked )?examples in the prompt)\b/);
  return {
    budget: budgetIn(text), target: targetIn(text),
    deliver: promptOnly !== null ? { value: "prompt", words: promptOnly[0] } : adapterOnly !== null ? { value: "adapter", words: adapterOnly[0] } : null,
    noPrompt: noPrompt === null ? null : { words: noPrompt[0] },
    skill,
  };
}

function budgetIn(text: string): GoalSays["budget"] {
  const overnight = /\bover ?night\b/.exec(text);
  if (overnight !== null) return { value: "8h", words: overnight[0] };
  const found = /\b(?:in|within|at most|no more than|up to|budget(?: of)?:?|(?:run|work|train|search)\w* for) (?:about |at most )?(\d{1,3}(?:\.\d)?|an?|half an) ?(seconds?|minutes?|min|hours?|h|days?)\b/.exec(text);
  if (found === null) return null;
  const [words, count = "", unit = ""] = found;
  const amount = count === "a" || count === "an" ? 1 : count === "half an" ? 0.5 : Number(count);
  const minutes = amount * (unit.startsWith("s") ? 1 / 60 : unit.startsWith("m") ? 1 : unit.startsWith("h") ? 60 : 1_440);
  if (!(minutes >= 1)) return null;
  return { value: minutes % 60 === 0 ? `${minutes / 60}h` : `${Math.round(minutes)}m`, words };
}

function targetIn(text: string): GoalSays["target"] {
  const found = /\b(?:at least|reach(?:es)?|target(?: of)?:?|better than|over|above|to|accuracy of) (?:an accuracy of |a score of |about )?(\d{1,2}(?:\.\d{1,2})?) ?(?:%|per ?cent|percent)/.exec(text);
  if (found === null) return null;
  const value = Number(found[1]) / 100;
  return value > 0 && value < 1 ? { value: Number(value.toFixed(4)), words: found[0] } : null;
}
