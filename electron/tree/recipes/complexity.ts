import type { Recipe } from "../../contract/index.js";

/**
 * How much there is to a recipe, in points without a unit. What the user pays at every answer weighs most (worked
 * examples, system prompt), then the size of the adapter, the length of the training, and each extra step.
 */
export function complexityOf(recipe: Recipe): number {
  const prompt = recipe.prompt.fewShot + (recipe.prompt.system === null ? 0 : 1);
  const training = recipe.training;
  if (training === null) return prompt;
  const layers = training.targets === "all" ? 1 : 0.5;
  const regularised = (training.dropout > 0 ? 0.25 : 0) + (training.weightDecay > 0 ? 0.25 : 0);
  const warm = training.warmStartFrom === null ? 0 : 1;
  const moved = Object.keys(training.ranks).length > 0 ? 0.25 : 0;
  return moved + prompt + 1 + 0.5 * Math.log2(1 + training.rank * layers) + 0.5 * Math.log2(1 + training.epochs) + 0.25 * recipe.data.length + regularised + warm;
}
