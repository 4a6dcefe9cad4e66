import { normalCdf, normalQuantile } from "./normal.js";
import { createRandom } from "./random.js";
import { mean, quantileOfSorted } from "./summary.js";

/** The contract's estimate: a score with both ends of its 95 % interval, over n items. Repeated here so that stats stands alone. */
export interface Estimate {
  score: number;
  ci: [number, number];
  n: number;
}

export type Interval = readonly [low: number, high: number];
const level = 0.95;
const z = normalQuantile(1 - (1 - level) / 2);

/** Wilson's score interval for a single rate (Wilson 1927): right at 0 and n, where the usual one collapses. */
export function wilsonInterval(successes: number, n: number): Interval {
  if (n === 0) return [0, 1];
  const rate = successes / n;
  const centre = (rate + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((rate * (1 - rate)) / n + (z * z) / (4 * n * n));
  return [successes === 0 ? 0 : centre - half, successes === n ? 1 : centre + half];
}

/** 10,000 resamples (reliability.md 5), fewer for very long inputs so that one call stays near a fifth of a second. */
const resamplesFor = (n: number): number => Math.max(2000, Math.min(10_000, Math.floor(4e7 / n)));

/**
 * 95 % interval of the mean: bias-corrected and accelerated bootstrap (Efron 1987), acceleration from the jackknife.
 * For the mean the jackknife has a closed form: leaving out value i moves the mean by (mean - value_i) / (n - 1).
 * Values that are all equal have nothing to resample: the interval is then that point.
 */
export function bootstrapInterval(values: readonly number[], seed: number, resamples = resamplesFor(values.length)): Interval {
  const n = values.length;
  const centre = mean(values);
  if (n === 0) return [Number.NaN, Number.NaN];
  if (values.every((value) => value === values[0])) return [centre, centre];
  const random = createRandom(seed);
  const source = Float64Array.from(values);
  const means = new Float64Array(resamples);
  let below = 0;
  // Resampled sums of equal content differ in the last bits by order alone: this much is a tie.
  const tie = 1e-12 * Math.max(1, Math.abs(centre));
  for (let resample = 0; resample < resamples; resample += 1) {
    let sum = 0;
    for (let drawn = 0; drawn < n; drawn += 1) sum += source[Math.floor(random() * n)] ?? 0;
    const average = sum / n;
    means[resample] = average;
    // Half a count for a tie: discrete scores tie often, and counting them as "not below" would shift the interval.
    below += average < centre - tie ? 1 : average <= centre + tie ? 0.5 : 0;
  }
  means.sort();
  let squares = 0;
  let cubes = 0;
  for (const value of values) {
    squares += (value - centre) ** 2;
    cubes += (value - centre) ** 3;
  }
  const acceleration = cubes / (6 * squares ** 1.5);
  const bias = normalQuantile(Math.min(1 - 0.5 / resamples, Math.max(0.5 / resamples, below / resamples)));
  const end = (quantileZ: number): number => {
    const shifted = bias + quantileZ;
    const scale = 1 - acceleration * shifted;
    return quantileOfSorted(means, scale <= 0 ? (quantileZ < 0 ? 0 : 1) : normalCdf(bias + shifted / scale));
  };
  return [end(-z), end(z)];
}

/**
 * Constant scores say little when there are few of them. For scores known to lie in [low, high] the share of items that
 * would have deviated is at most 1 - 0.025^(1/n) (Clopper and Pearson 1934 at zero events); the mean moves by so much.
 */
function constantInterval(value: number, n: number, low: number, high: number): Interval {
  const unseen = 1 - ((1 - level) / 2) ** (1 / n);
  return [(1 - unseen) * value + unseen * low, (1 - unseen) * value + unseen * high];
}

const isRate = (value: number): boolean => value >= 0 && value <= 1;

/**
 * Mean score with a 95 % interval: Wilson when every score is 0 or 1, else the BCa bootstrap.
 * @param values one score an item, any unit; the interval is in the same unit
 */
export function estimateOf(values: readonly number[], seed: number): Estimate {
  const n = values.length;
  const score = mean(values);
  if (n === 0) return { score: Number.NaN, ci: [Number.NaN, Number.NaN], n };
  const toPair = ([low, high]: Interval): [number, number] => [low, high];
  if (values.every((value) => value === 0 || value === 1)) return { score, ci: toPair(wilsonInterval(Math.round(score * n), n)), n };
  const constant = values.every((value) => value === values[0]);
  return { score, ci: toPair(constant && isRate(score) ? constantInterval(score, n, 0, 1) : bootstrapInterval(values, seed)), n };
}

/**
 * Mean of candidate minus base over the same items, with a 95 % BCa interval of the paired differences.
 * @param resamples 10,000 for short inputs when absent
 * @throws RangeError when the two do not hold the same number of items: that is a bug of the caller
 */
export function pairedGain(base: readonly number[], candidate: readonly number[], seed: number, resamples?: number): Estimate {
  const differences = pairedDifferences(base, candidate);
  const n = differences.length;
  if (n === 0) return { score: Number.NaN, ci: [Number.NaN, Number.NaN], n };
  const score = mean(differences);
  const constant = differences.every((value) => value === differences[0]);
  const bounded = base.every(isRate) && candidate.every(isRate);
  const [low, high] = constant && bounded ? constantInterval(score, n, -1, 1) : bootstrapInterval(differences, seed, resamples);
  return { score, ci: [low, high], n };
}

export function pairedDifferences(base: readonly number[], candidate: readonly number[]): number[] {
  if (base.length !== candidate.length) throw new RangeError(`paired scores need equal lengths, got ${base.length} and ${candidate.length}`);
  return candidate.map((value, index) => value - (base[index] ?? Number.NaN));
}
