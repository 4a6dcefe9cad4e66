import path from "node:path";
import { ok, taskSchema, type DataProposal, type Result } from "../contract/index.js";
import { countOverlapOfFile, describeDataset, inspectDataset } from "../data/index.js";
import { createDiscovery, defaultDataHomes, type Online } from "../research/index.js";
import type { RunManager } from "./runs/manager.js";

export interface DiscoverySettings {
  readonly dataFolders: readonly string[];
  readonly isOffline: () => boolean;
}

/**
 * Data sets that may serve a task. Overlap is counted against the held-out rows of the newest run on the same data file, where
 * there is one: splits depend on a run's seed, so without a run nothing is held out yet.
 */
export async function discoverData(
  services: { readonly runs: RunManager; readonly online: Online; readonly home: string; readonly environment: Readonly<Record<string, string | undefined>>; readonly settings: DiscoverySettings },
  request: { readonly goal: string; readonly data: string | null; readonly online: boolean }, signal: AbortSignal,
): Promise<Result<DataProposal[]>> {
  const { settings } = services;
  const data = request.data === null || request.data === "" ? null : path.resolve(request.data);
  const runDirectory = data === null ? null : await newestRunOn(services.runs, data);
  const discovery = createDiscovery({
    inspect: inspectDataset, online: services.online, folders: () => settings.dataFolders, homes: () => defaultDataHomes(path.join(services.home, "library", "data"), { ...services.environment }), isOffline: () => settings.isOffline(),
    // The first rows of the file itself may be held out; those of the training split never are.
    async trainingSample(file, stop) {
      const described = await describeDataset(file, taskSchema.shape.splits.parse({}), stop);
      return described.ok ? described.value.trainPreview : null;
    },
    async overlap(file, stop) {
      if (runDirectory === null) return null;
      const counted = await countOverlapOfFile({ runDirectory, path: file }, stop);
      return counted.ok ? counted.value.overlapping : null;
    },
  });
  const found = await discovery.discover({ ...request, data }, signal);
  return found.ok ? ok([...found.value]) : found;
}

async function newestRunOn(runs: RunManager, data: string): Promise<string | null> {
  const list = await runs.list();
  if (!list.ok) return null;
  for (const { runId } of list.value) {
    const view = await runs.view(runId);
    const directory = runs.directory(runId);
    if (view.ok && directory.ok && view.value.requirement !== null && path.resolve(view.value.requirement.dataPath) === data) return directory.value;
  }
  return null;
}
