/**
 * The linear algebra of a calibration: a symmetric matrix taken apart, and a few unknowns fitted to more equations. Used by
 * ground-points.ts and ground-people.ts; matrices of at most nine rows, once at start. Pure functions.
 */

/** Eigenvalues, smallest first, and their unit vectors, of a symmetric matrix. */
export interface Eigen {
  values: number[];
  vectors: number[][];
}

type Matrix = number[][];

const SWEEPS = 60;

/** Jacobi's method: slow, and as exact as doubles are (Golub, Van Loan, "Matrix Computations", 8.5). */
export function symmetricEigen(given: readonly (readonly number[])[]): Eigen {
  const a = given.map((row) => [...row]);
  const n = a.length;
  const v = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += at(a, p, q) ** 2;
    if (!(off > 1e-300)) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) turnOut(a, v, p, q);
  }
  const order = a.map((_, i) => i).sort((i, j) => at(a, i, i) - at(a, j, j));
  return {
    values: order.map((i) => at(a, i, i)),
    vectors: order.map((i) => v.map((row) => row[i] as number)),
  };
}

/** One rotation, which makes the element p, q zero. */
function turnOut(a: Matrix, v: Matrix, p: number, q: number): void {
  const apq = at(a, p, q);
  if (apq === 0) return;
  const theta = (at(a, q, q) - at(a, p, p)) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (const row of [...a, ...v]) {
    const [x, y] = [row[p] as number, row[q] as number];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  const [rowP, rowQ] = [a[p] as number[], a[q] as number[]];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [rowP[k] as number, rowQ[k] as number];
    rowP[k] = c * x - s * y;
    rowQ[k] = s * x + c * y;
  }
}

function at(a: Matrix, i: number, j: number): number {
  return a[i]?.[j] as number;
}

/** AᵀA of the rows of A. */
export function normalMatrix(rows: readonly (readonly number[])[]): Matrix {
  const n = rows[0]?.length ?? 0;
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      rows.reduce((sum, row) => sum + (row[i] as number) * (row[j] as number), 0),
    ),
  );
}

export interface Fit {
  values: number[];
  /** sum of the squares of what is left */
  cost: number;
  /** of the values, for residuals with a variance of 1; null: the equations do not tell all of them */
  covariance: Matrix | null;
}

/**
 * The unknowns that make the residuals small: Levenberg (1944), Marquardt (1963), with differences for derivatives.
 * @param residuals of the unknowns; null where they have no meaning
 */
export function fitLeastSquares(
  residuals: (x: readonly number[]) => number[] | null,
  start: number[],
): Fit | null {
  let x = start;
  let r = residuals(x);
  if (!r) return null;
  let cost = squares(r);
  let damping = 1e-3;
  for (let i = 0; i < 200 && damping < 1e12; i++) {
    const rows = derivatives(residuals, x, r);
    if (!rows) return null;
    const normal = normalMatrix(rows);
    const gradient = x.map((_, j) =>
      rows.reduce((sum, row, k) => sum + (row[j] as number) * (r?.[k] as number), 0),
    );
    const damped = normal.map((row, j) =>
      row.map((value, k) => (j === k ? value * (1 + damping) + 1e-12 : value)),
    );
    const step = inverse(damped);
    if (!step) return null;
    const next = x.map((value, j) => value - dot(step[j] as number[], gradient));
    const left = residuals(next);
    const nextCost = left ? squares(left) : Number.POSITIVE_INFINITY;
    if (!left || !(nextCost < cost)) {
      damping *= 10;
      continue;
    }
    const settled = cost - nextCost <= 1e-14 * cost;
    [x, r, cost, damping] = [next, left, nextCost, damping / 10];
    if (settled) break;
  }
  const rows = derivatives(residuals, x, r);
  return { values: x, cost, covariance: rows && inverse(normalMatrix(rows)) };
}

function derivatives(
  of: (x: readonly number[]) => number[] | null,
  x: readonly number[],
  r: number[],
): Matrix | null {
  const columns = x.map((value, j) => of(x.map((other, k) => (k === j ? value + 1e-6 : other))));
  if (columns.some((column) => column === null)) return null;
  return r.map((value, k) => columns.map((column) => ((column?.[k] as number) - value) / 1e-6));
}

/** Of a symmetric matrix with positive eigenvalues; null when there are none, or next to none. */
export function inverse(a: Matrix): Matrix | null {
  if (!a.every((row) => row.every(Number.isFinite))) return null;
  const { values, vectors } = symmetricEigen(a);
  const largest = values.at(-1) as number;
  if (!((values[0] as number) > 1e-14 * largest)) return null;
  return a.map((row, i) =>
    row.map((_, j) =>
      values.reduce(
        (sum, value, k) => sum + ((vectors[k]?.[i] as number) * (vectors[k]?.[j] as number)) / value,
        0,
      ),
    ),
  );
}

function squares(r: readonly number[]): number {
  return r.reduce((sum, value) => sum + value * value, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
