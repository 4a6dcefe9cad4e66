import { claimFieldNames, claimFields, isPlausible, type Claim, type ClaimField } from "./claim.js";
import { numbersIn, type FoundNumber } from "./numbers.js";
import type { Sentence } from "./sentences.js";

/** How a field is named. `before`: its number comes first ("3 epochs"). */
const names: Readonly<Record<ClaimField, { readonly after: RegExp | null; readonly before: RegExp | null }>> = {
  learningRate: { after: /\b[Ll]earning[- ][Rr]ates?\b|\b(?:LR|lr)\b|\b[Ss]tep sizes?\b/gu, before: /^\s*(?:as (?:the |our )?)?(?:peak |initial |constant )?(?:learning[- ]rates?\b|LR\b|lr\b)/u },
  rank: { after: /\b(?:lora |adapter |low )?ranks?\b(?!\s*(?:correlation|order))|\bLoRA r\b/giu, before: null },
  alpha: { after: /\b(?:lora[ _-]?)?alpha\b|α(?!\p{L})/giu, before: null },
  epochs: { after: /\b(?:number of )?(?:training )?epochs?\b(?=\s*(?:[=:(]|of|is|was|to|set))/giu, before: /^[- ]?\s?(?:full |training |complete )?epochs?\b/iu },
  batchSize: { after: /\b(?:global |effective |total |mini-?|training )?batch[- ]?sizes?\b|\bbatches of\b/giu, before: null },
  tokensPerStep: { after: /\btokens per (?:step|batch|update)\b(?=\s*(?:[=:(]|of|is|was|to|set))/giu, before: /^\s?tokens per (?:step|batch|update)\b/iu },
  dropout: { after: /\bdropout(?: (?:rate|probability|p))?\b/giu, before: null },
  weightDecay: { after: /\bweight[- ]decay\b/giu, before: null },
  warmupFraction: { after: /\bwarm-?\s?up (?:ratio|fraction|share|proportion)\b/giu, before: /^\s?(?:of (?:the )?(?:training |total )?steps )?(?:for |as |of )?(?:linear )?warm-?\s?up\b/iu },
  trainingExamples: { after: null, before: /^\s?(?:training |instruction |labell?ed |synthetic |fine-?tuning |annotated |curated |high-quality )*(?:examples|samples|rows|pairs|instances|demonstrations|conversations|data points)\b/iu },
  sequenceTokens: { after: /\b(?:max(?:imum|imal)? )?(?:sequence|context|input) (?:length|size|window)s?\b/giu, before: null },
};

/** Words that may stand between a name and its number; anything else and they do not belong together. */
const link = /^(?:[\s,:=~≈()]|\b(?:of|is|was|were|are|to|at|set|fixed|equal|equals|around|about|approximately|roughly|a|an|the|value|values|use|used|using|we|as|with|for|from|between|peak|maximum|max|constant|initial|size|rate|r|lr|α|η)\b)*$/iu;
const mostLink = 40;
const praise = /\b(?:best|optimal|optimum|works? well|worked well|worked best|highest (?:accuracy|score)|outperform\w*)\b/iu;
const tooHigh = /\b(?:too (?:high|large|big)|diverge[sd]?|unstable|overfit\w*|hurts?|degrad\w*)\b/iu;
const tooLow = /\b(?:too (?:low|small|few)|underfit\w*|insufficient)\b/iu;
/** Another method's numbers: said for people, but no prior for adapters. */
const otherMethod = /\bpre-?train\w*|\bfrom scratch\b|\bfull(?:[- ]parameter)? fine-?tun\w*|\bvision\b|\bdiffusion\b|\breward model\b|\bsoft prompt\b/iu;

/** Every recognised name that has its number beside it, at most one claim for each name in a sentence. */
export function claimsIn(sentence: Sentence): Claim[] {
  if (otherMethod.test(sentence.text)) return [];
  const numbers = numbersIn(sentence.text);
  const direction = tooHigh.test(sentence.text) ? "too-high" : tooLow.test(sentence.text) ? "too-low" : praise.test(sentence.text) ? "best" : "used";
  return claimFieldNames.flatMap((field) => {
    const found = numberAfter(field, sentence.text, numbers) ?? numberBefore(field, sentence.text, numbers);
    const value = found?.value;
    return value === undefined || !isPlausible(field, value) ? [] : [{ field, direction, value, when: "always", page: sentence.page } satisfies Claim];
  });
}

function numberAfter(field: ClaimField, text: string, numbers: readonly FoundNumber[]): FoundNumber | null {
  const { after } = names[field];
  if (after === null) return null;
  for (const match of text.matchAll(after)) {
    const end = match.index + match[0].length;
    const number = numbers.find(({ start }) => start >= end);
    if (number === undefined || number.start - end > mostLink || !link.test(text.slice(end, number.start))) continue;
    // "LR decays over 3 epochs": the number is another field's.
    if (isOthers(field, text, number)) continue;
    return number;
  }
  return null;
}

function numberBefore(field: ClaimField, text: string, numbers: readonly FoundNumber[]): FoundNumber | null {
  const { before } = names[field];
  return before === null ? null : numbers.find(({ end }) => before.test(text.slice(end))) ?? null;
}

const isOthers = (field: ClaimField, text: string, number: FoundNumber): boolean =>
  claimFieldNames.some((other) => other !== field && names[other].before?.test(text.slice(number.end)) === true);

/** Does the text speak of this field at all? A model's claim about a field that is never named is an invention. */
export function isNamed(field: ClaimField, text: string): boolean {
  const { after, before } = names[field];
  return (after !== null && new RegExp(after.source, after.flags.replace("g", "")).test(text)) || (before !== null && numbersIn(text).some(({ end }) => before.test(text.slice(end)))) || text.toLowerCase().includes(claimFields[field].name);
}
