import type { DoctorReport } from "../contract/index.js";
import { runBounded, type BoundedOutcome } from "./bounded-process.js";
import { parseGpuQuery, queryArguments, queryFields, type GpuReading, type QueryField } from "./gpu-query.js";

export interface GpuProbe {
  readonly status: DoctorReport["gpuProbe"]["status"];
  readonly message: string;
  readonly elapsedMs: number;
  readonly gpus: readonly GpuReading[];
}

/** The oldest driver that CUDA 12 programs with a statically linked runtime run on (525.60.13 Linux, 527.41 Windows). */
export const oldestDriverMajor = 525;
const timeoutMs = 5_000;

/** The program to ask: an explicit path, else `NVIDIA_SMI`, else whatever PATH has. */
export function nvidiaSmiPath(environment: Readonly<Record<string, string | undefined>>, explicit?: string): string {
  const chosen = explicit ?? environment.NVIDIA_SMI;
  return chosen === undefined || chosen === "" ? "nvidia-smi" : chosen;
}

/**
 * Asks nvidia-smi once, or twice when the driver is too old to know one of the columns. Never takes much longer than
 * five seconds, whatever the driver does.
 */
export async function probeGpus(options: { nvidiaSmi: string; otherNvidiaName?: () => Promise<string | null>; timeoutMs?: number }): Promise<GpuProbe> {
  const limitMs = options.timeoutMs ?? timeoutMs;
  const first = await ask(options.nvidiaSmi, queryFields, limitMs);
  if (first.kind !== "unknown-field") return await finish(first, options.otherNvidiaName);
  const fields = queryFields.filter((field) => field !== "compute_cap");
  const second = await ask(options.nvidiaSmi, fields, Math.max(1, limitMs - first.elapsedMs));
  const elapsedMs = first.elapsedMs + second.elapsedMs;
  return await finish({ ...second, elapsedMs }, options.otherNvidiaName);
}

type Answer =
  | { readonly kind: "cards"; readonly gpus: readonly GpuReading[]; readonly elapsedMs: number }
  | { readonly kind: "unknown-field"; readonly elapsedMs: number }
  | { readonly kind: "silent"; readonly outcome: BoundedOutcome; readonly elapsedMs: number };

async function ask(nvidiaSmi: string, fields: readonly QueryField[], limitMs: number): Promise<Answer> {
  const outcome = await runBounded(nvidiaSmi, queryArguments(fields), limitMs);
  const { elapsedMs } = outcome;
  if (outcome.kind !== "ended") return { kind: "silent", outcome, elapsedMs };
  const gpus = outcome.exitCode === 0 ? parseGpuQuery(outcome.stdout, fields) : null;
  if (gpus !== null) return { kind: "cards", gpus, elapsedMs };
  if (/is not a valid field/i.test(outcome.stdout + outcome.stderr)) return { kind: "unknown-field", elapsedMs };
  return { kind: "silent", outcome, elapsedMs };
}

async function finish(answer: Answer, otherNvidiaName: (() => Promise<string | null>) | undefined): Promise<GpuProbe> {
  const { elapsedMs } = answer;
  if (answer.kind === "cards") return judgeDriver(answer.gpus, elapsedMs);
  const none = { elapsedMs, gpus: [] };
  if (answer.kind === "unknown-field") {
    return { ...none, status: "driver-too-old", message: `The NVIDIA driver is too old: it does not know the questions asked. Install driver ${oldestDriverMajor} or newer.` };
  }
  const { outcome } = answer;
  switch (outcome.kind) {
    case "not-found": {
      const name = await otherNvidiaName?.() ?? null;
      return name === null
        ? { ...none, status: "no-gpu", message: "No NVIDIA card was found (nvidia-smi is not installed)." }
        : { ...none, status: "no-driver", message: `There is an NVIDIA card (${name}), but its driver is not installed. Install NVIDIA's driver ${oldestDriverMajor} or newer and start again.` };
    }
    case "timed-out":
      return { ...none, status: "timed-out", message: `nvidia-smi did not answer within ${(elapsedMs / 1000).toFixed(0)} seconds, so the card is left alone. The driver may hang; restarting the computer usually helps.` };
    case "cannot-start":
      return { ...none, status: "failed", message: `nvidia-smi could not be started: ${outcome.reason}.` };
    case "ended":
      return { ...none, ...explain(outcome) };
  }
}

function judgeDriver(gpus: readonly GpuReading[], elapsedMs: number): GpuProbe {
  const driver = gpus[0]?.driverVersion ?? "";
  const count = gpus.length === 1 ? "one NVIDIA card" : `${gpus.length} NVIDIA cards`;
  return driverIsOld(driver)
    ? { status: "driver-too-old", message: `Found ${count}, but driver ${driver} is too old. Install driver ${oldestDriverMajor} or newer.`, elapsedMs, gpus }
    : { status: "ok", message: `Found ${count}, driver ${driver}.`, elapsedMs, gpus };
}

/** An unreadable version is not held against the card. */
export function driverIsOld(driverVersion: string): boolean {
  const major = Number(/^(\d+)/.exec(driverVersion)?.[1] ?? Number.NaN);
  return Number.isFinite(major) && major < oldestDriverMajor;
}

function explain({ stdout, stderr, exitCode }: { stdout: string; stderr: string; exitCode: number | null }): Pick<GpuProbe, "status" | "message"> {
  const text = `${stdout}\n${stderr}`;
  if (/no devices were found/i.test(text)) return { status: "no-gpu", message: "The NVIDIA driver is installed but sees no card." };
  if (/version mismatch/i.test(text)) return { status: "failed", message: "The NVIDIA driver was updated while the system ran and its parts do not fit together. Restart the computer." };
  if (/couldn't communicate|failed to initialize nvml: driver not loaded/i.test(text)) {
    return { status: "no-driver", message: "nvidia-smi is installed, but the NVIDIA driver is not running. Install or repair the driver and restart." };
  }
  if (/gpu is lost|unknown error|fallen off the bus/i.test(text)) return { status: "failed", message: "The driver lost contact with the card. Restart the computer; if it happens again, check its power supply and seating." };
  const line = text.split(/\r?\n/).map((part) => part.trim()).find((part) => part !== "")?.slice(0, 120) ?? "nothing";
  return { status: "failed", message: `nvidia-smi answered something that cannot be read (exit code ${exitCode ?? "unknown"}: ${JSON.stringify(line)}), so the card is left alone.` };
}
