import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { beginningOf, dataFiles, type Allowance, type FoundFile } from "./files.js";

/** A folder of data sets that is not one of the user's own. */
export interface DataHome {
  readonly origin: "library" | "hf-cache";
  readonly path: string;
}

/** Our library's data folder, and the Hugging Face cache where its variables say (HF_HUB_CACHE, then HF_HOME/hub, then the default). */
export function defaultDataHomes(libraryFolder: string | null, environment: NodeJS.ProcessEnv = process.env, home: string = homedir()): DataHome[] {
  const cache = environment.HF_HUB_CACHE ?? (environment.HF_HOME === undefined ? join(home, ".cache", "huggingface", "hub") : join(environment.HF_HOME, "hub"));
  return [...(libraryFolder === null ? [] : [{ origin: "library" as const, path: libraryFolder }]), { origin: "hf-cache", path: cache }];
}

export interface CachedDataset {
  /** "organisation/name", as the hub calls it. */
  readonly id: string;
  readonly folder: string;
  readonly files: readonly FoundFile[];
}

const commitShape = /^[0-9a-f]{40}$/u;
const mostDatasets = 200;
const mostFiles = 400;

/**
 * Data sets in a Hugging Face cache: datasets--organisation--name/snapshots/<commit>, whose files are links into blobs/ of
 * the same cache (https://huggingface.co/docs/huggingface_hub/guides/manage-cache). One snapshot each: the one that
 * refs/main names, else the newest. Nothing is written, and a link out of the cache is no file.
 * @param root the cache's own real path
 */
export async function* cachedDatasets(root: string, allowance: Allowance): AsyncGenerator<CachedDataset> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name.startsWith("datasets--")).map(({ name }) => name).sort().slice(0, mostDatasets);
  for (const name of folders) {
    if (allowance.signal.aborted || allowance.entriesLeft < 0) return;
    const parts = name.slice("datasets--".length).split("--");
    if (parts.length > 2 || !parts.every((part) => /^[\w.-]{1,96}$/u.test(part) && part !== "." && part !== "..")) continue;
    const snapshots = join(root, name, "snapshots");
    const commit = await currentCommit(join(root, name), snapshots, root);
    if (commit === null) continue;
    const files: FoundFile[] = [];
    for await (const file of dataFiles(join(snapshots, commit), root, allowance)) if (files.push(file) >= mostFiles) break;
    yield { id: parts.join("/"), folder: join(snapshots, commit), files };
  }
}

async function currentCommit(repository: string, snapshots: string, root: string): Promise<string | null> {
  const entries = await readdir(snapshots, { withFileTypes: true }).catch(() => []);
  const commits = entries.filter((entry) => entry.isDirectory() && commitShape.test(entry.name)).map(({ name }) => name).sort().slice(0, 50);
  const named = (await beginningOf(join(repository, "refs", "main"), root, 64))?.trim();
  if (named !== undefined && commits.includes(named)) return named;
  const dated = await Promise.all(commits.map(async (commit) => ({ commit, changed: (await stat(join(snapshots, commit)).catch(() => null))?.mtimeMs ?? 0 })));
  return dated.sort((left, right) => right.changed - left.changed || (left.commit < right.commit ? -1 : 1))[0]?.commit ?? null;
}
