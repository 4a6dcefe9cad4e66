import type { Candidate, MoveId } from "../contract/index.js";

/** What a move did once: the child's reward less its parent's; null when the child failed. */
export interface MoveOutcome {
  readonly move: MoveId;
  readonly gain: number | null;
}

/** A failure counts like a loss of so many times the noise. */
const failureLoss = 2;
/** How strongly a gain of one noise raises a move's weight: to e^2 times that of an untried one, when it is sure. */
const strength = 2;

/**
 * The planner's candidates with their probabilities weighed by what each move did in the whole tree: what helped one
 * branch is worth trying on another, what hurt is not. A move's effect is estimated as the posterior mean of a normal mean with
 * a prior of zero and known noise (Gelman et al., Bayesian Data Analysis, 2.5), so that one lucky score moves it half way.
 * @param outcomes drafts from an untrained parent do not belong here: they measure training, not the move
 * @param noise standard error of the difference of two nodes' rewards, in the unit of `gain`
 */
export function weighByEvidence(candidates: readonly Candidate[], outcomes: readonly MoveOutcome[], noise: number): Candidate[] {
  if (!(noise > 0)) return [...candidates];
  const weights = candidates.map(({ move, probability }) => {
    const gains = outcomes.filter((outcome) => outcome.move === move).map(({ gain }) => (gain === null ? -failureLoss : gain / noise));
    const effect = gains.reduce((sum, gain) => sum + gain, 0) / (1 + gains.length);
    return probability * Math.exp(strength * Math.min(2, Math.max(-2, effect)));
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return candidates.map((candidate, index) => (sum > 0 ? { ...candidate, probability: (weights[index] ?? 0) / sum } : candidate));
}
