import type { MoveId, MoveOutlook } from "../../contract/index.js";
import { availableMoves } from "../recipes/moves.js";
import { recipeKey } from "../recipes/recipe-key.js";
import { bestRecipe, moveFactsOf, type BestRecipe } from "./best-recipe.js";
import { quotaMenu } from "./quota.js";
import { searchModel, triesOf, type SearchModel } from "./search-model.js";
import { isExperiment } from "./search-node.js";
import { isBacktrack } from "./backtrack.js";
import { selectNode, shrunkNodes, type Growable } from "./select-node.js";
import type { PolicyNode, PolicyState, Preparation } from "./state.js";

/** Nodes whose menus are looked at before one is chosen: looking costs time, and the rest trails by UCT. */
const mostShortlisted = 4;
/** Candidate numbers a move gets while only its prospects are judged. */
const glance = 6;

/** First half of a step: where to grow and what could be done there. Null when nothing is left to try. */
export function prepareStep(state: PolicyState, random: () => number): Preparation | null {
  const model = searchModel(state);
  const tried = new Set(state.nodes.map((node) => recipeKey(node.recipe)));
  const axes = state.nodes.filter(isExperiment).map((node) => node.axis);
  const looked = new Map<string, { open: readonly MoveId[]; menu: readonly MoveId[]; best: readonly BestRecipe[] }>();
  const look = (node: PolicyNode): Growable["prospect"] => {
    const open = availableMoves(node.recipe, moveFactsOf(state, node), tried);
    const best = open.flatMap((move) => bestRecipe(model, state, node, move, glance, random) ?? []);
    const leading = best.map(({ move }) => move);
    const menu = leading.length > 0 ? quotaMenu(leading, axes) : [];
    looked.set(node.id, { open: leading, menu, best });
    return menu.length === 0 ? null : Math.max(...best.filter(({ move }) => menu.includes(move)).map(({ outcome }) => outcome.worth));
  };
  const selection = selectNode(state, model, mostShortlisted, look, random);
  const found = selection === null ? undefined : looked.get(selection.node.id);
  if (selection === null || found === undefined) return null;
  const parent = selection.node;
  return {
    parent, selection: { reason: selection.reason, considered: selection.considered }, reopened: selection.reopened,
    backtracked: isBacktrack(shrunkNodes(state, model), parent.id), menu: found.menu, open: found.open,
    outlook: found.menu.map((move) => outlookOf(model, state, parent, move, found.best)),
  };
}

function outlookOf(model: SearchModel, state: PolicyState, parent: PolicyNode, move: MoveId, best: readonly BestRecipe[]): MoveOutlook {
  const found = best.find((each) => each.move === move);
  const before = model.ofNode(parent.id) ?? model.predict(parent.recipe);
  if (found === undefined) return { move, expectedGain: 0, standardDeviation: state.noise, tries: triesOf(state, move), feasible: 1, costMs: state.budget.nodeMs };
  const { prediction, feasible, costMs } = found.outcome;
  const deviation = Math.sqrt(Math.max(0, prediction.variance + before.variance - 2 * model.surrogate.covariance(prediction, before)));
  const mean = prediction.mean + model.priors.gainOf(move, parent.conditions) / (1 + triesOf(state, move));
  const at = model.scale.toScore(before.mean);
  return {
    move, expectedGain: model.scale.toScore(mean) - at, standardDeviation: (model.scale.toScore(before.mean + deviation) - model.scale.toScore(before.mean - deviation)) / 2,
    tries: triesOf(state, move), feasible, costMs,
  };
}
