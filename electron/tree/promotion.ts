import type { Estimate, Verdict } from "../contract/index.js";
import { pairedGain, standardError } from "../stats/index.js";

export interface Promotion {
  readonly promote: boolean;
  /** Candidate minus incumbent on the same items. */
  readonly gain: Estimate;
  /** One plain sentence. */
  readonly reason: string;
}

/** A stop needs no third digit of the interval's end. */
const pilotResamples = 2000;

/**
 * From pilot to full: stop when the pilot is surely worse than the incumbent's pilot on the same items, that is when the
 * upper end of the paired interval is below zero (reliability.md 5). A doubtful pilot goes on: a rung orders nodes only roughly.
 * @param candidate and incumbent: one score an item, in the same order
 */
export function decidePromotion(request: { readonly candidate: readonly number[]; readonly incumbent: readonly number[]; readonly seed: number }): Promotion {
  const gain = pairedGain(request.incumbent, request.candidate, request.seed, pilotResamples);
  if (gain.n === 0) return { promote: true, gain, reason: "There is no pilot to compare with." };
  const [low, high] = gain.ci;
  const interval = `${gain.score.toFixed(3)} (95 % interval ${low.toFixed(3)} to ${high.toFixed(3)}, ${gain.n} items)`;
  if (high < 0) return { promote: false, gain, reason: `The pilot is surely worse than the incumbent: ${interval}.` };
  return { promote: true, gain, reason: `The pilot is not surely worse than the incumbent: ${interval}.` };
}

/**
 * What a finished node's score says against the prompted base: a gain counts from `gainSigmas` standard errors of the
 * paired difference up, and is worse from as many down; between lies noise (autoresearch #560, trex.md 5).
 */
export function judgeNode(request: { readonly base: readonly number[]; readonly candidate: readonly number[]; readonly gainSigmas: number }): Extract<Verdict, "gain" | "within-noise" | "worse"> {
  const differences = request.candidate.map((score, index) => score - (request.base[index] ?? Number.NaN));
  const gain = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
  const noise = request.gainSigmas * standardError(differences);
  if (gain > 0 && gain >= noise) return "gain";
  return gain < 0 && -gain >= noise ? "worse" : "within-noise";
}
