import { median } from "../../stats/index.js";

export interface BudgetPlan {
  readonly remainingMs: number;
  /** Kept for finalists, the vault, the regression gate and the report. */
  readonly reserveMs: number;
  /** What one more node is expected to cost. */
  readonly nodeMs: number;
  readonly nodesLeft: number;
  readonly canAffordNode: boolean;
  /** Expected wall clock of the whole run when all of `nodesLeft` are run; never above what is already certain to be spent or the budget. */
  readonly forecastMs: number;
  /** One plain sentence. */
  readonly reason: string;
}

/** Times vary: what must happen after the search is given so much room. */
const safety = 1.25;
const reportMs = 2000;

/** Time to keep back for what ends a run: second seeds and scores of the finalists, the vault for two models, the gate, the report. */
export function estimateReserveMs(request: {
  readonly finalists: number;
  /** Full training of one finalist, for its second seed; 0 when no second seed is trained. */
  readonly trainMs: number;
  readonly itemMs: number;
  readonly selectItems: number;
  readonly vaultItems: number;
  readonly regressionMs: number;
}): number {
  const scored = 2 * request.finalists * request.selectItems + 2 * request.vaultItems;
  return Math.ceil(safety * (request.finalists * request.trainMs + scored * request.itemMs + request.regressionMs) + reportMs);
}

/**
 * Can another node be paid for while the end of the run stays paid? A node is taken to cost the median of those so far
 * (a mean would be ruled by the one that hung), or `firstNodeMs` before there is any.
 */
export function planBudget(request: {
  readonly totalMs: number;
  readonly spentMs: number;
  /** Wall clock of each finished experiment, agents included. Baselines cost something else and do not belong here. */
  readonly nodeCostsMs: readonly number[];
  readonly firstNodeMs: number;
  readonly reserveMs: number;
  /** Experiments still allowed by the task's maximum. */
  readonly nodesAllowed: number;
}): BudgetPlan {
  const remainingMs = Math.max(0, request.totalMs - request.spentMs);
  const nodeMs = Math.max(1, request.nodeCostsMs.length > 0 ? median(request.nodeCostsMs) : request.firstNodeMs);
  const nodesLeft = Math.max(0, Math.min(request.nodesAllowed, Math.floor((remainingMs - request.reserveMs) / nodeMs)));
  const expected = request.spentMs + nodesLeft * nodeMs + request.reserveMs;
  const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
  const reason =
    nodesLeft > 0
      ? `${seconds(remainingMs)} left; about ${nodesLeft} more nodes of ${seconds(nodeMs)} with ${seconds(request.reserveMs)} kept for the end.`
      : request.nodesAllowed <= 0
        ? "The run has all the nodes it may have."
        : `${seconds(remainingMs)} left: not enough for a node of ${seconds(nodeMs)} and ${seconds(request.reserveMs)} for the end.`;
  return { remainingMs, reserveMs: request.reserveMs, nodeMs, nodesLeft, canAffordNode: nodesLeft > 0, forecastMs: Math.max(request.spentMs, Math.min(request.totalMs, expected)), reason };
}
