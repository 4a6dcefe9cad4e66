import { useCallback } from "react";
import type { SteeringAction } from "../../contract.js";
import { useAction } from "../../store/use-action.js";
import { useApp } from "../../store/use-app.js";
import type { Problem } from "../../store/loadable.js";

export interface Steer {
  /** Gives whether the host took the step. */
  readonly send: (action: SteeringAction) => Promise<boolean>;
  readonly busy: boolean;
  readonly problem: Problem | null;
}

export function useSteer(runId: string): Steer {
  const steer = useApp((state) => state.steer);
  const { run, busy, problem } = useAction();
  const send = useCallback((action: SteeringAction) => run(() => steer(runId, action)), [run, steer, runId]);
  return { send, busy, problem };
}
