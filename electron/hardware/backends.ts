import type { DoctorReport, Gpu } from "../contract/index.js";
import type { GraphicsLibraries } from "./libraries.js";
import type { LlamaBinaries } from "./llama-binaries.js";
import { driverIsOld, oldestDriverMajor, type GpuProbe } from "./probe.js";

export interface TrainerCuda {
  readonly compiled: boolean;
  readonly available: boolean;
  readonly reason: string;
}

export interface BackendFacts {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly probe: GpuProbe;
  /** null: trex-train was not found or did not answer. */
  readonly trainerCuda: TrainerCuda | null;
  readonly libraries: GraphicsLibraries;
  readonly binaries: LlamaBinaries;
  /** Names of cards that are not NVIDIA's; those can only serve the agents, through Vulkan. */
  readonly otherCards: readonly string[];
}

type Backends = DoctorReport["backends"];

/** Who computes where, and why, in one plain sentence each. The app follows these decisions; they are not guesses. */
export function decideBackends(facts: BackendFacts): Backends {
  return { trainer: decideTrainer(facts), agent: decideAgent(facts) };
}

function decideTrainer({ probe, trainerCuda }: BackendFacts): Backends["trainer"] {
  if (trainerCuda === null) return { use: "cpu", reason: "trex-train did not answer, so its back ends are unknown." };
  if (!trainerCuda.compiled) {
    const card = probe.gpus.length > 0 ? " although there is a card" : "";
    return { use: "cpu", reason: `Training uses the processor${card}: this build of trex-train has no CUDA kernels yet.` };
  }
  if (probe.status !== "ok") return { use: "cpu", reason: `Training uses the processor: ${lowerFirst(probe.message)}` };
  if (!trainerCuda.available) return { use: "cpu", reason: `Training uses the processor: ${trainerCuda.reason}` };
  return { use: "cuda", reason: `Training uses ${bestCard(probe.gpus)?.name ?? "the card"} through CUDA.` };
}

function decideAgent({ platform, arch, probe, libraries, binaries, otherCards }: BackendFacts): Backends["agent"] {
  if (platform === "darwin" && arch === "arm64" && binaries.metal) return { use: "metal", reason: "The agents and the evaluation use Apple's Metal." };
  const card = probe.status === "ok" ? bestCard(probe.gpus)?.name : undefined;
  if (card !== undefined && libraries.cudaRuntime && binaries.cuda) {
    return { use: "cuda", reason: `The agents and the evaluation use ${card} through CUDA; its runtime libraries (cudart, cuBLAS) are installed on this computer.` };
  }
  const named = card ?? (probe.gpus.length === 0 && probe.status === "no-gpu" ? otherCards[0] : undefined);
  if (named !== undefined && libraries.vulkan && binaries.vulkan) {
    const why = card === undefined ? "" : "; CUDA would need NVIDIA's cudart and cuBLAS libraries, which are not bundled and were not found";
    return { use: "vulkan", reason: `The agents and the evaluation use ${named} through Vulkan${why}.` };
  }
  if (named !== undefined) {
    const missing = binaries.vulkan ? "the Vulkan loader is not installed (it comes with the graphics driver)" : "llama.cpp's Vulkan binary is not installed";
    return { use: "cpu", reason: `The agents and the evaluation use the processor: ${missing}.` };
  }
  return { use: "cpu", reason: `The agents and the evaluation use the processor: ${lowerFirst(probe.message)}` };
}

/**
 * Each card with the sentence on why it will or will not be used. `usable` speaks of the card and its driver; whether
 * anything of this installation computes on it now is in the sentence.
 */
export function judgeCards(probe: GpuProbe, backends: Backends): readonly Gpu[] {
  const best = bestCard(probe.gpus);
  return probe.gpus.map(({ index, name, driverVersion, computeCapability, totalBytes, freeBytes }) => {
    const gpu = { index, name, driverVersion, computeCapability, totalBytes, freeBytes };
    if (driverIsOld(gpu.driverVersion)) {
      return { ...gpu, usable: false, reason: `Driver ${gpu.driverVersion} is too old; install driver ${oldestDriverMajor} or newer to use this card.` };
    }
    const tenants = [backends.trainer.use === "cuda" ? "training" : null, backends.agent.use === "cpu" ? null : "the agents and the evaluation"].filter((tenant) => tenant !== null);
    if (tenants.length === 0) return { ...gpu, usable: true, reason: `The card and its driver are fine, but nothing uses it yet. ${backends.agent.reason}` };
    if (gpu.index !== best?.index) return { ...gpu, usable: true, reason: `Can be used, but one card works at a time and card ${best?.index ?? 0} has more free memory.` };
    return { ...gpu, usable: true, reason: `Used by ${tenants.join(" and by ")}${backends.trainer.use === "cuda" ? "" : "; training uses the processor in this build"}.` };
  });
}

/** The card with the most free memory; the first of equals. */
export function bestCard<Card extends { readonly freeBytes: number }>(gpus: readonly Card[]): Card | null {
  return gpus.reduce<Card | null>((best, gpu) => (best === null || gpu.freeBytes > best.freeBytes ? gpu : best), null);
}

function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence;
}
