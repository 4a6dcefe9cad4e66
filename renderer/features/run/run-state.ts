import { assertNever, type RunStatus, type RunView } from "../../contract.js";
import type { IconName } from "../../ui/icon.js";
import type { Tone } from "../../ui/tone.js";

export interface RunState {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly label: string;
  /** Somebody is working on it right now. */
  readonly active: boolean;
  readonly canPause: boolean;
  readonly canResume: boolean;
  readonly canStop: boolean;
  /** The search may still grow, now or when it is resumed. */
  readonly canSteer: boolean;
}

const working = (label: string, canSteer: boolean): RunState => ({ tone: "info", icon: "running", label, active: true, canPause: true, canResume: false, canStop: true, canSteer });

export function runState(status: RunStatus): RunState {
  switch (status) {
    case "preparing":
      return working("Preparing", true);
    case "searching":
      return working("Searching", true);
    case "finalists":
      return working("Comparing finalists", false);
    case "vault":
      return working("Final test", false);
    case "done":
      return { tone: "gain", icon: "check", label: "Done", active: false, canPause: false, canResume: false, canStop: false, canSteer: false };
    case "paused":
      return { tone: "warn", icon: "pause", label: "Paused", active: false, canPause: false, canResume: true, canStop: false, canSteer: true };
    case "interrupted":
      return { tone: "warn", icon: "alert", label: "Interrupted", active: false, canPause: false, canResume: true, canStop: false, canSteer: true };
    case "stopped":
      return { tone: "quiet", icon: "stop", label: "Stopped", active: false, canPause: false, canResume: true, canStop: false, canSteer: true };
    case "failed":
      return { tone: "bad", icon: "alert", label: "Failed", active: false, canPause: false, canResume: true, canStop: false, canSteer: false };
    default:
      return assertNever(status);
  }
}

export interface BudgetShares {
  /** 0..1 of the budget. */
  readonly spent: number;
  /** 0..1 of the budget that is expected to be spent in all; at least what is spent. */
  readonly forecast: number;
  readonly spentMs: number;
}

/** Between two views the clock runs on while the run works; it never runs past the budget on its own. */
export function budgetShares(budget: RunView["budget"], active: boolean, receivedAtMs: number, nowMs: number): BudgetShares {
  const runOn = active ? Math.max(0, nowMs - receivedAtMs) : 0;
  const spentMs = Math.max(budget.spentMs, Math.min(budget.spentMs + runOn, budget.totalMs));
  const share = (ms: number): number => (budget.totalMs > 0 ? Math.min(1, Math.max(0, ms / budget.totalMs)) : 0);
  return { spent: share(spentMs), forecast: Math.max(share(spentMs), share(budget.forecastMs ?? 0)), spentMs };
}

/** The delivered experiment, else the best so far. When the base is kept, the best experiment stays the best one tried. */
export const bestNodeIdOf = (view: Pick<RunView, "delivery" | "bestNodeId">): string | null =>
  view.delivery === null || view.delivery.kind === "base" ? view.bestNodeId : view.delivery.nodeId;

/** What the inspector shows when nobody has chosen: what runs now, else the best, else the first. */
export function focusNodeId(view: RunView): string | null {
  const delivered = view.delivery?.nodeId ?? null;
  const running = view.nodes.findLast((node) => node.status === "running")?.id ?? null;
  return running ?? delivered ?? view.bestNodeId ?? view.nodes[0]?.id ?? null;
}
