import type { MetricName } from "../../contract/index.js";

/** The best score a metric can reach, or null where there is none. */
export function rewardReference(metric: MetricName): number | null {
  return metric === "perplexity" ? null : 1;
}

export interface RewardRequest {
  readonly score: number;
  readonly baseline: number;
  readonly reference: number | null;
  /** Lowest and highest score of the run so far; used where there is no reference. */
  readonly lowest: number;
  readonly highest: number;
}

/**
 * A score as the share of the way from the prompted base to the reference, clamped to [-1, 1.5]; without a reference the
 * position between the run's lowest and highest score, 0.5 when all are equal (trex.md 12 and 5).
 */
export function normaliseReward({ score, baseline, reference, lowest, highest }: RewardRequest): number {
  if (reference !== null && reference > baseline) return Math.min(1.5, Math.max(-1, (score - baseline) / (reference - baseline)));
  return highest > lowest ? Math.min(1, Math.max(0, (score - lowest) / (highest - lowest))) : 0.5;
}
