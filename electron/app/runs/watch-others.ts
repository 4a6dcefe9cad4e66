import { stat } from "node:fs/promises";
import { listRuns, runPaths } from "../../store/index.js";
import type { PushMessage } from "../push-hub.js";
import type { Archive } from "./archive.js";

const intervalMs = 2_000;
/** Only recent runs can be worked on by somebody else; older ones are read when they are opened. */
const runsWatched = 20;

/** Lets open pages see runs that another process works on (`trex run` in a terminal): its journal grows, so it is read again. */
export function watchOtherRuns(options: { home: string; archive: Pick<Archive, "view">; isOwn: (runId: string) => boolean; push: (message: PushMessage) => void; intervalMs?: number }): () => void {
  let seen: ReadonlyMap<string, string> | null = null;
  let looking = false;

  const look = async (): Promise<void> => {
    const now = await stampJournals(options.home);
    const before = seen;
    seen = now;
    if (before === null) return;
    const changed = [...now].filter(([runId, stamp]) => before.get(runId) !== stamp && !options.isOwn(runId)).map(([runId]) => runId);
    for (const runId of changed) {
      const view = await options.archive.view(runId);
      if (view.ok && !options.isOwn(runId)) options.push({ type: "run", view: view.value });
    }
    if (changed.some((runId) => !before.has(runId))) options.push({ type: "runs-changed" });
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => { looking = false; });
  }, options.intervalMs ?? intervalMs);
  return () => { clearInterval(timer); };
}

async function stampJournals(home: string): Promise<ReadonlyMap<string, string>> {
  const runs = await listRuns(home);
  if (!runs.ok) return new Map();
  const stamps = await Promise.all(runs.value.slice(0, runsWatched).map(async ({ runId }) => {
    const file = await stat(runPaths(home, runId).journal).catch(() => null);
    return [runId, file === null ? "" : `${file.size} ${file.mtimeMs}`] as const;
  }));
  return new Map(stamps);
}
