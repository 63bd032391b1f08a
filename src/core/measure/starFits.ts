/**
 * Elliptical Gaussian and Moffat (1969, A&A 3, 455) profiles fitted to a star.
 *
 * One formula serves both. With Q a quadratic form that is 1 on the ellipse of half the peak and u = 1 / beta,
 * I = peak (1 + (2^u - 1) Q)^(-1/u), which for u -> 0 is the Gaussian peak 2^-Q. The model is averaged over the pixel
 * (Gauss-Legendre, 2 x 2 points), so the widths are those of the light that falls on the pixels.
 */
import type { Model } from './levenbergMarquardt.ts';
import { fitModel } from './levenbergMarquardt.ts';

/** Where the frame is that of the plane that was fitted. Lengths in px, fluxes in the plane's unit. */
export interface StarFit {
  readonly x: number;
  readonly y: number;
  readonly xError: number;
  readonly yError: number;
  /** Of the star, above the sky, before the pixel averages over it. */
  readonly peak: number;
  /** What the fit adds to the sky that was subtracted. */
  readonly sky: number;
  /** Geometric mean of both axes. */
  readonly fwhmPx: number;
  readonly fwhmErrorPx: number;
  readonly fwhmMajorPx: number;
  readonly fwhmMinorPx: number;
  /** Null for the Gaussian. */
  readonly beta: number | null;
  readonly betaError: number | null;
  readonly chiSquarePerDof: number;
  readonly converged: boolean;
}

export interface PixelsToFit {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly light: Float64Array;
  readonly skyVariance: number;
  /** Electrons of a unit of light; null when photon noise is not known. */
  readonly electronPerUnit: number | null;
}

const POINTS = [-0.5 / Math.sqrt(3), 0.5 / Math.sqrt(3)];
/** beta = 100 cannot be told from a Gaussian, beta = 1 has no finite flux. */
const LEAST_U = 0.01;
const MOST_U = 1;

/** Parameters: peak, x, y, Qxx, Qxy, Qyy, sky and, unless `heldU` is given, u. */
function starModel(pixels: PixelsToFit, heldU: number | null): Model {
  return (parameters, datum, derivatives) => {
    const peak = parameters[0] as number;
    const x = parameters[1] as number;
    const y = parameters[2] as number;
    const xx = parameters[3] as number;
    const xy = parameters[4] as number;
    const yy = parameters[5] as number;
    const sky = parameters[6] as number;
    const u = heldU ?? (parameters[7] as number);
    if (!(xx > 0 && xx * yy - xy * xy > 0 && u >= 0 && u <= 2)) return NaN;
    const scale = 2 ** u - 1;
    let value = 0;
    derivatives.fill(0);
    for (const px of POINTS) {
      for (const py of POINTS) {
        const dx = (pixels.x[datum] as number) + px - x;
        const dy = (pixels.y[datum] as number) + py - y;
        const q = xx * dx * dx + 2 * xy * dx * dy + yy * dy * dy;
        const base = 1 + scale * q;
        const f = u > 0 ? Math.exp(-Math.log(base) / u) : Math.exp(-Math.LN2 * q);
        const byQ = (peak * (u > 0 ? (-scale / u) * (f / base) : -Math.LN2 * f)) / 4;
        value += f / 4;
        derivatives[1] = (derivatives[1] as number) - 2 * byQ * (xx * dx + xy * dy);
        derivatives[2] = (derivatives[2] as number) - 2 * byQ * (xy * dx + yy * dy);
        derivatives[3] = (derivatives[3] as number) + byQ * dx * dx;
        derivatives[4] = (derivatives[4] as number) + 2 * byQ * dx * dy;
        derivatives[5] = (derivatives[5] as number) + byQ * dy * dy;
        if (heldU === null) {
          const byU = f * (Math.log(base) / (u * u) - (q * (scale + 1) * Math.LN2) / (u * base));
          derivatives[7] = (derivatives[7] as number) + (peak * byU) / 4;
        }
      }
    }
    derivatives[0] = value;
    derivatives[6] = 1;
    return peak * value + sky;
  };
}

function fwhmOf(parameters: Float64Array): number {
  const [xx, xy, yy] = [parameters[3] as number, parameters[4] as number, parameters[5] as number];
  return 2 * (xx * yy - xy * xy) ** -0.25;
}

