/**
 * Where effects add up. For a rate between 0 and 1 that is the log-odds: a change that brings five points in the middle
 * brings one near the end. A metric without a best value stays as it is, in steps of its own noise.
 */
export interface LatentScale {
  toLatent(score: number): number;
  toScore(latent: number): number;
  /** Standard error on the latent scale of a score with this one. */
  errorAt(score: number, standardError: number): number;
}

/** Scores at the ends have no finite log-odds; these are beyond what a few hundred items can tell from the ends. */
const lowest = 0.01;
const highest = 0.99;
/** An ordinary standard error of a rate is so much in log-odds: unbounded metrics are scaled to the same. */
const ordinaryNoise = 0.15;

export function latentScale(state: { readonly reference: number | null; readonly baselineScore: number; readonly noise: number }): LatentScale {
  if (state.reference === 1 && state.baselineScore >= 0 && state.baselineScore <= 1) {
    const clamp = (score: number): number => Math.min(highest, Math.max(lowest, score));
    return {
      toLatent: (score) => Math.log(clamp(score) / (1 - clamp(score))),
      toScore: (latent) => 1 / (1 + Math.exp(-latent)),
      errorAt: (score, standardError) => standardError / (clamp(score) * (1 - clamp(score))),
    };
  }
  const unit = Math.max(1e-12, state.noise / ordinaryNoise, state.reference === null ? 0 : Math.abs(state.reference - state.baselineScore) / 4);
  return {
    toLatent: (score) => (score - state.baselineScore) / unit,
    toScore: (latent) => state.baselineScore + latent * unit,
    errorAt: (_score, standardError) => standardError / unit,
  };
}
