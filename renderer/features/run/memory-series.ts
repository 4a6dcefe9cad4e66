import { holders, type Holder, type MemorySample } from "../../contract.js";

/** Bottom to top: what the user's own programs hold lies lowest, because it is not ours to move. */
export const stackOrder = ["desktop", "agent", "evaluator", "trainer"] as const satisfies readonly Holder[];

export const holderWords: Readonly<Record<Holder, { label: string; hint: string }>> = {
  desktop: { label: "Other programs", hint: "Held by the system and your other programs" },
  agent: { label: "Agent", hint: "The language model that plans" },
  trainer: { label: "Trainer", hint: "The training process" },
  evaluator: { label: "Scoring", hint: "The model being scored" },
  free: { label: "Free", hint: "Nobody holds it" },
};

export interface MemoryStack {
  readonly kind: MemorySample["kind"];
  readonly totalBytes: number;
  readonly latest: MemorySample;
  /** Seconds since the first reading, always rising: a resumed run's new clock is put behind the old one's end. */
  readonly seconds: readonly number[];
  /** Cumulative upper edges in `stackOrder`, in bytes. */
  readonly edges: readonly (readonly number[])[];
}

export function stackMemory(samples: readonly MemorySample[]): MemoryStack | null {
  const latest = samples.at(-1);
  if (latest === undefined) return null;
  const seconds: number[] = [];
  let offset = -(samples[0]?.atMs ?? 0);
  let before = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    if (sample.atMs + offset <= before) offset = before + 1000 - sample.atMs;
    before = sample.atMs + offset;
    seconds.push(before / 1000);
  }
  const edges = stackOrder.map((_, top) => samples.map((sample) => stackOrder.slice(0, top + 1).reduce((sum, holder) => sum + sample.bytes[holder], 0)));
  return { kind: latest.kind, totalBytes: latest.totalBytes, latest, seconds, edges };
}

export const allHolders = holders;