function variances(pixels: PixelsToFit, modelled: (datum: number) => number): Float64Array {
  return pixels.light.map((_, datum) => {
    const photons =
      pixels.electronPerUnit === null ? 0 : Math.max(0, modelled(datum)) / pixels.electronPerUnit;
    return 1 / (pixels.skyVariance + photons);
  });
}

export interface StarGuess {
  readonly x: number;
  readonly y: number;
  readonly peak: number;
  readonly fwhmPx: number;
}

/** Null when the pixels do not determine the profile. */
export function fitStar(
  pixels: PixelsToFit,
  profile: 'gaussian' | 'moffat',
  guess: StarGuess,
): StarFit | null {
  const q = 4 / guess.fwhmPx ** 2;
  const first = [guess.peak, guess.x, guess.y, q, 0, q, 0];
  let heldU = profile === 'gaussian' ? 0 : null;
  let parameters: Float64Array = Float64Array.from(heldU === null ? [...first, 1 / 3] : first);
  const scratch = new Float64Array(8);
  let fit = null;
  // The photon noise is that of the model, never of the data, which would pull the fit below them. Three rounds settle it.
  for (let round = 0; round < 3; round++) {
    const model = starModel(pixels, heldU);
    const sky = round === 0 ? 0 : (parameters[6] as number);
    const weights = variances(pixels, (datum) => model(parameters, datum, scratch) - sky);
    fit = fitModel(model, pixels.light, weights, parameters);
    if (fit === null) return null;
    parameters = fit.parameters;
    const u = parameters[7];
    if (round < 2 && u !== undefined && (u < LEAST_U || u > MOST_U)) {
      heldU = u < LEAST_U ? LEAST_U : MOST_U;
      parameters = parameters.slice(0, 7);
    }
  }
  if (fit === null) return null;
  const n = parameters.length;
  const dof = pixels.light.length - n;
  if (dof < 1) return null;
  const chiSquarePerDof = fit.chiSquare / dof;
  // A profile that does not describe the star is not known better than it describes it.
  const inflation = Math.max(1, chiSquarePerDof);
  const variance = (i: number, j = i) => inflation * (fit.covariance[i * n + j] as number);

  const fwhmPx = fwhmOf(parameters);
  const [xx, xy, yy] = [parameters[3] as number, parameters[4] as number, parameters[5] as number];
  const determinant = xx * yy - xy * xy;
  const slope = [yy, -2 * xy, xx].map((d) => (-0.25 * fwhmPx * d) / determinant);
  let fwhmVariance = 0;
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++)
      fwhmVariance += (slope[i] as number) * (slope[j] as number) * variance(i + 3, j + 3);
  }
  const half = (xx + yy) / 2;
  const spread = Math.sqrt(((xx - yy) / 2) ** 2 + xy ** 2);
  const u = heldU ?? (parameters[7] as number);
  return {
    x: parameters[1] as number,
    y: parameters[2] as number,
    xError: Math.sqrt(variance(1)),
    yError: Math.sqrt(variance(2)),
    peak: parameters[0] as number,
    sky: parameters[6] as number,
    fwhmPx,
    fwhmErrorPx: Math.sqrt(fwhmVariance),
    fwhmMajorPx: 2 / Math.sqrt(half - spread),
    fwhmMinorPx: 2 / Math.sqrt(half + spread),
    beta: profile === 'moffat' ? 1 / u : null,
    betaError: heldU === null ? Math.sqrt(variance(7)) / (u * u) : null,
    chiSquarePerDof,
    converged: fit.converged,
  };
}

/** A fit's circular profile of the same area at a radius, above the sky. */
export function profileOfFit(fit: StarFit, radiusPx: number): number {
  const q = ((2 * radiusPx) / fit.fwhmPx) ** 2;
  return fit.beta === null ? fit.peak * 2 ** -q : fit.peak * (1 + (2 ** (1 / fit.beta) - 1) * q) ** -fit.beta;
}

/** The part of a fit's light within a radius, of the circular profile of the same area. */
export function fractionWithin(fit: StarFit, radiusPx: number): number {
  const q = ((2 * radiusPx) / fit.fwhmPx) ** 2;
  return fit.beta === null ? 1 - 2 ** -q : 1 - (1 + (2 ** (1 / fit.beta) - 1) * q) ** (1 - fit.beta);
}
