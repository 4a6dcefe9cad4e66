import { moves, type MoveId, type Recipe } from "../../../contract/index.js";
import { randomNormal } from "../../../stats/index.js";
import { fromUnit, roundField, toUnit } from "../../numbers/unit-scale.js";
import { sampleCandidate } from "../../policy/sample.js";
import { applyMove, type MoveFacts } from "../../recipes/apply-move.js";
import type { Numbers, RecipeFacts } from "../../recipes/facts.js";
import { defaultTraining } from "../../recipes/initial-recipe.js";
import { availableMoves, boundsOfMove, numbersOfMove } from "../../recipes/moves.js";
import { budgetOf, createInsights, type BenchPlanner } from "../bench-planner.js";
import { keyOf } from "./change-recipe.js";
import { drawFrom } from "../draw.js";
import { plannerContext } from "../planner-context.js";
import { askFor, type Ask, type Observation, type SearchView } from "../policy.js";
import { policyState } from "../policy-state.js";

/** What a language model changes a number by: about a factor of three of a learning rate, a fifth of any range. */
const spread = 0.18;
const mostAttempts = 8;

/** The operators that tree searches share: how an experiment is changed by one move, and how a fresh one begins. */
export interface Mover {
  /** One atomic change of an experiment's recipe; null where nothing new came of several tries. */
  improve(view: SearchView, parent: Observation): Promise<Ask | null>;
  /** A fresh start: the default recipe with one to three changes that do not look at what was tried. */
  draft(view: SearchView): Ask;
}

/**
 * @param planner proposes the moves, as a language model does in the systems that these rivals come from; it is told what
 *   it is told in our own search, except for the outlook, which is our search's own. null: any move, as likely.
 */
export function createMover(planner: BenchPlanner | null): Mover {
  const insightsOf = createInsights(planner);

  const propose = async (view: SearchView, parent: Observation, menu: readonly MoveId[]): Promise<{ move: MoveId; numbers: Numbers; ms: number }> => {
    if (planner === null) return { move: drawFrom(menu, view.random), numbers: {}, ms: 0 };
    const state = policyState(view.facts, view.observations, budgetOf(view));
    const insights = await insightsOf(view, state);
    const node = state.nodes.find((each) => each.id === parent.id);
    if (node === undefined) throw new Error(`${parent.id} is not a node of this run`);
    const outlook = menu.map((move) => ({ move, expectedGain: 0, standardDeviation: state.noise, tries: state.nodes.filter((each) => each.move === move).length, feasible: 1, costMs: state.budget.nodeMs }));
    const preparation = { parent: node, selection: { reason: "", considered: [] }, reopened: false, backtracked: false, menu, open: menu, outlook };
    const proposal = await planner.propose(plannerContext(view, state, preparation, insights), view.random);
    return { move: sampleCandidate(proposal.candidates, view.random).move, numbers: proposal.numbers, ms: 1000 * planner.seconds(proposal) };
  };

  return {
    async improve(view, parent) {
      const facts = factsFor(view.facts, parent);
      const tried = new Set(view.observations.map((each) => keyOf(each.recipe)));
      let menu = availableMoves(parent.recipe, facts, tried);
      let spentMs = 0;
      for (let attempt = 0; attempt < mostAttempts && menu.length > 0; attempt += 1) {
        const { move, numbers, ms } = await propose(view, parent, menu);
        spentMs += ms;
        const recipe = applyMove(parent.recipe, move, { ...stepNumbers(move, parent.recipe, view), ...numbers }, facts);
        if (!tried.has(keyOf(recipe))) return askFor(recipe, { parent: parent.id, move, axis: moves[move].axis, decisionMs: spentMs });
        menu = menu.filter((each) => each !== move);
      }
      return null;
    },
    draft(view) {
      const first = view.observations.find((each) => each.kind === "draft");
      let recipe: Recipe | null = first?.recipe ?? null;
      if (recipe === null) throw new Error("every run begins with the default recipe");
      for (let left = 1 + Math.floor(3 * view.random()); left > 0; left -= 1) {
        const facts = factsFor(view.facts, null);
        const menu = availableMoves(recipe, facts, new Set());
        if (menu.length === 0) break;
        const move = drawFrom(menu, view.random);
        recipe = applyMove(recipe, move, stepNumbers(move, recipe, view), facts);
      }
      return askFor(recipe);
    },
  };
}

const factsFor = (facts: RecipeFacts, parent: Observation | null): MoveFacts => ({
  ...facts,
  parent: parent === null ? null : { nodeId: parent.id, hasAdapter: parent.recipe.training !== null && parent.status === "done" && parent.fraction === 1, spectra: parent.spectra },
});

function stepNumbers(move: MoveId, parent: Recipe, view: SearchView): Numbers {
  const training = parent.training ?? defaultTraining(view.facts);
  return Object.fromEntries(numbersOfMove(move).map((field) => {
    const bounds = boundsOfMove(move, field, parent, view.facts.constraints.mostRank);
    const [low, high] = [toUnit(field, bounds.minimum), toUnit(field, bounds.maximum)];
    const unit = Math.min(high, Math.max(low, toUnit(field, training[field]) + spread * randomNormal(view.random)));
    return [field, roundField(field, fromUnit(field, unit), bounds)];
  }));
}
