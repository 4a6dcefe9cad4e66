import { describe, expect, it } from "vitest";
import { createRandom, randomNormal } from "../../stats/index.js";
import { condition } from "./gaussian-process.js";
import { cholesky, solveLower, solveUpper } from "./linear-algebra.js";

/** Inverse and determinant by Gauss-Jordan: another way than the Cholesky factors under test. */
function invert(matrix: number[][]): { inverse: number[][]; logDeterminant: number } {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  let logDeterminant = 0;
  for (let i = 0; i < n; i += 1) {
    const pivot = rows[i]![i]!;
    logDeterminant += Math.log(pivot);
    rows[i] = rows[i]!.map((value) => value / pivot);
    for (let k = 0; k < n; k += 1) {
      const factor = rows[k]![i]!;
      if (k !== i) rows[k] = rows[k]!.map((value, j) => value - factor * rows[i]![j]!);
    }
  }
  return { inverse: rows.map((row) => row.slice(n)), logDeterminant };
}

const random = createRandom(5);
const points = Array.from({ length: 9 }, () => [random(), random()]);
const kernel = (left: readonly number[], right: readonly number[]): number => 0.7 * Math.exp(-left.reduce((sum, value, index) => sum + (value - right[index]!) ** 2, 0) / 0.3) + 0.2;
const noise = points.map(() => 0.02 + 0.1 * random());
const values = points.map(() => randomNormal(random));
const covariance = Float64Array.from(points.flatMap((left) => points.map((right) => kernel(left, right))));

describe("cholesky", () => {
  it("gives a factor whose square is the matrix, and solves with it", () => {
    const n = points.length;
    const matrix = covariance.map((value, at) => value + (at % (n + 1) === 0 ? 0.1 : 0));
    const lower = cholesky(matrix, n)!;
    for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) expect(Array.from({ length: n }, (_, k) => lower[i * n + k]! * lower[j * n + k]!).reduce((sum, value) => sum + value, 0)).toBeCloseTo(matrix[i * n + j]!, 10);
    const x = solveUpper(lower, n, solveLower(lower, n, values));
    for (let i = 0; i < n; i += 1) expect(values.reduce((sum, _, j) => sum + matrix[i * n + j]! * x[j]!, 0)).toBeCloseTo(values[i]!, 8);
  });
  it("refuses a matrix that is not positive definite", () => {
    expect(cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toBeNull();
  });
});

describe("condition", () => {
  const process = condition(covariance, noise, values)!;
  const { inverse, logDeterminant } = invert(points.map((left, i) => points.map((right, j) => kernel(left, right) + (i === j ? noise[i]! : 0))));
  it("has the posterior of the textbook formula", () => {
    for (let draw = 0; draw < 10; draw += 1) {
      const point = [random(), random()];
      const k = points.map((each) => kernel(point, each));
      const mean = k.reduce((sum, left, i) => sum + left * inverse[i]!.reduce((inner, value, j) => inner + value * values[j]!, 0), 0);
      const variance = kernel(point, point) - k.reduce((sum, left, i) => sum + left * inverse[i]!.reduce((inner, value, j) => inner + value * k[j]!, 0), 0);
      const posterior = process.at(Float64Array.from(k), kernel(point, point));
      expect(posterior.mean).toBeCloseTo(mean, 6);
      expect(posterior.variance).toBeCloseTo(variance, 6);
    }
  });
  it("has the marginal likelihood of a multivariate normal", () => {
    const quadratic = values.reduce((sum, left, i) => sum + left * inverse[i]!.reduce((inner, value, j) => inner + value * values[j]!, 0), 0);
    expect(process.logMarginalLikelihood).toBeCloseTo(-quadratic / 2 - logDeterminant / 2 - (values.length * Math.log(2 * Math.PI)) / 2, 5);
  });
  it("follows exact observations and goes back to the prior far away", () => {
    const exact = condition(covariance, values.map(() => 0), values)!;
    expect(exact.at(covariance.slice(0, points.length), kernel(points[0]!, points[0]!)).mean).toBeCloseTo(values[0]!, 3);
    const far = exact.at(new Float64Array(points.length), 0.9);
    expect([far.mean, far.variance]).toEqual([0, 0.9]);
  });
});
