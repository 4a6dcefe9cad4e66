/**
 * Standard normal distribution function. Near the centre the Taylor series of Phi (Marsaglia, "Evaluating the normal
 * distribution", J. Stat. Software 11(4), 2004), in the tails the continued fraction of Mills' ratio (Laplace).
 * Absolute error below 1e-14, relative error in the lower tail below 1e-11.
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  const magnitude = Math.abs(z);
  if (magnitude > 38.5) return z < 0 ? 0 : 1;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (magnitude < 4) {
    let term = z;
    let sum = z;
    for (let divisor = 3; Math.abs(term) > 1e-18 * Math.abs(sum); divisor += 2) {
      term *= (z * z) / divisor;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = magnitude;
  for (let level = 60; level >= 1; level -= 1) fraction = magnitude + level / fraction;
  const tail = density / fraction;
  return z < 0 ? tail : 1 - tail;
}

/**
 * Inverse of `normalCdf` on (0, 1): a rational first guess (Abramowitz and Stegun 26.2.23, error below 4.5e-4) made
 * exact by Halley steps on our own distribution function. -Infinity at 0, Infinity at 1, NaN outside.
 */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return Number.NaN;
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 1) return Number.POSITIVE_INFINITY;
  if (probability === 0.5) return 0;
  // Only the lower half is solved: there the tail is computed without cancellation.
  const tail = Math.min(probability, 1 - probability);
  const t = Math.sqrt(-2 * Math.log(tail));
  let z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (let round = 0; round < 3; round += 1) {
    const step = ((normalCdf(z) - tail) * Math.sqrt(2 * Math.PI)) / Math.exp((-z * z) / 2);
    z -= step / (1 + (z * step) / 2);
  }
  return probability < 0.5 ? z : -z;
}
