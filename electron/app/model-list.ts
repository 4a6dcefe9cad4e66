import { stat } from "node:fs/promises";
import path from "node:path";
import type { ChannelResponse } from "../contract/index.js";
import { defaultHomes, discoverModels } from "../models/index.js";
import type { TrainClient } from "../train/index.js";

type Listed = ChannelResponse<"models.list">[number];

const mostModels = 200;

/** The GGUF files on this computer, each with whether it can be fine-tuned; trex-train is asked once per file and change. */
export function createModelList(train: Pick<TrainClient, "info">): (folders: readonly string[], signal: AbortSignal) => Promise<readonly Listed[]> {
  const known = new Map<string, Pick<Listed, "architecture" | "supported" | "reason">>();

  return async (folders, signal) => {
    const found = await discoverModels({ homes: defaultHomes(folders) }, signal);
    const listed: Listed[] = [];
    for (const model of found.slice(0, mostModels)) {
      if (signal.aborted) break;
      const file = await stat(model.path).catch(() => null);
      if (file === null) continue;
      const key = `${path.resolve(model.path)} ${file.size} ${file.mtimeMs}`;
      const facts = known.get(key) ?? (await judge(train, model.path, signal));
      known.set(key, facts);
      listed.push({ path: model.path, name: model.name, sizeBytes: model.sizeBytes, source: model.source, ...facts });
    }
    return listed;
  };
}

async function judge(train: Pick<TrainClient, "info">, file: string, signal: AbortSignal): Promise<Pick<Listed, "architecture" | "supported" | "reason">> {
  const info = await train.info(file, signal);
  if (!info.ok) return { architecture: null, supported: false, reason: info.error.message };
  const { architecture, supported, unsupportedReason } = info.value;
  return { architecture, supported, reason: supported ? "Can be fine-tuned." : (unsupportedReason ?? "This kind of model cannot be fine-tuned yet.") };
}
