import { dot } from "./linear-algebra.js";
import { condition, type Conditioned } from "./gaussian-process.js";
import type { EffectPriors } from "./effect-priors.js";
import type { ModelObservation } from "./observations.js";
import type { RecipeFeatures } from "./recipe-features.js";
import { jointLengths, kernelParts, kernelValue, type KernelScales } from "./recipe-kernel.js";

/** What the model says of one recipe, on the latent scale. */
export interface Prediction {
  readonly features: RecipeFeatures;
  readonly mean: number;
  readonly variance: number;
  readonly reduced: Float64Array;
}

/** The model of the whole run: an exact Gaussian process over recipes. */
export interface Surrogate {
  predict(features: RecipeFeatures): Prediction;
  /** Posterior covariance of the latent scores of two recipes. */
  covariance(left: Prediction, right: Prediction): number;
  /** Variance of an observation's noise by this model, for a score with this standard error. */
  noiseVariance(error: number): number;
  readonly hyperparameters: Hyperparameters;
}

export interface Hyperparameters extends KernelScales {
  /** How far the priors' means are followed, 0..1. */
  readonly trust: number;
  /** Share of an item's noise that is not common to all nodes: scores on the same items are paired, and what is common cancels. */
  readonly noise: number;
}

/** Choices with log prior weights: what fits about as well, the middle wins. */
const grid = {
  additive: [[0.5, -0.7], [1, 0], [1.7, -0.5], [3, -1.5]],
  joint: [[0.07, -0.3], [0.15, 0], [0.3, -0.2], [0.6, -0.7], [1.2, -2]],
  length: jointLengths.map((_, index) => [index, index === 1 ? 0 : -0.5]),
  trust: [[0, -1], [0.5, -0.2], [1, 0]],
  noise: [[0.5, 0], [0.75, 0], [1, -0.3]],
} as const satisfies Record<keyof Hyperparameters, readonly (readonly number[])[]>;
const start: Hyperparameters = { additive: 1, joint: 0.2, length: 1, trust: 1, noise: 0.6 };
const order = ["joint", "additive", "trust", "length", "noise", "joint", "additive"] as const satisfies readonly (keyof Hyperparameters)[];
/** Below so many observations the scales say more about luck than about the task. */
const fewestToFit = 14;

/**
 * Conditions on all observations. Scales are chosen one after the other on a small grid by marginal likelihood times a
 * prior: with a few dozen noisy nodes there is nothing to gain from a finer search.
 */
export function fitSurrogate(observations: readonly ModelObservation[], priors: EffectPriors): Surrogate {
  const n = observations.length;
  const parts = partsOf(observations);
  const priorMeans = observations.map((each) => priors.meanOf(each.features));
  const values = observations.map((each) => each.value);
  const centre = values.length === 0 ? 0 : (values[0] ?? 0);

  const attempt = (hyper: Hyperparameters): Conditioned | null => {
    const covariance = new Float64Array(n * n);
    const [additive, joint, shape] = [hyper.additive ** 2, hyper.joint ** 2, parts.joint[hyper.length] ?? parts.fixed];
    for (let at = 0; at < covariance.length; at += 1) covariance[at] = (parts.fixed[at] ?? 0) + additive * (parts.additive[at] ?? 0) + joint * (shape[at] ?? 0);
    return condition(covariance, observations.map((each) => hyper.noise * each.error ** 2 + each.rungError ** 2), values.map((value, index) => value - centre - hyper.trust * (priorMeans[index] ?? 0)));
  };

  let hyper = start;
  let fitted = attempt(hyper);
  if (n >= fewestToFit) {
    for (const name of order) {
      let best = Number.NEGATIVE_INFINITY;
      let chosen = hyper;
      for (const [value, weight] of grid[name]) {
        const tried = { ...hyper, [name]: value };
        const result = attempt(tried);
        const score = (result?.logMarginalLikelihood ?? Number.NEGATIVE_INFINITY) + weight;
        if (score > best) [best, chosen, fitted] = [score, tried, result];
      }
      hyper = chosen;
    }
  }
  const process = fitted;
  const prior = (left: RecipeFeatures, right: RecipeFeatures): number => kernelValue(left, right, hyper);

  return {
    hyperparameters: hyper,
    noiseVariance: (error) => hyper.noise * error * error,
    predict(features) {
      const own = prior(features, features);
      const mean = centre + hyper.trust * priors.meanOf(features);
      if (process === null) return { features, mean, variance: own, reduced: new Float64Array(0) };
      const covariances = new Float64Array(n);
      for (let i = 0; i < n; i += 1) covariances[i] = prior(features, featuresAt(observations, i));
      const posterior = process.at(covariances, own);
      return { features, mean: mean + posterior.mean, variance: posterior.variance, reduced: posterior.reduced };
    },
    covariance: (left, right) => prior(left.features, right.features) - dot(left.reduced, right.reduced),
  };
}

/** The kernel's parts for every pair, row-major, so that scales can be tried without computing them again. */
function partsOf(observations: readonly ModelObservation[]): { readonly fixed: Float64Array; readonly additive: Float64Array; readonly joint: readonly Float64Array[] } {
  const n = observations.length;
  const fixed = new Float64Array(n * n);
  const additive = new Float64Array(n * n);
  const joint = jointLengths.map(() => new Float64Array(n * n));
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const parts = kernelParts(featuresAt(observations, i), featuresAt(observations, j));
      for (const at of [i * n + j, j * n + i]) {
        fixed[at] = parts.fixed;
        additive[at] = parts.additive;
        joint.forEach((values, length) => (values[at] = parts.joint[length] ?? 0));
      }
    }
  }
  return { fixed, additive, joint };
}

function featuresAt(observations: readonly ModelObservation[], index: number): RecipeFeatures {
  const observation = observations[index];
  if (observation === undefined) throw new RangeError(`no observation ${index}`);
  return observation.features;
}
