import { moveIds } from "../../contract/index.js";
import { applyMove } from "../recipes/apply-move.js";
import { numbersOfMove } from "../recipes/moves.js";
import { recipeKey } from "../recipes/recipe-key.js";
import { moveFactsOf } from "./best-recipe.js";
import { isExperiment } from "./search-node.js";
import type { PolicyNode, PolicyState } from "./state.js";

/**
 * Where two branches meet: by node id the nodes that a move from there leads to but that hang elsewhere, because another
 * branch came to the same recipe first. Such a recipe is never run twice; what it showed counts for both parents. Only moves
 * without numbers: with numbers, equal recipes do not come about by chance.
 */
export function transpositionsOf(state: PolicyState): ReadonlyMap<string, readonly string[]> {
  const nodes = state.nodes.filter((node) => node.status !== "cancelled" && isExperiment(node));
  const byKey = new Map<string, PolicyNode>();
  for (const node of nodes) if (!byKey.has(recipeKey(node.recipe))) byKey.set(recipeKey(node.recipe), node);
  const parentOf = new Map(state.nodes.map((node) => [node.id, node.parent]));
  const isAbove = (id: string, below: PolicyNode): boolean => {
    for (let at: string | null = below.id; at !== null; at = parentOf.get(at) ?? null) if (at === id) return true;
    return false;
  };
  // A recipe that no node came to by some move is not found by that move either.
  const used = moveIds.filter((move) => numbersOfMove(move).length === 0 && nodes.some((node) => node.move === move));
  const met = new Map<string, string[]>();
  for (const from of state.nodes) {
    if (from.status !== "done") continue;
    const facts = moveFactsOf(state, from);
    for (const move of used) {
      const to = byKey.get(recipeKey(applyMove(from.recipe, move, {}, facts)));
      if (to === undefined || to.parent === from.id || isAbove(to.id, from) || met.get(from.id)?.includes(to.id) === true) continue;
      met.set(from.id, [...(met.get(from.id) ?? []), to.id]);
    }
  }
  return met;
}
