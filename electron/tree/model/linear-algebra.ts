/** Small dense matrices, row-major: a[i * n + j]. Sizes here are the nodes of a run, below a few hundred. */

/**
 * Lower triangle L with L Lᵀ = A, or null when A is not positive definite.
 * @param matrix symmetric, n × n; only its lower triangle is read
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array | null {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    const row = lower.subarray(i * n, i * n + n);
    for (let j = 0; j <= i; j += 1) {
      const other = lower.subarray(j * n, j * n + n);
      let sum = at(matrix, i * n + j);
      for (let k = 0; k < j; k += 1) sum -= at(row, k) * at(other, k);
      if (i !== j) lower[i * n + j] = sum / at(other, j);
      else if (sum > 0) lower[i * n + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return lower;
}

/** x with L x = b. */
export function solveLower(lower: Float64Array, n: number, right: ArrayLike<number>): Float64Array {
  const x = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    let sum = at(right, i);
    for (let k = 0; k < i; k += 1) sum -= at(lower, i * n + k) * at(x, k);
    x[i] = sum / at(lower, i * n + i);
  }
  return x;
}

/** x with Lᵀ x = b. */
export function solveUpper(lower: Float64Array, n: number, right: ArrayLike<number>): Float64Array {
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = at(right, i);
    for (let k = i + 1; k < n; k += 1) sum -= at(lower, k * n + i) * at(x, k);
    x[i] = sum / at(lower, i * n + i);
  }
  return x;
}

export function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < left.length; i += 1) sum += at(left, i) * at(right, i);
  return sum;
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0;
