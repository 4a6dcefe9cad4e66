/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, 8.5). `vectors[row][k]`
 * belongs to `values[k]`. Meant for a few dozen rows.
 */
export function symmetricEigen(matrix: readonly Float64Array[]): { readonly values: Float64Array; readonly vectors: Float64Array[] } {
  const n = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const vectors = Array.from({ length: n }, (_, row) => Float64Array.from({ length: n }, (__, column) => (row === column ? 1 : 0)));
  const at = (rows: readonly Float64Array[], row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let sweep = 0; sweep < 30; sweep += 1) {
    let off = 0;
    let all = 0;
    for (let row = 0; row < n; row += 1) for (let column = 0; column < n; column += 1) {
      all += at(a, row, column) ** 2;
      if (row !== column) off += at(a, row, column) ** 2;
    }
    if (off <= 1e-20 * all) break;
    for (let p = 0; p < n - 1; p += 1) for (let q = p + 1; q < n; q += 1) {
      const pivot = at(a, p, q);
      if (pivot === 0) continue;
      const theta = (at(a, q, q) - at(a, p, p)) / (2 * pivot);
      const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const c = 1 / Math.sqrt(t * t + 1);
      const s = t * c;
      for (const row of a) turn(row, p, q, c, s);
      turnRows(a[p], a[q], c, s);
      for (const row of vectors) turn(row, p, q, c, s);
    }
  }
  return { values: Float64Array.from({ length: n }, (_, index) => at(a, index, index)), vectors };
}

function turn(row: Float64Array, p: number, q: number, c: number, s: number): void {
  const [first, second] = [row[p] ?? 0, row[q] ?? 0];
  row[p] = c * first - s * second;
  row[q] = s * first + c * second;
}

function turnRows(first: Float64Array | undefined, second: Float64Array | undefined, c: number, s: number): void {
  if (first === undefined || second === undefined) return;
  for (let column = 0; column < first.length; column += 1) {
    const [one, other] = [first[column] ?? 0, second[column] ?? 0];
    first[column] = c * one - s * other;
    second[column] = s * one + c * other;
  }
}
