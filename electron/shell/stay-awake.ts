import { powerSaveBlocker } from "electron";
import type { RunManager } from "../app/index.js";

/** The computer may dim its screen during a run, but must not fall asleep under it. */
export function stayAwakeDuringRuns(runs: Pick<RunManager, "watchBusy">): () => void {
  let blocker: number | null = null;
  const release = (): void => {
    if (blocker !== null) powerSaveBlocker.stop(blocker);
    blocker = null;
  };
  const unwatch = runs.watchBusy((busy) => {
    if (!busy) { release(); return; }
    blocker ??= powerSaveBlocker.start("prevent-app-suspension");
  });
  return () => {
    unwatch();
    release();
  };
}
