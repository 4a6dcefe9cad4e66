import os from "node:os";
import type { Holder, MemorySample } from "../contract/index.js";
import type { GpuSample, GpuStream } from "./gpu-stream.js";
import { residentBytes } from "./resident-memory.js";

export interface Telemetry {
  subscribe(listener: (sample: MemorySample) => void): () => void;
  dispose(): void;
}

export interface TelemetryOptions {
  /** The card's readings when the work is done there; null measures RAM. */
  readonly gpu: GpuStream | null;
  readonly holder: () => Holder;
  readonly trainerPids: () => readonly number[];
  readonly llamaBytes: () => Promise<number>;
  readonly intervalMs?: number;
  readonly now?: () => number;
}

/** Readings of the memory that training competes for, about one a second, as long as somebody listens. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const start = (options.now ?? (() => performance.now()))();
  const now = (): number => Math.round((options.now ?? (() => performance.now()))() - start);
  const listeners = new Set<(sample: MemorySample) => void>();
  const tell = (sample: MemorySample): void => { for (const listener of listeners) listener(sample); };
  const stop = options.gpu === null ? pollRam(options, now, tell, () => listeners.size > 0) : followCard(options.gpu, options.holder, now, tell);
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    dispose() {
      listeners.clear();
      stop();
    },
  };
}

/** Outside Linux the process list is slow to get, so it is asked less often. */
const ramIntervalMs = process.platform === "linux" ? 1_000 : 5_000;

function pollRam(options: TelemetryOptions, now: () => number, tell: (sample: MemorySample) => void, wanted: () => boolean): () => void {
  let reading = false;
  const timer = setInterval(() => {
    if (reading || !wanted()) return;
    reading = true;
    readRam(options, now()).then(tell).finally(() => { reading = false; }).catch(() => undefined);
  }, options.intervalMs ?? ramIntervalMs);
  timer.unref();
  return () => { clearInterval(timer); };
}

/** The llama worker serves agents and evaluation, trex-train trains and scores: the lease tells whose bytes they are. */
async function readRam({ holder, trainerPids, llamaBytes }: TelemetryOptions, atMs: number): Promise<MemorySample> {
  const [trainer, llama] = await Promise.all([residentBytes(trainerPids()), llamaBytes()]);
  const evaluating = holder() === "evaluator";
  const totalBytes = os.totalmem();
  const free = Math.min(os.freemem(), totalBytes);
  return {
    atMs, kind: "ram", totalBytes,
    bytes: {
      desktop: Math.max(0, totalBytes - free - trainer - llama),
      agent: evaluating ? 0 : llama,
      trainer: evaluating ? 0 : trainer,
      evaluator: evaluating ? llama + trainer : 0,
      free,
    },
    powerWatts: null, temperatureCelsius: null, utilization: null,
  };
}

/**
 * Windows hides which process holds which video memory, so the card's total is split by what is known: what was in use
 * while no tenant held a lease is the desktop's, and what came on top since belongs to the holder.
 */
function followCard(stream: GpuStream, holder: () => Holder, now: () => number, tell: (sample: MemorySample) => void): () => void {
  let desktopBytes: number | null = null;
  return stream.subscribe((sample) => {
    const who = holder();
    if (who === "free" || desktopBytes === null) desktopBytes = sample.usedBytes;
    tell(cardSample(sample, who, Math.min(desktopBytes, sample.usedBytes), now()));
  });
}

function cardSample(sample: GpuSample, holder: Holder, desktop: number, atMs: number): MemorySample {
  const bytes = { desktop, agent: 0, trainer: 0, evaluator: 0, free: Math.max(0, sample.totalBytes - sample.usedBytes) };
  const ours = sample.usedBytes - desktop;
  if (holder === "agent" || holder === "trainer" || holder === "evaluator") bytes[holder] = ours;
  else bytes.desktop += ours;
  return {
    atMs, kind: "vram", totalBytes: sample.totalBytes, bytes,
    powerWatts: sample.powerWatts, temperatureCelsius: sample.temperatureCelsius, utilization: sample.utilization,
  };
}
