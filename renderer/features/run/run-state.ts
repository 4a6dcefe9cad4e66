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
}

const working = (label: string): RunState => ({ tone: "info", icon: "running", label, active: true, canPause: true, canResume: false, canStop: true });

export function runState(status: RunStatus): RunState {
  switch (status) {
    case "preparing":
      return working("Preparing");
    case "searching":
      return working("Searching");
    case "finalists":
      return working("Comparing finalists");
    case "vault":
      return working("Final test");
    case "done":
      return { tone: "gain", icon: "check", label: "Done", active: false, canPause: false, canResume: false, canStop: false };
    case "paused":
      return { tone: "warn", icon: "pause", label: "Paused", active: false, canPause: false, canResume: true, canStop: false };
    case "interrupted":
      return { tone: "warn", icon: "alert", label: "Interrupted", active: false, canPause: false, canResume: true, canStop: false };
    case "stopped":
      return { tone: "quiet", icon: "stop", label: "Stopped", active: false, canPause: false, canResume: true, canStop: false };
    case "failed":
      return { tone: "bad", icon: "alert", label: "Failed", active: false, canPause: false, canResume: true, canStop: false };
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

/** What the inspector shows when nobody has chosen: what runs now, else the best, else the first. */
export function focusNodeId(view: RunView): string | null {
  const delivered = view.delivery?.nodeId ?? null;
  const running = view.nodes.findLast((node) => node.status === "running")?.id ?? null;
  return running ?? delivered ?? view.bestNodeId ?? view.nodes[0]?.id ?? null;
}
