import { createHousePlanner } from "../../agents/index.js";
import type { Planner } from "../../contract/index.js";
import {
  createAsha, createCmaEs, createGreedy, createGridSearch, createOurs, createPlainMcts, createRandomSearch, createSequential, createTpe, evenPlanner, type BenchPlanner, type PolicyFactory, type Scenario,
} from "../../tree/index.js";

export const oursName = "ours";
/** Rows of ours that are no rivals: what it is without its planner, and with other planners. */
export const variantNames = ["ours without planner", "language model alone", "house + language model"] as const;
export const modelRows = ["language model alone", "house + language model"] as const;

/** A planner as the simulator asks it. A decision costs what it took, or what the scenario says where that is more. */
export function benchPlanner(planner: Planner, agentSeconds: Scenario["agentSeconds"], signal: AbortSignal): BenchPlanner {
  return {
    seconds: ({ decidedBy, spent }) => Math.max(spent.seconds, decidedBy === "language-model" ? agentSeconds.languageModel : agentSeconds.house),
    propose: (context, random) => planner.propose(context, random, signal),
    diagnose: async (context) => (await planner.diagnose(context, signal)).insight,
  };
}

/** In the order of the table. */
export function rulePolicies(agentSeconds: Scenario["agentSeconds"], signal: AbortSignal): Readonly<Record<string, PolicyFactory>> {
  const house = (): BenchPlanner => benchPlanner(createHousePlanner(), agentSeconds, signal);
  return {
    [oursName]: () => createOurs(oursName, house()),
    "ours without planner": () => createOurs("ours without planner", evenPlanner),
    random: createRandomSearch,
    grid: createGridSearch,
    TPE: createTpe,
    "CMA-ES": createCmaEs,
    ASHA: createAsha,
    // The tree searches have the planner that ours has, as theirs have a language model.
    greedy: () => createGreedy(house()),
    sequential: () => createSequential(house()),
    "plain MCTS": () => createPlainMcts(house()),
  };
}
