import type { DataOperator, Plan, Recipe } from "../../contract.js";
import { formatNumber } from "../../ui/format.js";
import { shotWords } from "../tree/words.js";
import { ranksWords } from "./ranks-words.js";

export type DiffChange = "same" | "changed" | "added" | "removed";
export interface DiffRow {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly change: DiffChange;
  /** Who set the number, when the plan says so. */
  readonly by: Plan["numbers"][string]["by"] | null;
}

interface Field {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly read: (recipe: Recipe) => string | null;
}

const training = (key: string, label: string, hint: string, read: (value: NonNullable<Recipe["training"]>) => string): Field => ({
  key, label, hint, read: (recipe) => (recipe.training === null ? null : read(recipe.training)),
});
const percent = (share: number): string => `${formatNumber(share * 100)}\u2009%`;
const targetWords = { attention: "attention layers", mlp: "MLP layers", all: "all linear layers" } as const;

const fields: readonly Field[] = [
  { key: "data", label: "Training rows", hint: "What is done to the training data before it is used, in order", read: (recipe) => (recipe.data.length === 0 ? "as imported" : recipe.data.map(operatorWords).join(", ")) },
  { key: "system", label: "System prompt", hint: "The instruction put before every question", read: (recipe) => recipe.prompt.system ?? "from the rows" },
  { key: "fewShot", label: "Worked examples", hint: "Solved examples shown before the question", read: (recipe) => formatNumber(recipe.prompt.fewShot) },
  { key: "shotSelection", label: "Which examples", hint: "How the worked examples are chosen", read: (recipe) => (recipe.prompt.fewShot === 0 ? null : shotWords[recipe.prompt.shotSelection]) },
  training("learningRate", "Learning rate", "How large each learning step is", (value) => formatNumber(value.learningRate)),
  training("rank", "Rank", "The adapter's size: how much it can change", (value) => formatNumber(value.rank)),
  training("ranks", "Rank by tensor", "Tensors whose rank differs from the one above, because of what an earlier adapter used of its own", (value) => ranksWords(value.ranks)),
  training("alpha", "Alpha", "How strongly the adapter is applied, relative to its rank", (value) => formatNumber(value.alpha)),
  training("targets", "Adapted layers", "Which parts of the model the adapter changes", (value) => targetWords[value.targets]),
  training("epochs", "Epochs", "How often the training rows are gone through", (value) => formatNumber(value.epochs)),
  training("schedule", "Schedule", "How the learning rate falls over time", (value) => value.schedule),
  training("warmupFraction", "Warm-up", "Share of the training in which the learning rate rises", (value) => percent(value.warmupFraction)),
  training("weightDecay", "Weight decay", "A pull towards small adapter weights", (value) => formatNumber(value.weightDecay)),
  training("dropout", "Dropout", "Share of the adapter's inputs left out at random while training", (value) => formatNumber(value.dropout)),
  training("tokensPerStep", "Tokens per step", "How much text each learning step sees", (value) => formatNumber(value.tokensPerStep)),
  training("maxSequenceTokens", "Longest row", "Rows with more tokens are left out, never cut", (value) => `${formatNumber(value.maxSequenceTokens)} tokens`),
  training("warmStartFrom", "Starts from", "The adapter the training goes on from", (value) => value.warmStartFrom ?? "a new adapter"),
  { key: "seed", label: "Seed", hint: "Fixes everything random", read: (recipe) => String(recipe.seed) },
];

export function operatorWords(operator: DataOperator): string {
  switch (operator.operator) {
    case "deduplicate":
      return "repeats removed";
    case "drop-conflicts":
      return "contradictions removed";
    case "drop-long":
      return `longest ${formatNumber(100 - operator.longestPercentile)}\u2009% removed`;
    case "sample":
      return `random ${percent(operator.fraction)}`;
    case "balance-answers":
      return `answers balanced (${formatNumber(operator.strength)})`;
  }
}

/** Every setting of the child beside its parent's. Without a parent all of it counts as the same: there is nothing to differ from. */
export function diffRecipes(parent: Recipe | null, child: Recipe, numbers: Plan["numbers"]): readonly DiffRow[] {
  return fields.flatMap((field): readonly DiffRow[] => {
    const after = field.read(child);
    const before = parent === null ? after : field.read(parent);
    if (before === null && after === null) return [];
    const change: DiffChange = before === after ? "same" : before === null ? "added" : after === null ? "removed" : "changed";
    return [{ key: field.key, label: field.label, hint: field.hint, before, after, change, by: numbers[field.key]?.by ?? null }];
  });
}
