import { symmetricEigen } from "./symmetric-eigen.js";

/** The bare algorithm: maximises nothing itself, but is told which of its points were better. */
export interface Cma {
  readonly populationSize: number;
  readonly mean: Float64Array;
  readonly sigma: number;
  /** Standard deviations along the coordinates, in units of sigma. */
  spreads(): Float64Array;
  draw(normal: () => number): Float64Array;
  /** A whole population, best first. */
  update(ranked: readonly Float64Array[]): void;
}

/** (mu/mu_w, lambda)-CMA-ES with the constants of Hansen's tutorial (arXiv 1604.00772, table 1; positive weights only). */
export function createCma(start: Float64Array, firstSigma: number): Cma {
  const n = start.length;
  const lambda = 4 + Math.floor(3 * Math.log(n));
  const mu = Math.floor(lambda / 2);
  const raw = Array.from({ length: mu }, (_, index) => Math.log((lambda + 1) / 2) - Math.log(index + 1));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  const weights = raw.map((weight) => weight / total);
  const effective = 1 / weights.reduce((sum, weight) => sum + weight ** 2, 0);
  const stepRate = (effective + 2) / (n + effective + 5);
  const stepDamping = 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (n + 1)) - 1) + stepRate;
  const pathRate = (4 + effective / n) / (n + 4 + (2 * effective) / n);
  const rankOne = 2 / ((n + 1.3) ** 2 + effective);
  const rankMu = Math.min(1 - rankOne, (2 * (0.25 + effective + 1 / effective - 2)) / ((n + 2) ** 2 + effective));
  const expectedLength = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));

  const mean = Float64Array.from(start);
  let sigma = firstSigma;
  const covariance = Array.from({ length: n }, (_, row) => Float64Array.from({ length: n }, (__, column) => (row === column ? 1 : 0)));
  let { vectors, values } = symmetricEigen(covariance);
  const stepPath = new Float64Array(n);
  const path = new Float64Array(n);
  let generation = 0;

  return {
    populationSize: lambda,
    mean,
    get sigma() {
      return sigma;
    },
    spreads: () => Float64Array.from({ length: n }, (_, at) => Math.sqrt(covariance[at]?.[at] ?? 1)),
    draw(normal) {
      const scaled = values.map((value) => Math.sqrt(Math.max(0, value)) * normal());
      return mean.map((centre, row) => {
        let step = 0;
        for (let column = 0; column < n; column += 1) step += (vectors[row]?.[column] ?? 0) * (scaled[column] ?? 0);
        return centre + sigma * step;
      });
    },
    update(ranked) {
      generation += 1;
      const steps = ranked.slice(0, mu).map((point) => point.map((value, at) => (value - (mean[at] ?? 0)) / sigma));
      const step = new Float64Array(n);
      steps.forEach((each, index) => each.forEach((value, at) => (step[at] = (step[at] ?? 0) + (weights[index] ?? 0) * value)));
      step.forEach((value, at) => (mean[at] = (mean[at] ?? 0) + sigma * value));

      // C^-1/2 times the step, through the eigenvectors.
      const rotated = values.map((value, column) => {
        let sum = 0;
        for (let row = 0; row < n; row += 1) sum += (vectors[row]?.[column] ?? 0) * (step[row] ?? 0);
        return sum / Math.sqrt(Math.max(1e-12, value));
      });
      const push = Math.sqrt(stepRate * (2 - stepRate) * effective);
      let length = 0;
      for (let row = 0; row < n; row += 1) {
        let sum = 0;
        for (let column = 0; column < n; column += 1) sum += (vectors[row]?.[column] ?? 0) * (rotated[column] ?? 0);
        stepPath[row] = (1 - stepRate) * (stepPath[row] ?? 0) + push * sum;
        length += (stepPath[row] ?? 0) ** 2;
      }
      length = Math.sqrt(length);
      const stalled = length / Math.sqrt(1 - (1 - stepRate) ** (2 * generation)) >= (1.4 + 2 / (n + 1)) * expectedLength;
      const pathPush = stalled ? 0 : Math.sqrt(pathRate * (2 - pathRate) * effective);
      for (let at = 0; at < n; at += 1) path[at] = (1 - pathRate) * (path[at] ?? 0) + pathPush * (step[at] ?? 0);
      const lost = stalled ? rankOne * pathRate * (2 - pathRate) : 0;
      for (let row = 0; row < n; row += 1) {
        const line = covariance[row];
        if (line === undefined) continue;
        for (let column = 0; column < n; column += 1) {
          let spread = 0;
          steps.forEach((each, index) => (spread += (weights[index] ?? 0) * (each[row] ?? 0) * (each[column] ?? 0)));
          line[column] = (1 - rankOne - rankMu + lost) * (line[column] ?? 0) + rankOne * (path[row] ?? 0) * (path[column] ?? 0) + rankMu * spread;
        }
      }
      sigma *= Math.exp(Math.min(1, (stepRate / stepDamping) * (length / expectedLength - 1)));
      ({ vectors, values } = symmetricEigen(covariance));
    },
  };
}
