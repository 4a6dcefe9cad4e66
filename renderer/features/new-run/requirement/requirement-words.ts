import { axes, moveIds, moves, type Axis, type Constraints, type DecisionReason, type GuardName, type MoveId, type Skill } from "../../../contract.js";
import type { Tone } from "../../../ui/tone.js";

export const skillWords: Readonly<Record<Skill, string>> = {
  extraction: "Pulling facts out of text", classification: "Sorting into classes", "question-answering": "Answering questions", generation: "Writing text",
  rewriting: "Rewriting text", reasoning: "Reasoning step by step", code: "Writing code", dialogue: "Holding a conversation", "language-modelling": "Continuing text",
};

export const guardWords: Readonly<Record<GuardName, { label: string; hint: string }>> = {
  general: { label: "Ordinary requests", hint: "What anybody might ask, and how well it knows ordinary text" },
  format: { label: "Output format", hint: "Answers keep the form that was asked for" },
  "other-language": { label: "Other languages", hint: "What it could say in another language" },
  "long-input": { label: "Long input", hint: "Questions with a lot of text before them" },
  "odd-input": { label: "Odd input", hint: "Nothing to answer, or control words written as text" },
};

export const deliverWords: Readonly<Record<Constraints["deliver"], string>> = {
  anything: "Whatever wins: an adapter or a prompt", adapter: "An adapter only", prompt: "A prompt for the base model only",
};

export const reasonWords: Readonly<Record<DecisionReason["by"], { label: string; tone: Tone; hint: string }>> = {
  user: { label: "You", tone: "gain", hint: "You said so" },
  data: { label: "Data", tone: "info", hint: "Read off your examples" },
  rule: { label: "Rule", tone: "quiet", hint: "A fixed rule of the app" },
  "language-model": { label: "Language model", tone: "base", hint: "The local language model read it out of your goal" },
};

/** Every move of the menu under its axis, in the menu's order. */
export const movesByAxis: readonly { readonly axis: Axis; readonly moves: readonly MoveId[] }[] = axes
  .map((axis) => ({ axis, moves: moveIds.filter((id) => moves[id].axis === axis) }))
  .filter((group) => group.moves.length > 0);

const otherFields: Readonly<Record<string, string>> = {
  threads: "Processor threads", tariffPerKilowattHour: "Price of a kilowatt-hour", gainSigmas: "Standard errors that make a gain",
  "defaults.learningRate": "First learning rate", "defaults.rank": "First rank", "defaults.epochs": "First epochs", "defaults.tokensPerStep": "First tokens per step", "defaults.maxSequenceTokens": "Longest row, in tokens",
};
/** Fields of a task that the form shows and does not change. */
export const otherFieldWords = (path: string): string => otherFields[path] ?? path;
