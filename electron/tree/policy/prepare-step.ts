import type { MoveId, MoveOutlook } from "../../contract/index.js";
import { isBacktrack } from "./backtrack.js";
import type { BestRecipe } from "./best-recipe.js";
import { lookAt } from "./look.js";
import { quotaMenu } from "./quota.js";
import { searchModel, triesOf, type SearchModel } from "./search-model.js";
import { isExperiment } from "./search-node.js";
import { selectNode, shrunkNodes } from "./select-node.js";
import type { PolicyNode, PolicyState, Preparation } from "./state.js";

/** Nodes whose menus are looked at before one is chosen: looking costs time, and the rest trails by UCT. */
const mostShortlisted = 3;

/** First half of a step: where to grow and what could be done there. Null when nothing is left to try. */
export function prepareStep(state: PolicyState, random: () => number): Preparation | null {
  const model = searchModel(state);
  const axes = state.nodes.filter(isExperiment).map((node) => node.axis);
  const menuOf = (node: PolicyNode): MoveId[] => {
    const { open } = lookAt(model, state, node);
    return open.length > 0 ? quotaMenu(open, axes) : [];
  };
  const prospectOf = (node: PolicyNode): number | null => {
    const menu = menuOf(node);
    return menu.length === 0 ? null : Math.max(...lookAt(model, state, node).best.filter(({ move }) => menu.includes(move)).map(({ outcome }) => outcome.worth));
  };
  const selection = selectNode(state, model, mostShortlisted, prospectOf, random);
  if (selection === null) return null;
  const parent = selection.node;
  const { open, best } = lookAt(model, state, parent);
  const menu = menuOf(parent);
  return {
    parent, selection: { reason: selection.reason, considered: selection.considered }, reopened: selection.reopened,
    backtracked: isBacktrack(shrunkNodes(state, model), parent.id), menu, open,
    outlook: menu.map((move) => outlookOf(model, state, parent, move, best)),
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
