import type { DataOperator, Prompt, Recipe, Training } from "../../contract/index.js";

/** Every field of a training, in the order in which a key names them: the compiler refuses one that is missing. */
const trainingFields = Object.keys({
  learningRate: 0, rank: 0, alpha: 0, targets: 0, epochs: 0, schedule: 0, warmupFraction: 0, weightDecay: 0, dropout: 0, tokensPerStep: 0, maxSequenceTokens: 0, ranks: 0, warmStartFrom: 0,
} satisfies Record<keyof Training, 0>) as readonly (keyof Training)[];

/**
 * Canonical text of a recipe: equal recipes have equal keys whatever the order of their fields. The seed is left out: the
 * same recipe with another seed is a repeat, not a new idea (a seed used as a lever is a known way to fool oneself, trex.md 5).
 */
export function recipeKey(recipe: Recipe): string {
  return `${recipe.data.map(operatorKey).join(";")}|${promptKey(recipe.prompt)}|${recipe.training === null ? "" : trainingFields.map((field) => trainingKey(recipe.training, field)).join(",")}`;
}

/** How examples are chosen means nothing where none are shown. */
export const promptKey = ({ system, fewShot, shotSelection }: Prompt): string => `${system === null ? "" : JSON.stringify(system)},${fewShot === 0 ? 0 : `${fewShot} ${shotSelection}`}`;

function operatorKey(operator: DataOperator): string {
  switch (operator.operator) {
    case "deduplicate":
    case "drop-conflicts":
      return operator.operator;
    case "drop-long":
      return `drop-long ${operator.longestPercentile}`;
    case "sample":
      return `sample ${operator.fraction}`;
    case "balance-answers":
      return `balance-answers ${operator.strength}`;
  }
}

function trainingKey(training: Training | null, field: keyof Training): string {
  const value = training?.[field];
  if (typeof value !== "object") return String(value);
  return value === null ? "" : Object.keys(value).sort().map((tensor) => `${tensor}=${value[tensor]}`).join(" ");
}
