import type { RunView } from "../../contract.js";
import { scoreOf } from "./node-state.js";

/** One scale for all whiskers of a run, so that cards can be compared by eye. */
export interface ScoreScale {
  readonly low: number;
  readonly high: number;
  /** 0..1 from left to right (or bottom to top). */
  readonly at: (score: number) => number;
  readonly baseline: number | null;
  /** Scores in here cannot be told from the prompted base model's; null before the noise floor is measured. */
  readonly noiseBand: readonly [number, number] | null;
}

export function scoreScale(view: Pick<RunView, "nodes" | "baselineNodeId" | "noiseFloor" | "requirement">): ScoreScale | null {
  const ends = view.nodes.flatMap((node) => scoreOf(node)?.estimate.ci ?? []);
  if (ends.length === 0) return null;
  const baselineNode = view.nodes.find((node) => node.id === view.baselineNodeId);
  const baseline = baselineNode === undefined ? null : (scoreOf(baselineNode)?.estimate.score ?? null);
  const noiseBand = noiseBandOf(baseline, view.noiseFloor, view.requirement?.gainSigmas ?? 2);
  const all = noiseBand === null ? ends : [...ends, ...noiseBand];
  const least = Math.min(...all);
  const most = Math.max(...all);
  const margin = most > least ? (most - least) * 0.06 : Math.max(Math.abs(most) * 0.05, 0.01);
  const isRate = view.requirement?.metric !== "perplexity";
  const low = isRate ? Math.max(0, least - margin) : least - margin;
  const high = isRate ? Math.min(1, most + margin) : most + margin;
  const span = high > low ? high - low : 1;
  return { low, high, at: (score) => Math.min(1, Math.max(0, (score - low) / span)), baseline, noiseBand };
}

function noiseBandOf(baseline: number | null, noiseFloor: number | null, sigmas: number): readonly [number, number] | null {
  if (baseline === null || noiseFloor === null || noiseFloor <= 0) return null;
  return [baseline - sigmas * noiseFloor, baseline + sigmas * noiseFloor];
}

/** Round values inside the scale for axis labels: steps of 1, 2 or 5 times a power of ten. */
export function roundTicks(low: number, high: number, wanted: number): readonly number[] {
  const span = high - low;
  if (!(span > 0)) return [];
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
