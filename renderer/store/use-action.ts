import { useCallback, useState } from "react";
import type { Answer, Problem } from "./loadable.js";

export interface Action {
  /** Gives whether it worked. */
  readonly run: (start: () => Promise<Answer<unknown>>) => Promise<boolean>;
  readonly busy: boolean;
  /** What the host said the last time it refused; gone with the next try. */
  readonly problem: Problem | null;
}

/** A command with its two states on the screen: under way, and refused. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = useCallback(async (start: () => Promise<Answer<unknown>>): Promise<boolean> => {
    setBusy(true);
    setProblem(null);
    const answer = await start();
    setBusy(false);
    if (!answer.ok) setProblem(answer.error);
    return answer.ok;
  }, []);
  return { run, busy, problem };
}
