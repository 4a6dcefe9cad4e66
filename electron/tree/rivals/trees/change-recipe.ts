import { numericFields, type FailureClass, type Recipe } from "../../../contract/index.js";
import { recipeKey } from "../../recipes/recipe-key.js";
import { askFor, type Ask, type Observation } from "../policy.js";

/** The mechanical repair that any engineer would try for a failure; null where there is nothing left to give way. */
export function debug(failed: Observation): Ask | null {
  const { recipe, failure } = failed;
  const repaired = failure === null ? null : repair(recipe, failure);
  return repaired === null ? null : askFor(repaired, { parent: failed.id, axis: failed.axis });
}

function repair(recipe: Recipe, failure: FailureClass): Recipe | null {
  const { training } = recipe;
  if (training === null) return null;
  const change = (changed: Partial<typeof training>): Recipe => ({ ...recipe, training: { ...training, ...changed } });
  switch (failure) {
    case "OOM":
      if (training.tokensPerStep / 2 >= numericFields.tokensPerStep.minimum) return change({ tokensPerStep: Math.round(training.tokensPerStep / 2) });
      return training.rank > numericFields.rank.minimum ? change({ rank: Math.ceil(training.rank / 2), alpha: Math.max(1, training.alpha / 2), ranks: {}, warmStartFrom: null }) : null;
    case "DIVERGED":
      return training.learningRate > numericFields.learningRate.minimum ? change({ learningRate: training.learningRate / 3 }) : null;
    case "TIMEOUT":
      return change({ epochs: training.epochs / 2 });
    case "CONFIG":
      return training.warmStartFrom === null ? null : change({ warmStartFrom: null });
    case "DATA": case "ENV": case "CANCELLED": case "INTERNAL":
      return null;
  }
}

const keys = new WeakMap<Recipe, string>();
/** `recipeKey`, worked out once for each recipe: searches ask for it at every step. */
export function keyOf(recipe: Recipe): string {
  const known = keys.get(recipe) ?? recipeKey(recipe);
  keys.set(recipe, known);
  return known;
}

/** Whole experiments with a score, or without one because they failed. */
export const fullOnes = (observations: readonly Observation[]): Observation[] => observations.filter((each) => each.fraction === 1);

/** Highest score, the older one on a tie. */
export function bestOf(observations: readonly Observation[]): Observation | null {
  return observations.reduce<Observation | null>((best, each) => (each.score !== null && (best === null || each.score > (best.score ?? 0)) ? each : best), null);
}
