import type { Recipe } from "../../contract/index.js";
import { numberFields, toUnit } from "../numbers/unit-scale.js";
import { recipeKey } from "./recipe-key.js";

/**
 * How far apart two recipes are: Infinity when they differ in anything but the optimiser's numbers, else the largest
 * difference of one number as a share of its range. alpha follows the rank and is not counted twice.
 */
export function recipeDistance(left: Recipe, right: Recipe): number {
  return withoutNumbers(left) === withoutNumbers(right) ? numbersApart(left, right) : Number.POSITIVE_INFINITY;
}

function numbersApart({ training: first }: Recipe, { training: second }: Recipe): number {
  if (first === null || second === null) return 0;
  let most = 0;
  for (const field of numberFields) most = Math.max(most, Math.abs(toUnit(field, first[field]) - toUnit(field, second[field])));
  return most;
}

/**
 * Is this worth a node? Not when a tried recipe is the same or nearly so: repeats are what users of search agents complain
 * of most (autoresearch #613 and #619, trex.md 5 and 8).
 * @param minimumDistance share of a field's range; 0.03 is a fifth of a decade of learning rate times one half
 */
export function isNovel(recipe: Recipe, tried: readonly Recipe[], minimumDistance = 0.03): boolean {
  return tried.every((each) => recipeDistance(recipe, each) >= minimumDistance);
}

/** `isNovel` for many recipes against the same tried ones. */
export function noveltyAgainst(tried: readonly Recipe[], minimumDistance = 0.03): (recipe: Recipe) => boolean {
  const groups = new Map<string, Recipe[]>();
  for (const each of tried) {
    const key = withoutNumbers(each);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return (recipe) => (groups.get(withoutNumbers(recipe)) ?? []).every((each) => numbersApart(recipe, each) >= minimumDistance);
}

/** Everything but the optimiser's numbers; alpha goes with the rank. */
function withoutNumbers(recipe: Recipe): string {
  if (recipe.training === null) return recipeKey(recipe);
  return recipeKey({ ...recipe, training: { ...recipe.training, ...nought } });
}
const nought = { learningRate: 0, rank: 0, epochs: 0, dropout: 0, weightDecay: 0, tokensPerStep: 0, alpha: 0 };
