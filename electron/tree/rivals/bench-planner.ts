import { median } from "../../stats/index.js";
import type { DiagnosisContext, PlannerContext, Proposal } from "../../contract/index.js";
import type { PolicyState } from "../policy/index.js";
import { keyOf } from "./trees/change-recipe.js";
import { diagnosisContext } from "./planner-context.js";
import type { SearchView } from "./policy.js";

/** Who proposes the moves. Handed in: planners live above this folder. */
export interface BenchPlanner {
  propose(context: PlannerContext, random: () => number): Promise<Proposal> | Proposal;
  /** One line on a finished node, which later contexts carry. */
  diagnose?(context: DiagnosisContext): Promise<string> | string;
  /** The machine's time for this decision. */
  seconds(proposal: Proposal): number;
}

/** A planner's lines on finished nodes, by node id, kept up with the run. */
export function createInsights(planner: BenchPlanner | null): (view: SearchView, state: PolicyState) => Promise<ReadonlyMap<string, string>> {
  const insights = new Map<string, string>();
  let diagnosed = 0;
  return async (view, state) => {
    const fresh = view.observations.slice(diagnosed);
    diagnosed = view.observations.length;
    for (const observation of fresh) {
      const context = planner?.diagnose === undefined ? null : diagnosisContext(state, observation);
      if (context !== null) insights.set(observation.id, (await planner?.diagnose?.(context)) ?? "");
    }
    return insights;
  };
}

/** A pilot and its full training are one experiment. */
export function budgetOf(view: SearchView): PolicyState["budget"] {
  const costs = new Map<string, number>();
  for (const each of view.observations) {
    if (each.kind === "baseline") continue;
    const key = `${each.parent ?? ""} ${keyOf(each.recipe)}`;
    costs.set(key, (costs.get(key) ?? 0) + each.costMs);
  }
  const nodeMs = costs.size === 0 ? 1 : Math.max(1, median([...costs.values()]));
  return { remainingMs: view.remainingMs, nodeMs, nodesLeft: Math.floor(view.remainingMs / nodeMs) };
}

/** A planner that knows nothing: three moves of the menu, each as likely. What is left is what the host does by itself. */
export const evenPlanner: BenchPlanner = {
  seconds: () => 0,
  propose: (context, random) => {
    const left = [...context.menu];
    const drawn = Array.from({ length: Math.min(3, left.length) }, () => left.splice(Math.floor(random() * left.length), 1)).flat();
    return {
      direction: { axis: "optimization", why: "" }, candidates: drawn.map((move) => ({ move, probability: 1 / drawn.length, hypothesis: "" })), numbers: {}, evidence: ["rule"], prompts: [], promptCharacters: 0,
      decidedBy: "host", fallbackReason: null, spent: { seconds: 0, tokens: 0 },
    };
  },
};
