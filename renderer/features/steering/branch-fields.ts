import { loraTargets, numericFields, recipeChangeSchema, schedules, type NumericField, type Recipe, type RecipeChange } from "../../contract.js";
import { formatNumber } from "../../ui/format.js";

export type BranchFieldName = RecipeChange["field"];
export interface BranchField {
  readonly name: BranchFieldName;
  readonly label: string;
  readonly kind: "number" | "choice" | "text";
  readonly options: readonly { readonly value: string; readonly label: string }[];
  /** As a form holds it. */
  readonly now: string;
  readonly help: string;
  /** What to give, as a request: shown when something else was given. */
  readonly wanted: string;
}

const numberLabels: Readonly<Record<NumericField, string>> = {
  learningRate: "Learning rate", rank: "Rank", epochs: "Epochs", dropout: "Dropout", weightDecay: "Weight decay", tokensPerStep: "Tokens per step",
};
const targetLabels: Readonly<Record<(typeof loraTargets)[number], string>> = { attention: "Attention layers", mlp: "MLP layers", all: "All linear layers" };
const scheduleLabels: Readonly<Record<(typeof schedules)[number], string>> = { cosine: "Cosine", linear: "Linear", constant: "Constant" };
const mostShots = 16;
const rangeWords = (name: NumericField): string => `${formatNumber(numericFields[name].minimum)} to ${formatNumber(numericFields[name].maximum)}`;

/** The fields of a recipe that a branch may change. An untrained node has its prompt only. */
export function branchFields(recipe: Recipe): readonly BranchField[] {
  const { training, prompt } = recipe;
  const trained: readonly BranchField[] = training === null ? [] : [
    ...(Object.keys(numericFields) as NumericField[]).map((name): BranchField => ({
      name, label: numberLabels[name], kind: "number", options: [], now: String(training[name]),
      help: `Here it is ${formatNumber(training[name])}; it may be from ${rangeWords(name)}.`,
      wanted: `Give a ${numericFields[name].integer ? "whole number" : "number"} from ${rangeWords(name)}.`,
    })),
    { name: "targets", label: "Adapted layers", kind: "choice", options: loraTargets.map((value) => ({ value, label: targetLabels[value] })), now: training.targets, help: "Which parts of the model the adapter changes.", wanted: "Choose one of the list." },
    { name: "schedule", label: "Learning-rate schedule", kind: "choice", options: schedules.map((value) => ({ value, label: scheduleLabels[value] })), now: training.schedule, help: "How the learning rate falls over time.", wanted: "Choose one of the list." },
  ];
  return [
    ...trained,
    { name: "fewShot", label: "Worked examples in the prompt", kind: "number", options: [], now: String(prompt.fewShot), help: `Here it is ${prompt.fewShot}; it may be from 0 to ${mostShots}.`, wanted: `Give a whole number from 0 to ${mostShots}.` },
    { name: "system", label: "System prompt", kind: "text", options: [], now: prompt.system ?? "", help: "The instruction before every question. Empty: the rows’ own.", wanted: "Keep it under 4,000 characters." },
  ];
}

export type BranchDraft = { readonly ok: true; readonly change: RecipeChange } | { readonly ok: false; readonly sentence: string };

/** Reads what was typed against the contract's schema and its hard bounds. */
export function readChange(field: BranchField, typed: string): BranchDraft {
  const text = typed.trim();
  if (text === field.now.trim()) return { ok: false, sentence: "This is the value it has already. Give another one." };
  const value = field.kind === "number" ? (text === "" ? Number.NaN : Number(text)) : field.name === "system" && text === "" ? null : text;
  const parsed = recipeChangeSchema.safeParse({ field: field.name, value });
  if (!parsed.success || !isInBounds(parsed.data)) return { ok: false, sentence: field.wanted };
  return { ok: true, change: parsed.data };
}

function isInBounds(change: RecipeChange): boolean {
  if (!(change.field in numericFields)) return true;
  const { minimum, maximum, integer } = numericFields[change.field as NumericField];
  return typeof change.value === "number" && change.value >= minimum && change.value <= maximum && (!integer || Number.isInteger(change.value));
}

/** A branch in one line: "Learning rate 0.001". */
export function changeWords(change: RecipeChange): string {
  switch (change.field) {
    case "targets":
      return `Adapted layers: ${targetLabels[change.value].toLowerCase()}`;
    case "schedule":
      return `Learning-rate schedule: ${scheduleLabels[change.value].toLowerCase()}`;
    case "fewShot":
      return `${formatNumber(change.value)} worked ${change.value === 1 ? "example" : "examples"}`;
    case "system":
      return change.value === null ? "The rows’ own system prompt" : "Another system prompt";
    default:
      return `${numberLabels[change.field]} ${formatNumber(change.value)}`;
  }
}
