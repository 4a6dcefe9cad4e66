import { randomBytes } from "node:crypto";
import { access, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { fail, type Result } from "../contract/index.js";
import { codeOf, nodeFileSystem } from "./file-system.js";
import { tryIo } from "./io-failure.js";

export interface RunPaths {
  readonly directory: string;
  readonly task: string;
  readonly journal: string;
  readonly data: string;
  readonly train: string;
  readonly devSearch: string;
  readonly importReport: string;
  /** Readable by the user only; never shown to an agent. */
  readonly sealed: string;
  readonly devSelect: string;
  readonly vault: string;
  readonly nodes: string;
  readonly report: string;
}

export interface NodePaths {
  readonly directory: string;
  readonly recipe: string;
  readonly data: string;
  readonly train: string;
  readonly eval: string;
}

const idPattern = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/i;
const reservedOnWindows = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** Ids become folder names: letters, digits and hyphens only, so that no id can leave the runs folder. */
export const isRunId = (text: string): boolean => idPattern.test(text) && !reservedOnWindows.test(text);

/** Sorts by time and cannot collide: `20261123-0436-9f3a2c`. */
export function newRunId(now: Date): string {
  const [date = "", time = ""] = now.toISOString().split("T");
  return `${date.replaceAll("-", "")}-${time.slice(0, 5).replace(":", "")}-${randomBytes(3).toString("hex")}`;
}

/** @throws RangeError for an id that `isRunId` refuses: it must be checked where it comes in */
export function runPaths(home: string, runId: string): RunPaths {
  if (!isRunId(runId)) throw new RangeError(`not a run id: ${JSON.stringify(runId.slice(0, 80))}`);
  const directory = path.join(home, "runs", runId);
  const data = path.join(directory, "data");
  const sealed = path.join(directory, "vault");
  return {
    directory,
    task: path.join(directory, "task.json"),
    journal: path.join(directory, "journal.jsonl"),
    data,
    train: path.join(data, "train.jsonl"),
    devSearch: path.join(data, "dev-search.jsonl"),
    importReport: path.join(data, "import.json"),
    sealed,
    devSelect: path.join(sealed, "dev-select.jsonl"),
    vault: path.join(sealed, "vault.jsonl"),
    nodes: path.join(directory, "nodes"),
    report: path.join(directory, "report.html"),
  };
}

/** @throws RangeError for a node id that is not a plain name */
export function nodePaths(runDirectory: string, nodeId: string): NodePaths {
  if (!isRunId(nodeId)) throw new RangeError(`not a node id: ${JSON.stringify(nodeId.slice(0, 80))}`);
  const directory = path.join(runDirectory, "nodes", nodeId);
  return { directory, recipe: path.join(directory, "recipe.json"), data: path.join(directory, "data"), train: path.join(directory, "train"), eval: path.join(directory, "eval") };
}

/** Makes a new run's folders; fails when the run is there already. */
export async function createRunFolder(home: string, runId: string): Promise<Result<RunPaths>> {
  if (!isRunId(runId)) return fail("CONFIG", "run.bad_id", `${JSON.stringify(runId.slice(0, 80))} is not a run id.`, "Use letters, digits and hyphens.");
  const paths = runPaths(home, runId);
  const runs = path.dirname(paths.directory);
  const made = await tryIo(`Cannot create ${paths.directory}`, async () => {
    await mkdir(runs, { recursive: true });
    try {
      await mkdir(paths.directory);
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
    await Promise.all([mkdir(paths.data), mkdir(paths.nodes), mkdir(paths.sealed, { mode: 0o700 })]);
    await nodeFileSystem.syncFolder(paths.directory);
    await nodeFileSystem.syncFolder(runs);
    return true;
  });
  if (!made.ok) return made;
  return made.value ? { ok: true, value: paths } : fail("CONFIG", "run.exists", `The run ${runId} is there already.`, "Resume it, or start one under another id.");
}

/** Every folder under `runs` that holds a journal, newest id first. No runs folder means no runs. */
export async function listRuns(home: string): Promise<Result<readonly { readonly runId: string; readonly directory: string }[]>> {
  const runs = path.join(home, "runs");
  return tryIo(`Cannot list ${runs}`, async () => {
    const names = await readdir(runs).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    });
    const found = await Promise.all(
      names.filter(isRunId).map(async (runId) => {
        const paths = runPaths(home, runId);
        const there = await access(paths.journal).then(() => true, () => false);
        return there ? [{ runId, directory: paths.directory }] : [];
      }),
    );
    return found.flat().sort((left, right) => (left.runId < right.runId ? 1 : -1));
  });
}
