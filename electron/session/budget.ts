import { fail, ok, type Result, type RunView, type TreeNode } from "../contract/index.js";
import { mean } from "../stats/index.js";
import { estimateReserveMs } from "../tree/index.js";

const unitMs = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** "90s", "10m", "2h", "1.5h" or a number of seconds, in milliseconds. CONFIG when it is none of these. */
export function parseBudget(budget: string | number): Result<number> {
  if (typeof budget === "number") return Number.isFinite(budget) && budget > 0 ? ok(budget * 1000) : wrongBudget(String(budget));
  const match = /^\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*$/i.exec(budget);
  const amount = Number(match?.[1]);
  if (match === null || !(amount > 0)) return wrongBudget(budget);
  const unit = (match[2] ?? "").toLowerCase();
  return ok(amount * (unit === "m" || unit === "h" ? unitMs[unit] : unitMs.s));
}

function wrongBudget(text: string): Result<never> {
  return fail("CONFIG", "budget.not_understood", `The budget "${text.slice(0, 40)}" is not a length of time.`, "Write it as 90s, 10m or 2h, or as a number of seconds.");
}

/** "2 min 5 s", for sentences. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Items the regression gate asks of each model, at most; only its time is estimated here. */
const regressionItems = 30;

export interface Pace {
  /** Milliseconds to evaluate one item; null before the first evaluation. */
  readonly itemMs: number | null;
  /** Milliseconds of one full training; null before the first one. */
  readonly trainMs: number | null;
  /** Milliseconds a trained node costs from its plan to its verdict. */
  readonly nodeMs: number | null;
}

/** How fast this run goes on this machine, from what its nodes have cost so far. */
export function paceOf(view: RunView): Pace {
  const evaluated = view.nodes.filter((node) => node.score !== null && node.score.n > 0 && node.cost.evalSeconds > 0);
  // A pilot is evaluated too, so a trained node's evaluation seconds are spread over both sets of items.
  const itemTimes = evaluated.map((node) => (node.cost.evalSeconds * 1000) / ((node.score?.n ?? 0) + (node.pilot?.n ?? 0)));
  const trained = view.nodes.filter((node) => node.recipe.training !== null && isFinished(node));
  const whole = trained.filter((node) => node.status === "done");
  return {
    itemMs: itemTimes.length === 0 ? null : mean(itemTimes.slice(-6)),
    trainMs: whole.length === 0 ? null : mean(whole.slice(-6).map((node) => node.cost.trainSeconds * 1000)),
    nodeMs: trained.length === 0 ? null : mean(trained.slice(-6).map((node) => node.cost.totalSeconds * 1000)),
  };
}

/** What the end of the run needs: a finalist with its second seed, the vault for both models, the regression gate, the report. */
export function reserveMs(view: RunView): number {
  return endMs(view, 1);
}

/** The least that the vault and the delivery cost: what finalists may not touch. */
export function vaultMs(view: RunView): number {
  return endMs(view, 0);
}

function endMs(view: RunView, finalists: number): number {
  const { itemMs, trainMs } = paceOf(view);
  const sizes = view.requirement?.splitSizes ?? {};
  return estimateReserveMs({
    finalists, trainMs: trainMs ?? 0, itemMs: itemMs ?? 0, selectItems: sizes["dev-select"] ?? 0, vaultItems: sizes.vault ?? 0,
    regressionMs: 2 * regressionItems * (itemMs ?? 0),
  });
}

/** What the run will have taken when it ends, or null while nothing is known to say so. */
export function forecastMs(view: RunView): number | null {
  const { spentMs, totalMs } = view.budget;
  if (view.finishedAt !== null) return spentMs;
  const { nodeMs } = paceOf(view);
  if (view.requirement === null || nodeMs === null) return null;
  const nodesLeft = Math.max(0, view.requirement.maxNodes - view.nodes.length);
  return Math.max(spentMs, Math.min(totalMs, spentMs + nodesLeft * nodeMs + reserveMs(view)));
}

function isFinished(node: TreeNode): boolean {
  return node.status === "done" || node.status === "pruned";
}
