import { isPromptSwitch, switches, type RecipeFeatures, type Switch } from "./recipe-features.js";
import type { NumericField } from "../../contract/index.js";
import { numberFields } from "../numbers/unit-scale.js";

/**
 * Prior covariance of two recipes' scores on the latent scale (log-odds for rates). Four parts:
 * - offsets: the base model's level and what training as such brings; nearly free.
 * - additive: each number has a smooth effect of its own, each switch a linear one. Most of what is known of fine-tuning
 *   has this form (rate, rank, duration and data each cost so many nats, reliability.md 15), and it is learned from few nodes.
 * - joint: a smooth function of all of it together, for what the single effects do not explain.
 * - prompts: effects of their own in the untrained model, of which training replaces a part.
 */
export interface KernelScales {
  /** Multiplies the standard deviations of the additive part. */
  readonly additive: number;
  /** Standard deviation of the joint part. */
  readonly joint: number;
  /** Index into `jointLengths`. */
  readonly length: number;
}
export const jointLengths = [0.6, 1, 1.7] as const;

/** The parts for one pair, so that scales can be tried without computing them again. */
export interface KernelParts {
  readonly fixed: number;
  readonly additive: number;
  /** One for each of `jointLengths`. */
  readonly joint: readonly number[];
}

const baseVariance = 4;
const trainedVariance = 4;
/** Standard deviation of each number's effect over its range, and the share of the range over which it turns. */
const numberEffects: Readonly<Record<NumericField, { readonly deviation: number; readonly length: number; readonly jointLength: number }>> = {
  learningRate: { deviation: 0.4, length: 0.35, jointLength: 0.4 },
  rank: { deviation: 0.1, length: 0.7, jointLength: 0.6 },
  epochs: { deviation: 0.3, length: 0.4, jointLength: 0.5 },
  dropout: { deviation: 0.12, length: 0.7, jointLength: 0.8 },
  weightDecay: { deviation: 0.08, length: 0.7, jointLength: 0.8 },
  tokensPerStep: { deviation: 0.1, length: 0.5, jointLength: 0.6 },
};
const switchEffects: Readonly<Record<Switch, number>> = {
  "attention-only": 0.12, "mlp-only": 0.08, "linear-schedule": 0.04, "constant-schedule": 0.06, "deduplicate": 0.1, "drop-conflicts": 0.12, "drop-long": 0.07, "balance-answers": 0.1,
  "halvings": 0.1, "moved-rank": 0.06, "warm-start": 0.15, "system": 0.35, "format-rules": 0.3, "shots": 0.45, "similar-shots": 0.25, "coverage-shots": 0.2,
};
const wordingDeviation = 0.2;
/** A switch in the joint part: how far apart on and off are, in lengths. */
const switchLength = 1.5;
/** How much of a prompt's effect is left after training, and how far what is left follows what it was. */
const promptAfterTraining = 0.45;
const promptCorrelation = 0.5;
/** Of a prompt in the untrained model, beyond the sum of its parts. */
const promptInteraction = 0.12;

const numberDeviations = numberFields.map((field) => numberEffects[field].deviation ** 2);
const numberLengths = numberFields.map((field) => 2 * numberEffects[field].length ** 2);
const jointNumberLengths = numberFields.map((field) => 2 * numberEffects[field].jointLength ** 2);
const switchVariances = switches.map((name) => switchEffects[name] ** 2);

export function kernelParts(left: RecipeFeatures, right: RecipeFeatures): KernelParts {
  const distance = jointDistance(left, right);
  return {
    fixed: baseVariance + (left.trained && right.trained ? trainedVariance : 0),
    additive: additivePart(left, right),
    joint: jointLengths.map((length) => Math.exp(-distance / (length * length))),
  };
}

export const combineParts = (parts: KernelParts, scales: KernelScales): number =>
  parts.fixed + scales.additive ** 2 * parts.additive + scales.joint ** 2 * (parts.joint[scales.length] ?? 0);

/** The covariance itself: what `combineParts(kernelParts(…))` gives, without the lengths that are not asked for. */
export function kernelValue(left: RecipeFeatures, right: RecipeFeatures, scales: KernelScales): number {
  const length = jointLengths[scales.length] ?? 1;
  const both = left.trained && right.trained;
  return baseVariance + (both ? trainedVariance : 0) + scales.additive ** 2 * additivePart(left, right) + (both ? scales.joint ** 2 * Math.exp(-jointDistance(left, right) / (length * length)) : 0);
}

function additivePart(left: RecipeFeatures, right: RecipeFeatures): number {
  const context = left.trained === right.trained ? (left.trained ? promptAfterTraining ** 2 : 1) : promptAfterTraining * promptCorrelation;
  let additive = 0;
  for (const index of left.set) {
    const other = right.switches[index] ?? 0;
    if (other === 0) continue;
    const effect = (switchVariances[index] ?? 0) * (left.switches[index] ?? 0) * other;
    additive += isPromptSwitch(index) ? context * effect : effect;
  }
  if (left.wording !== "" && left.wording === right.wording) additive += context * wordingDeviation ** 2;
  if (!left.trained || !right.trained) return left.trained === right.trained && left.prompt === right.prompt ? additive + promptInteraction ** 2 : additive;
  for (let index = 0; index < numberDeviations.length; index += 1) {
    const step = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    // Cauchy form (rational quadratic of order 1): as smooth as the Gaussian near by, longer tails, and no exponential.
    additive += (numberDeviations[index] ?? 0) / (1 + (step * step) / (numberLengths[index] ?? 1));
  }
  return additive;
}

/** Infinite where one of the two is not trained: they share nothing but their prompts. */
function jointDistance(left: RecipeFeatures, right: RecipeFeatures): number {
  if (!left.trained || !right.trained) return Number.POSITIVE_INFINITY;
  let distance = 0;
  for (let index = 0; index < jointNumberLengths.length; index += 1) {
    const step = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    distance += (step * step) / (jointNumberLengths[index] ?? 1);
  }
  let square = 0;
  for (const index of left.set) square += ((left.switches[index] ?? 0) - (right.switches[index] ?? 0)) ** 2;
  for (const index of right.set) if (left.switches[index] === 0) square += (right.switches[index] ?? 0) ** 2;
  return distance + square / (2 * switchLength * switchLength);
}
