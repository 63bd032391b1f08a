/** Least squares of a model that is not linear, by Levenberg and Marquardt (Marquardt 1963, SIAM J. Appl. Math. 11, 431). */

/** Model value of one datum; writes the derivatives by each parameter. NaN where the parameters make no sense. */
export type Model = (parameters: Float64Array, datum: number, derivatives: Float64Array) => number;

export interface Fit {
  readonly parameters: Float64Array;
  /** Inverse of the curvature matrix, row-major; the weights are 1 / sigma^2. */
  readonly covariance: Float64Array;
  readonly chiSquare: number;
  readonly converged: boolean;
}

const MOST_STEPS = 200;

/** Inverse of a symmetric positive definite matrix by Cholesky's factors, or null. */
export function inverseOf(matrix: Float64Array, n: number): Float64Array | null {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (factor[i * n + k] as number) * (factor[j * n + k] as number);
      if (i !== j) factor[i * n + j] = sum / (factor[j * n + j] as number);
      else if (sum > 0) factor[i * n + i] = Math.sqrt(sum);
      else return null;
    }
  }
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    const solution = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = 0; k < i; k++) sum -= (factor[i * n + k] as number) * (solution[k] as number);
      solution[i] = sum / (factor[i * n + i] as number);
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = solution[i] as number;
      for (let k = i + 1; k < n; k++) sum -= (factor[k * n + i] as number) * (solution[k] as number);
      sum /= factor[i * n + i] as number;
      solution[i] = sum;
      inverse[i * n + column] = sum;
    }
  }
  return inverse;
}

interface Curvature {
  readonly matrix: Float64Array;
  readonly gradient: Float64Array;
  readonly chiSquare: number;
}

function curvatureAt(model: Model, data: Float64Array, weights: Float64Array, at: Float64Array): Curvature {
  const n = at.length;
  const matrix = new Float64Array(n * n);
  const gradient = new Float64Array(n);
  const derivatives = new Float64Array(n);
  let chiSquare = 0;
  for (let datum = 0; datum < data.length; datum++) {
    const residual = (data[datum] as number) - model(at, datum, derivatives);
    const weight = weights[datum] as number;
    chiSquare += weight * residual * residual;
    for (let i = 0; i < n; i++) {
      const scaled = weight * (derivatives[i] as number);
      gradient[i] = (gradient[i] as number) + scaled * residual;
      for (let j = 0; j <= i; j++) {
        matrix[i * n + j] = (matrix[i * n + j] as number) + scaled * (derivatives[j] as number);
      }
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) matrix[j * n + i] = matrix[i * n + j] as number;
  return { matrix, gradient, chiSquare };
}

/** Null where the start makes no sense or the data do not determine the parameters. */
export function fitModel(
  model: Model,
  data: Float64Array,
  weights: Float64Array,
  start: Float64Array,
): Fit | null {
  const n = start.length;
  let parameters = start;
  let here = curvatureAt(model, data, weights, parameters);
  if (!Number.isFinite(here.chiSquare)) return null;
  let damping = 1e-3;
  let converged = false;
  for (let step = 0; step < MOST_STEPS && !converged && damping < 1e12; step++) {
    const damped = here.matrix.slice();
    for (let i = 0; i < n; i++) damped[i * n + i] = (damped[i * n + i] as number) * (1 + damping);
    const inverse = inverseOf(damped, n);
    if (inverse === null) {
      damping *= 10;
      continue;
    }
    const trial = parameters.map((value, i) => {
      let move = 0;
      for (let j = 0; j < n; j++) move += (inverse[i * n + j] as number) * (here.gradient[j] as number);
      return value + move;
    });
    const there = curvatureAt(model, data, weights, trial);
    if (there.chiSquare <= here.chiSquare) {
      converged = here.chiSquare - there.chiSquare <= 1e-9 * here.chiSquare;
      parameters = trial;
      here = there;
      damping = Math.max(damping / 10, 1e-9);
    } else {
      damping *= 10;
    }
  }
  const covariance = inverseOf(here.matrix, n);
  // Damped to a standstill: no direction is downhill any more, to rounding.
  return (
    covariance && {
      parameters,
      covariance,
      chiSquare: here.chiSquare,
      converged: converged || damping >= 1e12,
    }
  );
}
