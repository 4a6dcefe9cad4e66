import type { Candidate } from "../../contract/index.js";

/**
 * Draws one of a planner's candidates by its stated probabilities (verbalised sampling: the host draws, not the model,
 * trex.md 9). Probabilities need not add up to 1; when none is above zero all count the same.
 * @throws RangeError without candidates: a planner's empty answer is to be refused before it comes here
 */
export function sampleCandidate(candidates: readonly Candidate[], random: () => number): Candidate {
  const weights = candidates.map(({ probability }) => (Number.isFinite(probability) && probability > 0 ? probability : 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let left = random() * (sum > 0 ? sum : candidates.length);
  for (const [index, candidate] of candidates.entries()) {
    left -= sum > 0 ? (weights[index] ?? 0) : 1;
    if (left < 0) return candidate;
  }
  const last = candidates.filter((_, index) => sum === 0 || (weights[index] ?? 0) > 0).at(-1);
  if (last === undefined) throw new RangeError("a proposal needs at least one candidate");
  return last;
}
