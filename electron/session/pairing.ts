import { deriveSeed, pairedGain, standardError } from "../stats/index.js";
import type { Estimate, ItemScore, RunView } from "../contract/index.js";

export interface Comparison {
  /** Mean difference, candidate minus reference, with its interval. */
  readonly gain: Estimate;
  /** Standard error of that mean difference. */
  readonly standardError: number;
}

/** Scores of the items both sides answered, in the candidate's order. */
export function pairScores(reference: readonly ItemScore[], candidate: readonly ItemScore[]): { reference: number[]; candidate: number[] } {
  const known = new Map(reference.map((item) => [item.id, item.score]));
  const pairs = candidate.flatMap((item) => {
    const score = known.get(item.id);
    return score === undefined ? [] : [{ reference: score, candidate: item.score }];
  });
  return { reference: pairs.map((pair) => pair.reference), candidate: pairs.map((pair) => pair.candidate) };
}

/** Paired comparison over the items both sides share; null when they share none. */
export function comparePaired(reference: readonly ItemScore[], candidate: readonly ItemScore[], seed: number): Comparison | null {
  const pairs = pairScores(reference, candidate);
  if (pairs.candidate.length === 0) return null;
  const differences = pairs.candidate.map((score, index) => score - (pairs.reference[index] ?? 0));
  return { gain: pairedGain(pairs.reference, pairs.candidate, deriveSeed(seed, "paired")), standardError: differences.length < 2 ? 0 : standardError(differences) };
}

/**
 * Noise of one score, in the metric's unit. A model that gets all or nothing right shows no spread, yet its score is
 * still uncertain: then the interval's half width says how much.
 */
export function noiseOf(scores: readonly number[], estimate: Estimate): number {
  const spread = scores.length < 2 ? 0 : standardError(scores);
  return spread > 0 ? spread : errorWithin(estimate);
}

/**
 * Noise the search has to reckon with now. A base that gets nothing right has little noise of its own, and a model
 * halfway up has much more: the larger of the two counts.
 */
export function noiseNow(view: RunView): number {
  const best = view.nodes.find((node) => node.id === view.bestNodeId)?.score;
  return Math.max(view.noiseFloor ?? 0, best == null ? 0 : errorWithin(best));
}

/** A 95 % interval reaches 1.96 standard errors to each side. */
const errorWithin = (estimate: Estimate): number => (estimate.ci[1] - estimate.ci[0]) / (2 * 1.96);
