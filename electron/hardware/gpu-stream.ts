import { spawn, type ChildProcess } from "node:child_process";
import { measure } from "./gpu-query.js";

/** One line of the lasting nvidia-smi; null where the card does not tell. */
export interface GpuSample {
  readonly atMs: number;
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly utilization: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
}

export interface GpuStream {
  subscribe(listener: (sample: GpuSample) => void): () => void;
  dispose(): void;
}

const streamFields = "memory.used,memory.total,utilization.gpu,temperature.gpu,power.draw";
const mebibyte = 1024 * 1024;
const mostRestarts = 3;

/** One lasting child for the whole run: starting nvidia-smi anew each second would itself cost power and time. */
export function createGpuStream(options: { nvidiaSmi: string; gpuIndex: number; intervalMs?: number; now?: () => number }): GpuStream {
  const now = options.now ?? (() => performance.now());
  const listeners = new Set<(sample: GpuSample) => void>();
  let child: ChildProcess | null = null;
  let restarts = 0;
  let disposed = false;

  const start = (): void => {
    const args = ["-i", String(options.gpuIndex), `--query-gpu=${streamFields}`, "--format=csv,noheader,nounits", "-lms", String(options.intervalMs ?? 1_000)];
    const started = spawn(options.nvidiaSmi, args, { stdio: ["ignore", "pipe", "ignore"], windowsHide: true });
    child = started;
    let rest = "";
    started.stdout.setEncoding("utf8");
    started.stdout.on("data", (chunk: string) => {
      const lines = (rest + chunk).slice(-65_536).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const sample = parseStreamLine(line, now());
        if (sample !== null) for (const listener of listeners) listener(sample);
      }
    });
    // A driver reset ends nvidia-smi. A few restarts ride over it; a card that stays away is not asked for ever.
    const again = (): void => {
      if (child !== started) return;
      child = null;
      if (disposed || restarts >= mostRestarts) return;
      restarts += 1;
      setTimeout(() => { if (!disposed) start(); }, 2_000).unref();
    };
    started.on("error", again);
    started.on("exit", again);
  };
  start();

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    dispose() {
      disposed = true;
      listeners.clear();
      child?.kill("SIGKILL");
      child = null;
    },
  };
}

export function parseStreamLine(line: string, atMs: number): GpuSample | null {
  const spaced = line.trim().split(", ");
  const cells = spaced.length === 5 ? spaced : line.trim().split(",");
  const [used, total, utilization, temperature, power] = cells.map(measure);
  if (cells.length !== 5 || typeof used !== "number" || typeof total !== "number") return null;
  return { atMs, usedBytes: used * mebibyte, totalBytes: total * mebibyte, utilization: utilization ?? null, temperatureCelsius: temperature ?? null, powerWatts: power ?? null };
}
