import type { Planner, PlannerContext, RunView, ThinkingRecord } from "../contract/index.js";
import { noiseNow } from "./pairing.js";
import type { Work } from "./work.js";

/** The planner that decides next: the run's own until its thinking costs more than it earns, then the house planner for good. */
export async function plannerNow(work: Work, budget: PlannerContext["budget"]): Promise<Planner> {
  const { ledger, deps } = work;
  const view = ledger.view();
  if (deps.planner.name === "house-planner" || view.plannerRetired !== null) return view.plannerRetired === null ? deps.planner : deps.housePlanner;
  const { retire, reason } = deps.planner.worth(thinkingOf(view), budget);
  if (!retire) return deps.planner;
  await ledger.append({ type: "planner-retired", reason });
  return deps.housePlanner;
}

/** What each finished experiment cost to think of, and by how much it raised the run's best score. */
export function thinkingOf(view: RunView): ThinkingRecord[] {
  const noise = noiseNow(view);
  let best = Math.max(...[Number.NEGATIVE_INFINITY], ...view.nodes.filter((node) => node.kind === "baseline").map((node) => node.score?.score ?? Number.NEGATIVE_INFINITY));
  return view.nodes.filter((node) => node.kind !== "baseline" && node.finishedAt !== null && node.status !== "cancelled").map((node) => {
    const score = node.status === "done" ? (node.score?.score ?? best) : best;
    const improvement = Math.max(0, score - best);
    best = Math.max(best, score);
    const thinkingMs = node.cost.agentSeconds * 1000;
    // Whoever was asked is paid for, also where the host drew its own choice in the end.
    return { decidedBy: node.decision?.planner.name ?? node.decidedBy, thinkingMs, tokens: node.cost.agentTokens, nodeMs: Math.max(0, node.cost.totalSeconds * 1000 - thinkingMs), improvement, noise };
  });
}
