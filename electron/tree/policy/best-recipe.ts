import type { MoveId, NumericField, Recipe } from "../../contract/index.js";
import { numbersOf, proposeNumbers, type Observation } from "../numbers/propose-numbers.js";
import { applyMove, type MoveFacts } from "../recipes/apply-move.js";
import { numbersOfMove } from "../recipes/moves.js";
import { outcomeOf, type Outcome, type SearchModel } from "./search-model.js";
import type { PolicyNode, PolicyState } from "./state.js";

/** A move with the numbers that make the most of it. */
export interface BestRecipe {
  readonly move: MoveId;
  readonly numbers: Readonly<Partial<Record<NumericField, number>>>;
  readonly recipe: Recipe;
  readonly outcome: Outcome;
}

export const moveFactsOf = (state: PolicyState, parent: PolicyNode): MoveFacts => ({ ...state.facts, parent: { nodeId: parent.id, hasAdapter: parent.hasAdapter, spectra: parent.spectra } });

/**
 * Of the candidate numbers for a move the ones the model expects most of for their cost; null when none leads to a recipe
 * that is new.
 * @param effort candidates for each open number
 */
export function bestRecipe(model: SearchModel, state: PolicyState, parent: PolicyNode, move: MoveId, effort: number, random: () => number): BestRecipe | null {
  const fields = numbersOfMove(move).length;
  const facts = moveFactsOf(state, parent);
  const proposals = proposeNumbers({ move, parent: parent.recipe, observations: trainedPoints(model, state), random, count: effort * Math.min(3, fields), mostRank: state.facts.constraints.mostRank });
  return proposals.reduce<BestRecipe | null>((best, numbers) => {
    const recipe = applyMove(parent.recipe, move, numbers, facts);
    const outcome = outcomeOf(model, state, recipe, move, parent);
    if (best !== null && outcome.worth <= best.outcome.worth) return best;
    return model.isNovel(recipe) ? { move, numbers, recipe, outcome } : best;
  }, null);
}

const points = new WeakMap<SearchModel, readonly Observation[]>();

/** What the proposers of numbers learn from: shrunk scores, so that a lucky node does not draw them. */
function trainedPoints(model: SearchModel, state: PolicyState): readonly Observation[] {
  const known = points.get(model);
  if (known !== undefined) return known;
  const found = state.nodes.filter((node) => node.recipe.training !== null && node.kind !== "seed-repeat" && (node.status === "failed" || model.ofNode(node.id) !== null))
    .map((node) => ({ numbers: numbersOf(node.recipe), reward: node.status === "failed" ? null : model.shrunkScore(node.id) }));
  points.set(model, found);
  return found;
}
