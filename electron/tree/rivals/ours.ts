import { deriveSeed } from "../../stats/index.js";
import { chooseFinalists, decideRung, decideStep, prepareStep, proposeByOutlook, shouldStop, type PolicyState } from "../policy/index.js";
import { budgetOf, createInsights, type BenchPlanner } from "./bench-planner.js";
import { plannerContext } from "./planner-context.js";
import type { Ask, Observation, Policy } from "./policy.js";
import { policyState } from "./policy-state.js";

/** A pilot's share of the training and of the items: those of session/rungs.ts. */
export const pilotFraction = 0.3;
export const pilotItemShare = 0.4;
/** As the session has it. */
const stopOptions = { target: null, minimumNodes: 8, patience: 16 } as const;
/** Proposals that lead nowhere new before the search is over. */
const mostEmptySteps = 8;

/**
 * This app's policy in a simulated run: the very functions that a real run calls.
 * @param planner null: the host's outlook alone proposes
 * @param priors what a task or its cards say beforehand; none in simulated runs, whose problems no card speaks of
 */
export function createOurs(name: string, planner: BenchPlanner | null, priors: PolicyState["priors"] = []): Policy {
  let pilot: { readonly ask: Ask; readonly seed: number } | null = null;
  const insightsOf = createInsights(planner);

  return {
    name,
    tell: () => undefined,
    finalists: chooseFinalists,
    async ask(view) {
      const state = policyState(view.facts, view.observations, budgetOf(view), priors);
      const last = view.observations.at(-1);
      if (pilot !== null && last !== undefined) {
        const { ask, seed } = pilot;
        pilot = null;
        if (last.status === "done") {
          const others = incumbents(view.observations.slice(0, -1));
          // The first pilot has nothing to be compared with.
          const goesOn = others.length === 0 || decideRung(stateWithout(state, last), { recipe: ask.recipe, parentId: ask.parent, axis: ask.axis, pilot: { candidate: last.scores, incumbents: others }, seed }).next === "full";
          if (goesOn) return { ...ask, fraction: 1, itemShare: 1, decisionMs: 0 };
        }
      }
      const insights = await insightsOf(view, state);
      if (shouldStop(state, stopOptions).stop) return null;
      for (let attempt = 0; attempt < mostEmptySteps; attempt += 1) {
        const preparation = prepareStep(state, view.random);
        if (preparation === null) return null;
        const proposal = planner === null || attempt >= mostEmptySteps / 2 ? proposeByOutlook(preparation) : await planner.propose(plannerContext(view, state, preparation, insights), view.random);
        const decision = decideStep(state, preparation, proposal, view.random);
        if (decision === null) continue;
        const seed = deriveSeed(view.facts.seed, "rung", view.observations.length);
        const { next } = decideRung(state, { recipe: decision.recipe, parentId: preparation.parent.id, axis: decision.axis, pilot: null, seed });
        const ask: Ask = {
          recipe: decision.recipe, parent: preparation.parent.id, move: decision.move, axis: decision.axis, resume: null, decisionMs: planner === null ? 0 : 1000 * planner.seconds(proposal),
          fraction: next === "pilot" ? pilotFraction : 1, itemShare: next === "pilot" ? pilotItemShare : 1,
        };
        if (next === "pilot") pilot = { ask, seed };
        return ask;
      }
      return null;
    },
  };
}

/** While a node waits for its full training, its pilot is not a node of its own. */
const stateWithout = (state: PolicyState, observation: Observation): PolicyState => ({ ...state, nodes: state.nodes.filter((node) => node.id !== observation.id) });

function incumbents(observations: readonly Observation[]): { nodeId: string; scores: readonly number[] }[] {
  return observations.filter((each) => each.fraction < 1 && each.status === "done").map((each) => {
    const full = observations.find((other) => other.fraction === 1 && other.parent === each.parent && other.recipe === each.recipe);
    return { nodeId: full?.id ?? each.id, scores: each.scores };
  });
}

