import { fail, ok, type Result, type RunSummary, type RunView } from "../../contract/index.js";
import { atRest, foldRun, summarizeRun } from "../../session/index.js";
import { isLocked, isRunId, listRuns, readJournal, runPaths } from "../../store/index.js";

/** Runs as they lie on the disk, read without disturbing whoever works on them. */
export interface Archive {
  view(runId: string): Promise<Result<RunView>>;
  list(): Promise<Result<readonly RunSummary[]>>;
  readonly directory: (runId: string) => Result<string>;
}

export function createArchive(home: string): Archive {
  const view = async (runId: string): Promise<Result<RunView>> => {
    const directory = directoryOf(home, runId);
    if (!directory.ok) return directory;
    const journal = await readJournal(runPaths(home, runId).journal);
    if (!journal.ok) return journal.error.code === "store.not_found" ? noSuchRun(home, runId) : journal;
    // A journal that is being made has no record yet that could say whose it is; its folder does.
    const folded = { ...foldRun(journal.value.records), runId };
    const rested = atRest(folded);
    // Only a run in the middle of its work differs from itself at rest, and only then does it matter who holds it.
    return ok(rested !== folded && (await isLocked(directory.value)) ? folded : rested);
  };
  return {
    view,
    async list() {
      const runs = await listRuns(home);
      if (!runs.ok) return runs;
      const views = await Promise.all(runs.value.map(({ runId }) => view(runId)));
      return ok(views.filter((result) => result.ok).map((result) => summarizeRun(result.value)));
    },
    directory: (runId) => directoryOf(home, runId),
  };
}

function directoryOf(home: string, runId: string): Result<string> {
  return isRunId(runId) ? ok(runPaths(home, runId).directory) : fail("CONFIG", "run.bad_id", `${JSON.stringify(runId.slice(0, 80))} is not a run id.`, "trex ls shows the ids.");
}

function noSuchRun(home: string, runId: string): Result<never> {
  return fail("CONFIG", "run.not_found", `There is no run ${runId} in ${home}.`, "trex ls shows the runs; TREX_HOME or --home says where they lie.");
}
