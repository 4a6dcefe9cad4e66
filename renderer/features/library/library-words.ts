import { moves, type Card, type CardCondition, type CardEffect, type DataProposal, type LibraryDocument, type NumericField, type OnlineSource, type SearchHit } from "../../contract.js";
import { formatGain, formatNumber } from "../../ui/format.js";
import type { Tone } from "../../ui/tone.js";

export const cardKindWords: Readonly<Record<Card["kind"], { label: string; hint: string }>> = {
  "built-in": { label: "Built in", hint: "Came with the app, in its own words" },
  document: { label: "Your document", hint: "Read out of a document of your library by a reader that can only fill in a card" },
  insight: { label: "Your runs", hint: "Learned in an earlier run of yours" },
};

export const confidenceWords: Readonly<Record<Card["confidence"], { label: string; tone: Tone; hint: string }>> = {
  measured: { label: "Measured", tone: "gain", hint: "Measured by the source itself" },
  reported: { label: "Reported", tone: "info", hint: "Stated by the source, without its measurement at hand" },
  secondary: { label: "Second hand", tone: "quiet", hint: "Somebody else’s word for what a source says" },
  derived: { label: "Derived", tone: "quiet", hint: "Follows from other facts; not measured" },
};

export const documentKindWords: Readonly<Record<LibraryDocument["kind"], string>> = { pdf: "PDF", markdown: "Markdown", html: "HTML", bibtex: "BibTeX", text: "Text" };
export const foundByWords: Readonly<Record<SearchHit["by"], string>> = { words: "by its words", meaning: "by its meaning", both: "by words and meaning" };
export const onlineSourceWords: Readonly<Record<OnlineSource, string>> = {
  arxiv: "arXiv papers", "semantic-scholar": "Semantic Scholar papers", "hf-papers": "Hugging Face papers", "hf-models": "Hugging Face models", "hf-datasets": "Hugging Face data sets",
};
export const originWords: Readonly<Record<DataProposal["origin"], string>> = { folder: "On this disk", library: "Your library", "hf-cache": "Hugging Face cache", huggingface: "Hugging Face, online" };

/** Reads after "holds" or "expected": "when rows repeat". */
export const conditionWords: Readonly<Record<CardCondition, string>> = {
  always: "always", "small-data": "with little data", "large-data": "with much data", "small-model": "for small models", "large-model": "for large models",
  overfitting: "when rows are learned by heart", underfitting: "when too little is learned", unstable: "when training is unstable", "loss-falling": "while the loss still falls", "loss-flat": "once the loss is flat",
  "has-conflicts": "when rows contradict each other", "has-duplicates": "when rows repeat", "json-answers": "when answers are JSON", "multiple-choice": "for multiple choice", "long-rows": "with long rows",
  "small-budget": "with little time", "large-budget": "with much time", "few-bits": "when the model is stored in few bits",
};
const numberWords: Readonly<Record<NumericField, string>> = { learningRate: "Learning rate", rank: "Rank", epochs: "Epochs", dropout: "Dropout", weightDecay: "Weight decay", tokensPerStep: "Tokens per step" };

/** What a card means for the search, as a sentence. */
export function effectWords(effect: CardEffect): string {
  const when = conditionWords[effect.when];
  if (effect.kind === "number") return `${numberWords[effect.field]}: the search starts near ${formatNumber(effect.centre)}, ${when}.`;
  const gain = formatGain(effect.gain, "rate").replace(/\u2009pts$/, "\u2009%");
  return `“${moves[effect.move].title}” is expected to go ${gain} of the way to perfect, ${when}.`;
}
