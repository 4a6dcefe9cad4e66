/** Mean of the values; NaN when there are none. Summed with Neumaier's correction, so order and length do not matter. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return (sum + lost) / values.length;
}

/** Sample standard deviation (divides by n - 1); 0 for a single value, NaN for none. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return values.length === 1 ? 0 : Number.NaN;
  const centre = mean(values);
  return Math.sqrt((mean(values.map((value) => (value - centre) ** 2)) * values.length) / (values.length - 1));
}

/** Standard error of the mean, s / sqrt(n), as lm-evaluation-harness reports it. NaN for fewer than two values. */
export function standardError(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : standardDeviation(values) / Math.sqrt(values.length);
}

/** Quantile with linear interpolation (type 7 of Hyndman and Fan 1996, the default of R and NumPy). */
export function quantile(values: readonly number[], share: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), share);
}

export function quantileOfSorted(sorted: Float64Array, share: number): number {
  const position = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
