import type { MoveId } from "../../contract/index.js";
import { createRandom, deriveSeed } from "../../stats/index.js";
import { availableMoves } from "../recipes/moves.js";
import { recipeKey } from "../recipes/recipe-key.js";
import { bestRecipe, moveFactsOf, type BestRecipe } from "./best-recipe.js";
import type { SearchModel } from "./search-model.js";
import type { PolicyNode, PolicyState } from "./state.js";

/** What could be done from a node, before quotas. */
export interface Look {
  /** Moves that lead somewhere new. */
  readonly open: readonly MoveId[];
  /** One for each of them: the numbers that make the most of it, at a glance. */
  readonly best: readonly BestRecipe[];
}

/** Candidates for each open number while only prospects are judged. */
const glance = 6;

const looked = new WeakMap<SearchModel, Map<string, Look>>();
const tried = new WeakMap<SearchModel, ReadonlySet<string>>();

/** A node's menu with its prospects; worked out once for each state. Its draws are its own, so that the order of looking changes nothing. */
export function lookAt(model: SearchModel, state: PolicyState, node: PolicyNode): Look {
  const known = looked.get(model) ?? new Map<string, Look>();
  looked.set(model, known);
  const found = known.get(node.id);
  if (found !== undefined) return found;
  const keys = tried.get(model) ?? new Set(state.nodes.map(({ recipe }) => recipeKey(recipe)));
  tried.set(model, keys);
  const random = createRandom(deriveSeed(state.facts.seed, "look", state.nodes.length, node.id));
  const best = availableMoves(node.recipe, moveFactsOf(state, node), keys).flatMap((move) => bestRecipe(model, state, node, move, glance, random) ?? []);
  const look = { open: best.map(({ move }) => move), best };
  known.set(node.id, look);
  return look;
}
