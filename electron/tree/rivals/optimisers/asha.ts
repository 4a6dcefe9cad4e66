import type { Recipe } from "../../../contract/index.js";
import { recipeKey } from "../../recipes/recipe-key.js";
import { askFor, type Ask, type Observation, type Policy } from "../policy.js";
import { drawPoint, recipeAt } from "./space.js";

/** eta = 4 (Li et al., arXiv 1810.05934): a quarter of each rung goes on to four times the training. */
const eta = 4;
const rungs = [{ fraction: 1 / 16, itemShare: 0.25 }, { fraction: 1 / 4, itemShare: 0.5 }, { fraction: 1, itemShare: 1 }] as const;

interface Entry {
  readonly recipe: Recipe;
  readonly observation: Observation;
  promoted: boolean;
}

/**
 * Asynchronous successive halving with one worker. A promoted training goes on from where its rung ended, so that only
 * the rest is paid: the best case for it, since a schedule that is drawn out would have to start anew.
 */
export function createAsha(): Policy {
  const finished: Entry[][] = rungs.map(() => []);
  const drawn = new Set<string>();
  let asked: { readonly ask: Ask; readonly rung: number } | null = null;
  return {
    name: "ASHA",
    ask(view) {
      const promotion = nextPromotion(finished);
      if (promotion !== null) {
        promotion.entry.promoted = true;
        const rung = rungs[promotion.to];
        if (rung !== undefined) {
          asked = { rung: promotion.to, ask: askFor(promotion.entry.recipe, { ...rung, resume: promotion.entry.observation.id }) };
          return asked.ask;
        }
      }
      let recipe = recipeAt(drawPoint(view.random, view.facts), view.facts);
      // An untrained prompt has no shorter version of itself: it is measured whole, once.
      for (let attempt = 0; attempt < 20 && drawn.has(recipeKey(recipe)); attempt += 1) recipe = recipeAt(drawPoint(view.random, view.facts), view.facts);
      drawn.add(recipeKey(recipe));
      asked = recipe.training === null ? { rung: rungs.length - 1, ask: askFor(recipe) } : { rung: 0, ask: askFor(recipe, rungs[0]) };
      return asked.ask;
    },
    tell(observation) {
      if (asked !== null) finished[asked.rung]?.push({ recipe: asked.ask.recipe, observation, promoted: false });
      asked = null;
    },
  };
}

/** From the highest rung down: a training among the best quarter of its rung that was not promoted yet. */
function nextPromotion(finished: readonly (readonly Entry[])[]): { readonly entry: Entry; readonly to: number } | null {
  for (let rung = finished.length - 2; rung >= 0; rung -= 1) {
    const entries = finished[rung] ?? [];
    const scored = entries.filter(({ observation }) => observation.score !== null).sort((left, right) => (right.observation.score ?? 0) - (left.observation.score ?? 0));
    const entry = scored.slice(0, Math.floor(entries.length / eta)).find((each) => !each.promoted);
    if (entry !== undefined) return { entry, to: rung + 1 };
  }
  return null;
}
