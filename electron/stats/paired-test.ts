import { pairedDifferences } from "./intervals.js";
import { createRandom } from "./random.js";

export interface PairedTest {
  /** Two-sided. */
  readonly pValue: number;
  readonly method: "exact McNemar" | "exact sign flips" | "sign flips, 20,000 draws" | "no difference";
}

/**
 * Exact McNemar test: of the items on which the two disagree, each side is equally likely to win (binomial, p = 1/2).
 * @param onlyBase items only the base got right; `onlyCandidate` likewise
 */
export function exactMcNemar(onlyBase: number, onlyCandidate: number): number {
  const n = onlyBase + onlyCandidate;
  let term = n * Math.log(0.5);
  let tail = 0;
  for (let count = 0; count <= Math.min(onlyBase, onlyCandidate); count += 1) {
    tail += Math.exp(term);
    term += Math.log(n - count) - Math.log(count + 1);
  }
  return Math.min(1, 2 * tail);
}

const exactLimit = 16;
const draws = 20_000;

/**
 * Is the mean difference of the same items other than zero? 0/1 scores: exact McNemar. Other scores: Fisher's sign-flip
 * permutation test, exhaustive up to 16 differing items, else by seeded draws with the +1 correction that keeps the
 * level exact (Phipson and Smyth 2010).
 */
export function pairedTest(base: readonly number[], candidate: readonly number[], seed = 1): PairedTest {
  const differences = pairedDifferences(base, candidate).filter((difference) => difference !== 0);
  if (differences.length === 0) return { pValue: 1, method: "no difference" };
  const binary = (values: readonly number[]): boolean => values.every((value) => value === 0 || value === 1);
  if (binary(base) && binary(candidate)) {
    const wins = differences.filter((difference) => difference > 0).length;
    return { pValue: exactMcNemar(differences.length - wins, wins), method: "exact McNemar" };
  }
  const observed = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
  const reaches = (sum: number): boolean => Math.abs(sum) >= observed - 1e-9 * Math.max(1, observed);
  if (differences.length <= exactLimit) {
    const patterns = 2 ** differences.length;
    let count = 0;
    for (let pattern = 0; pattern < patterns; pattern += 1) {
      count += reaches(differences.reduce((sum, difference, bit) => sum + ((pattern >> bit) & 1 ? -difference : difference), 0)) ? 1 : 0;
    }
    return { pValue: count / patterns, method: "exact sign flips" };
  }
  const random = createRandom(seed);
  let count = 0;
  for (let draw = 0; draw < draws; draw += 1) {
    let sum = 0;
    for (const difference of differences) sum += random() < 0.5 ? difference : -difference;
    count += reaches(sum) ? 1 : 0;
  }
  return { pValue: (count + 1) / (draws + 1), method: "sign flips, 20,000 draws" };
}
