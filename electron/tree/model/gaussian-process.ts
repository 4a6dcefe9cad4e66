import { cholesky, dot, solveLower, solveUpper } from "./linear-algebra.js";

/** What a Gaussian process knows after its observations (Rasmussen and Williams, Gaussian Processes for Machine Learning, algorithm 2.1). */
export interface Conditioned {
  readonly logMarginalLikelihood: number;
  /**
   * Posterior at one point: mean as the difference to the prior mean, variance of the latent function (without noise), and
   * the vector L⁻¹k, with which the posterior covariance of two points is prior covariance minus the vectors' product.
   */
  at(covariances: Float64Array, priorVariance: number): { readonly mean: number; readonly variance: number; readonly reduced: Float64Array };
}

/**
 * Conditions on observations; exact, by Cholesky. Null when the covariance is not positive definite.
 * @param covariance prior covariance of the latent values at the observed points, n × n, row-major; not changed
 * @param noise variance of each observation
 * @param residuals observations less the prior mean
 */
export function condition(covariance: Float64Array, noise: readonly number[], residuals: readonly number[]): Conditioned | null {
  const n = residuals.length;
  const noisy = covariance.slice();
  for (let i = 0; i < n; i += 1) noisy[i * n + i] = (noisy[i * n + i] ?? 0) + (noise[i] ?? 0) + jitter;
  const lower = cholesky(noisy, n);
  if (lower === null) return null;
  const half = solveLower(lower, n, residuals);
  const weights = solveUpper(lower, n, half);
  let logDeterminant = 0;
  for (let i = 0; i < n; i += 1) logDeterminant += Math.log(lower[i * n + i] ?? 1);
  return {
    logMarginalLikelihood: -dot(half, half) / 2 - logDeterminant - (n * Math.log(2 * Math.PI)) / 2,
    at(covariances, priorVariance) {
      const reduced = solveLower(lower, n, covariances);
      return { mean: dot(covariances, weights), variance: Math.max(0, priorVariance - dot(reduced, reduced)), reduced };
    },
  };
}

/** Keeps repeated points from making the matrix singular; far below any noise here. */
const jitter = 1e-9;
