import { numericFields, type NumericField, type Recipe } from "../contract/index.js";
import { toUnit } from "./numbers.js";
import { recipeKey } from "./recipe-key.js";

const fields = Object.keys(numericFields) as readonly NumericField[];

/**
 * How far apart two recipes are: Infinity when they differ in anything but the optimiser's numbers, else the largest
 * difference of one number as a share of its range. alpha follows the rank and is not counted twice.
 */
export function recipeDistance(left: Recipe, right: Recipe): number {
  if (withoutNumbers(left) !== withoutNumbers(right)) return Number.POSITIVE_INFINITY;
  const [first, second] = [left.training, right.training];
  if (first === null || second === null) return 0;
  return Math.max(...fields.map((field) => Math.abs(toUnit(field, first[field]) - toUnit(field, second[field]))));
}

/**
 * Is this worth a node? Not when a tried recipe is the same or nearly so: repeats are what users of search agents complain
 * of most (autoresearch #613 and #619, trex.md 5 and 8).
 * @param minimumDistance share of a field's range; 0.03 is a fifth of a decade of learning rate times one half
 */
export function isNovel(recipe: Recipe, tried: readonly Recipe[], minimumDistance = 0.03): boolean {
  return tried.every((each) => recipeDistance(recipe, each) >= minimumDistance);
}

function withoutNumbers(recipe: Recipe): string {
  if (recipe.training === null) return recipeKey(recipe);
  const { learningRate, rank, epochs, dropout, weightDecay, tokensPerStep } = Object.fromEntries(fields.map((field) => [field, numericFields[field].minimum])) as Record<NumericField, number>;
  return recipeKey({ ...recipe, training: { ...recipe.training, learningRate, rank, epochs, dropout, weightDecay, tokensPerStep, alpha: 1 } });
}
