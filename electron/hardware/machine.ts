import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import si from "systeminformation";
import type { DoctorReport } from "../contract/index.js";

const gibibyte = 1024 ** 3;
/** Below this a run of a small model may not finish: adapters, splits and journals of a few dozen nodes. */
export const leastFreeDiskBytes = 2 * gibibyte;

/** Space on the disk that holds `home`, which need not exist yet. */
export async function readDisk(home: string): Promise<DoctorReport["disk"]> {
  let place = path.resolve(home);
  while (!existsSync(place) && path.dirname(place) !== place) place = path.dirname(place);
  try {
    const disk = await statfs(place);
    const freeBytes = disk.bavail * disk.bsize;
    const reason = freeBytes < leastFreeDiskBytes
      ? `Only ${(freeBytes / gibibyte).toFixed(1)} GB are free where runs are kept; a run may stop for lack of space.`
      : "There is enough space for runs.";
    return { path: home, freeBytes, totalBytes: disk.blocks * disk.bsize, reason };
  } catch (error) {
    return { path: home, freeBytes: 0, totalBytes: 0, reason: `The disk that holds ${home} cannot be read: ${(error as Error).message}.` };
  }
}

/** Memory that a new program may take; on Linux the kernel's own estimate, which counts caches it can drop. */
export function readMemory(): DoctorReport["memory"] {
  return { totalBytes: os.totalmem(), freeBytes: os.freemem() };
}

export async function readCpu(isa: string): Promise<DoctorReport["cpu"]> {
  const cpu = await si.cpu();
  const logicalCores = os.availableParallelism();
  const model = os.cpus()[0]?.model.trim() ?? [cpu.manufacturer, cpu.brand].join(" ").trim();
  return { model: model === "" ? "unknown processor" : model, physicalCores: Math.min(cpu.physicalCores || logicalCores, logicalCores), logicalCores, isa };
}

/**
 * Names of graphics cards as the system lists them, for when nvidia-smi has nothing to say. Asked once only: polling
 * this is slow on some systems, and its memory sizes are not to be trusted.
 */
export async function listCardNames(): Promise<readonly string[]> {
  const graphics = await si.graphics();
  return graphics.controllers
    .map((controller) => (controller.model === "" ? controller.vendor : controller.model).trim())
    .filter((name) => name !== "" && !/basic (render|display)|virtual|vmware|virtio|qxl|bochs|cirrus|hyper-v|llvmpipe|aspeed|matrox/i.test(name))
    .map((name) => name.slice(0, 120));
}

export function isNvidia(name: string): boolean {
  return /nvidia|geforce|quadro|\brtx\b|tesla/i.test(name);
}
