import { cholesky } from "../model/linear-algebra.js";
import { randomNormal } from "../../stats/index.js";
import { reflect, type ScoredPoint } from "./tpe.js";

/**
 * Covariance matrix adaptation (Hansen, "The CMA evolution strategy: a tutorial", arXiv 1604.00772) in the unit cube, for
 * solutions that come one at a time and not from its own samples: ranks and rank-mu update with the tutorial's weights,
 * steps longer than sqrt(n) + 2n/(n+2) clipped as for injected solutions (Hansen 2011), and Cholesky factors instead of
 * eigenvectors, which change only which orthogonal basis a sample is drawn in. Values are maximised. Immutable.
 */
export interface CmaEs {
  readonly mean: readonly number[];
  readonly sigma: number;
  /** Covariance of a step over sigma, row-major. */
  readonly covariance: Float64Array;
  readonly evolution: readonly number[];
  readonly conjugate: readonly number[];
  readonly generations: number;
}

export function startCmaEs(mean: readonly number[], sigma = 0.2): CmaEs {
  const n = mean.length;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) covariance[i * n + i] = 1;
  return { mean, sigma, covariance, evolution: mean.map(() => 0), conjugate: mean.map(() => 0), generations: 0 };
}

export const populationSize = (dimensions: number): number => 4 + Math.floor(3 * Math.log(dimensions));

export function askCmaEs(state: CmaEs, count: number, random: () => number): number[][] {
  const n = state.mean.length;
  const factor = cholesky(state.covariance, n) ?? startCmaEs(state.mean).covariance;
  return Array.from({ length: count }, () => {
    const z = Array.from({ length: n }, () => randomNormal(random));
    return state.mean.map((centre, i) => reflect(centre + state.sigma * z.reduce((sum, value, j) => sum + (j <= i ? (factor[i * n + j] ?? 0) * value : 0), 0)));
  });
}

/** One generation: the points, whatever made them, best first after ranking by value. */
export function tellCmaEs(state: CmaEs, generation: readonly ScoredPoint[]): CmaEs {
  const n = state.mean.length;
  const ranked = [...generation].sort((left, right) => right.value - left.value);
  const parents = Math.max(1, Math.floor(ranked.length / 2));
  const raw = Array.from({ length: parents }, (_, index) => Math.log((ranked.length + 1) / 2) - Math.log(index + 1));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  const weights = total > 0 ? raw.map((weight) => weight / total) : raw.map(() => 1 / parents);
  const effective = 1 / weights.reduce((sum, weight) => sum + weight ** 2, 0);

  const factor = cholesky(state.covariance, n) ?? startCmaEs(state.mean).covariance;
  const longest = Math.sqrt(n) + (2 * n) / (n + 2);
  const steps = ranked.slice(0, parents).map(({ point }) => {
    const step = point.map((value, index) => (value - (state.mean[index] ?? 0)) / state.sigma);
    const length = Math.sqrt(whiten(factor, step).reduce((sum, value) => sum + value ** 2, 0));
    return length > longest ? step.map((value) => (value * longest) / length) : step;
  });
  const step = state.mean.map((_, index) => steps.reduce((sum, each, parent) => sum + (weights[parent] ?? 0) * (each[index] ?? 0), 0));

  const pathRate = (effective + 2) / (n + effective + 5);
  const damping = 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (n + 1)) - 1) + pathRate;
  const white = whiten(factor, step);
  const conjugate = state.conjugate.map((value, index) => (1 - pathRate) * value + Math.sqrt(pathRate * (2 - pathRate) * effective) * (white[index] ?? 0));
  const length = Math.sqrt(conjugate.reduce((sum, value) => sum + value ** 2, 0));
  const usual = Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  const sigma = Math.min(0.5, Math.max(0.01, state.sigma * Math.exp((pathRate / damping) * (length / usual - 1))));

  const stalled = length / Math.sqrt(1 - (1 - pathRate) ** (2 * (state.generations + 1))) >= (1.4 + 2 / (n + 1)) * usual;
  const evolutionRate = (4 + effective / n) / (n + 4 + (2 * effective) / n);
  const evolution = state.evolution.map((value, index) => (1 - evolutionRate) * value + (stalled ? 0 : Math.sqrt(evolutionRate * (2 - evolutionRate) * effective) * (step[index] ?? 0)));
  const one = 2 / ((n + 1.3) ** 2 + effective);
  const many = Math.min(1 - one, (2 * (effective - 2 + 1 / effective)) / ((n + 2) ** 2 + effective));
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < n; j += 1) {
      const rankMany = steps.reduce((sum, each, parent) => sum + (weights[parent] ?? 0) * (each[i] ?? 0) * (each[j] ?? 0), 0);
      const kept = (1 - one - many + (stalled ? one * evolutionRate * (2 - evolutionRate) : 0)) * (state.covariance[i * n + j] ?? 0);
      covariance[i * n + j] = kept + one * (evolution[i] ?? 0) * (evolution[j] ?? 0) + many * rankMany;
    }
  }
  return { mean: state.mean.map((value, index) => reflect(value + state.sigma * (step[index] ?? 0))), sigma, covariance, evolution, conjugate, generations: state.generations + 1 };
}

/** L⁻¹ x: a step in the coordinates in which the distribution is round. */
function whiten(factor: Float64Array, step: readonly number[]): number[] {
  const n = step.length;
  const white: number[] = [];
  for (let i = 0; i < n; i += 1) {
    let value = step[i] ?? 0;
    for (let j = 0; j < i; j += 1) value -= (factor[i * n + j] ?? 0) * (white[j] ?? 0);
    white.push(value / (factor[i * n + i] ?? 1));
  }
  return white;
}

/** Where CMA-ES would be after the run's nodes, oldest first, told in generations of its usual size. */
export function cmaEsAfter(points: readonly ScoredPoint[], start: readonly number[]): CmaEs {
  const size = populationSize(start.length);
  let state = startCmaEs(start);
  for (let at = 0; at < points.length; at += size) {
    const generation = points.slice(at, at + size);
    if (generation.length >= Math.min(4, size)) state = tellCmaEs(state, generation);
  }
  return state;
}
