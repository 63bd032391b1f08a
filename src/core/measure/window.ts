/**
 * Windowed centroid and second moments: sums under a round Gaussian that moves with the star and takes its width
 * (windowed positions of SExtractor, Bertin & Arnouts 1996, A&AS 117, 393, and its manual). The weight is taken out of
 * the moments as it is for a Gaussian star: inverse(measured) = inverse(star) + inverse(window).
 */
import type { Plane } from './plane.ts';
import type { Centre } from './radial.ts';
import { valueOrOpposite } from './radial.ts';

export interface Windowed {
  readonly x: number;
  readonly y: number;
  readonly xError: number;
  readonly yError: number;
  /** Sigma of the window, and so of the star, px. */
  readonly sigmaPx: number;
  /** Second moments of the star, px^2. */
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
}

export interface Noise {
  readonly skyVariance: number;
  readonly electronPerUnit: number | null;
}

const REACH_SIGMA = 5;
const MOST_ROUNDS = 100;
const LEAST_SIGMA_PX = 0.6;

function sumsUnder(light: Plane, centre: Centre, sigma: number, noise: Noise) {
  const reach = REACH_SIGMA * sigma;
  const sums = { flux: 0, x: 0, y: 0, xx: 0, xy: 0, yy: 0, varianceX: 0, varianceY: 0 };
  for (let y = Math.ceil(centre.y - reach); y <= centre.y + reach; y++) {
    for (let x = Math.ceil(centre.x - reach); x <= centre.x + reach; x++) {
      const value = valueOrOpposite(light, x, y, centre);
      if (!Number.isFinite(value)) continue;
      const dx = x - centre.x;
      const dy = y - centre.y;
      const weight = Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
      const photons = noise.electronPerUnit === null ? 0 : Math.max(0, value) / noise.electronPerUnit;
      const variance = weight * weight * (noise.skyVariance + photons);
      sums.flux += weight * value;
      sums.x += weight * value * dx;
      sums.y += weight * value * dy;
      sums.xx += weight * value * dx * dx;
      sums.xy += weight * value * dx * dy;
      sums.yy += weight * value * dy * dy;
      sums.varianceX += variance * dx * dx;
      sums.varianceY += variance * dy * dy;
    }
  }
  return sums;
}

/** Null when there is no light under the window or it runs away from `start` by more than `farthestPx`. */
export function windowed(
  light: Plane,
  start: Centre,
  startSigmaPx: number,
  noise: Noise,
  farthestPx: number,
): Windowed | null {
  let centre = start;
  let sigma = startSigmaPx;
  // A star that fills the image more than this cannot be told from the sky.
  const mostSigma = Math.max(LEAST_SIGMA_PX, Math.max(light.width, light.height) / 4);
  for (let round = 0; ; round++) {
    const sums = sumsUnder(light, centre, sigma, noise);
    if (!(sums.flux > 0)) return null;
    const [stepX, stepY] = [(2 * sums.x) / sums.flux, (2 * sums.y) / sums.flux];
    const [xx, xy, yy] = [sums.xx / sums.flux, sums.xy / sums.flux, sums.yy / sums.flux];
    const half = (xx + yy) / 2;
    const inverse = 1 / half - 1 / (sigma * sigma);
    const wanted = half > 0 ? (inverse > 0 ? Math.sqrt(1 / inverse) : Infinity) : 0;
    // Half of the way: where noise shapes the light, whole steps swing to and fro.
    const bounded = Math.min(1.5 * sigma, Math.max(0.7 * sigma, (sigma + wanted) / 2));
    const next = Math.min(mostSigma, Math.max(LEAST_SIGMA_PX, bounded));
    const settled = Math.abs(stepX) + Math.abs(stepY) + Math.abs(next - sigma) < 1e-9;
    if (settled || round === MOST_ROUNDS) {
      return {
        x: centre.x,
        y: centre.y,
        xError: (2 * Math.sqrt(sums.varianceX)) / sums.flux,
        yError: (2 * Math.sqrt(sums.varianceY)) / sums.flux,
        sigmaPx: sigma,
        ...unweighted(xx, xy, yy, sigma),
      };
    }
    // A long step is a poor one: the window has not found the star yet.
    const shorten = Math.min(1, sigma / Math.sqrt(stepX * stepX + stepY * stepY));
    centre = { x: centre.x + shorten * stepX, y: centre.y + shorten * stepY };
    sigma = next;
    if (Math.abs(centre.x - start.x) + Math.abs(centre.y - start.y) > farthestPx) return null;
  }
}

/** Takes the window out of moments; along a direction that is wider than the window can tell, they stay as they are. */
function unweighted(
  xx: number,
  xy: number,
  yy: number,
  sigma: number,
): { xx: number; xy: number; yy: number } {
  const measured = xx * yy - xy * xy;
  const [a, b, d] = [yy / measured - 1 / sigma ** 2, -xy / measured, xx / measured - 1 / sigma ** 2];
  const determinant = a * d - b * b;
  if (!(measured > 0 && a > 0 && determinant > 0)) return { xx, xy, yy };
  return { xx: d / determinant, xy: -b / determinant, yy: a / determinant };
}
