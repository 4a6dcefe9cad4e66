import { moves, type Proposal } from "../../contract/index.js";
import type { Preparation } from "./state.js";

const mostCandidates = 3;

/**
 * The proposal of a planner that knows nothing but the outlook: the moves most likely to bring something for what they
 * cost. It stands in where there is no planner (simulator, benchmarks), and is the control a planner has to beat.
 */
export function proposeByOutlook(preparation: Preparation): Proposal {
  const worth = preparation.outlook.map((outlook) => ({ outlook, worth: (outlook.feasible * Math.max(0, outlook.expectedGain + outlook.standardDeviation)) / Math.max(1, outlook.costMs) }));
  const best = worth.sort((left, right) => right.worth - left.worth).slice(0, mostCandidates);
  const total = best.reduce((sum, each) => sum + each.worth, 0);
  const first = best[0];
  return {
    direction: { axis: first === undefined ? "optimization" : moves[first.outlook.move].axis, why: "The search's own model expects most of it for its cost." },
    candidates: best.map((each) => ({
      move: each.outlook.move, probability: total > 0 ? each.worth / total : 1 / best.length,
      hypothesis: `${moves[each.outlook.move].title}: a change of ${each.outlook.expectedGain.toFixed(3)} is expected, give or take ${each.outlook.standardDeviation.toFixed(3)}.`,
    })),
    numbers: {}, evidence: ["rule"], prompts: [], promptCharacters: 0, decidedBy: "host", fallbackReason: null, spent: { seconds: 0, tokens: 0 },
  };
}
