import type { DoctorReport, Result } from "../contract/index.js";
import { decideBackends, judgeCards, type TrainerCuda } from "./backends.js";
import { findGraphicsLibraries } from "./libraries.js";
import { findLlamaBinaries } from "./llama-binaries.js";
import { isNvidia, leastFreeDiskBytes, listCardNames, readCpu, readDisk, readMemory } from "./machine.js";
import { nvidiaSmiPath, probeGpus, type GpuProbe } from "./probe.js";

/** What the doctor needs to know of trex-train; `app/` asks the trainer and hands the answer in. */
export interface TrainerAnswer {
  readonly version: string;
  readonly isa: { readonly used: string };
  readonly threads: { readonly physical: number };
  readonly cuda: TrainerCuda;
}

export interface DoctorOptions {
  readonly home: string;
  readonly trainer: () => Promise<Result<TrainerAnswer>>;
  readonly electronBinary: () => string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nvidiaSmi?: string;
  readonly timeoutMs?: number;
}

/** Looks at the machine once, in a few seconds at most, and says in plain words what will be used and why. */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  let cardNames: Promise<readonly string[]> | null = null;
  const names = (): Promise<readonly string[]> => (cardNames ??= listCardNames());
  const [probe, trainerAnswer, disk] = await Promise.all([
    probeGpus({
      nvidiaSmi: nvidiaSmiPath(options.environment, options.nvidiaSmi),
      otherNvidiaName: async () => (await names()).find(isNvidia) ?? null,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    }),
    options.trainer(),
    readDisk(options.home),
  ]);
  const binaries = findLlamaBinaries();
  const answer = trainerAnswer.ok ? trainerAnswer.value : null;
  const cpu = await readCpu(answer?.isa.used ?? process.arch);
  const backends = decideBackends({
    platform: process.platform, arch: process.arch, probe, trainerCuda: answer?.cuda ?? null,
    libraries: findGraphicsLibraries(process.platform, options.environment), binaries,
    otherCards: probe.status === "no-gpu" ? (await names()).filter((name) => !isNvidia(name)) : [],
  });
  const electron = options.electronBinary();
  const report = {
    gpus: [...judgeCards(probe, backends)],
    gpuProbe: { status: probe.status, message: probe.message, elapsedMs: probe.elapsedMs },
    backends,
    cpu: answer === null ? cpu : { ...cpu, physicalCores: answer.threads.physical },
    memory: readMemory(),
    disk,
    trainer: trainerAnswer.ok
      ? { found: true, version: trainerAnswer.value.version, message: `trex-train ${trainerAnswer.value.version} is here and answers.` }
      : { found: false, version: null, message: [trainerAnswer.error.message, trainerAnswer.error.hint].join(" ").trim() },
    llama: describeLlama(binaries),
    electron: electron === null
      ? { found: false, message: "Electron's binary is not here; the app opens in the browser instead (trex serve)." }
      : { found: true, message: "Electron's binary is here; npm start opens the app in its own window." },
  };
  const ok = report.trainer.found && report.llama.found && disk.freeBytes > 0;
  return { ok, ...report, advice: [...advise(report, probe)] };
}

function describeLlama(binaries: ReturnType<typeof findLlamaBinaries>): DoctorReport["llama"] {
  const { version } = binaries;
  if (version === null) return { found: false, version: null, message: "node-llama-cpp is not installed. Run npm ci." };
  const flavours = (["cpu", "vulkan", "cuda", "metal"] as const).filter((name) => binaries[name]);
  return flavours.length === 0
    ? { found: false, version, message: `node-llama-cpp ${version} has no binary for ${process.platform}-${process.arch}. Install it again on this computer (npm ci).` }
    : { found: true, version, message: `node-llama-cpp ${version} is here with binaries for: ${flavours.join(", ")}.` };
}

function advise(report: Omit<DoctorReport, "ok" | "advice">, probe: GpuProbe): readonly string[] {
  const advice: string[] = [];
  if (!report.trainer.found) advice.push("Build the trainer: npm run bootstrap.");
  if (!report.llama.found) advice.push("Install the packages again: npm ci.");
  if (probe.status !== "ok" && probe.status !== "no-gpu") advice.push(probe.message);
  if (report.disk.freeBytes < leastFreeDiskBytes) advice.push(`Free some space, or set TREX_HOME to a folder on a larger disk (now ${report.disk.path}).`);
  if (report.backends.trainer.use === "cpu") advice.push("Training runs on the processor: choose a small model (up to about a billion parameters) and expect minutes to hours.");
  return advice;
}
