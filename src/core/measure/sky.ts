/** The sky under a star: a plane, fitted to the pixels that no source reaches. */
import { inverseOf } from './levenbergMarquardt.ts';
import type { Plane } from './plane.ts';
import { medianOf } from './plane.ts';
import type { Centre } from './radial.ts';
import { SIGMA_PER_MAD } from './statistics.ts';

export interface Sky {
  /** At the centre. */
  readonly level: number;
  /** Of one pixel, from the median absolute deviation. */
  readonly sigma: number;
  readonly slopeXPerPx: number;
  readonly slopeYPerPx: number;
  /** Pixels that were left after clipping. */
  readonly n: number;
}

const CLIP_SIGMA = 3;
const ROUNDS = 8;

/** Of the pixels whose distance from the centre is in inner <= r < outer. Null when fewer than `least` are there. */
export function skyAround(
  plane: Plane,
  centre: Centre,
  innerPx: number,
  outerPx: number,
  least: number,
): Sky | null {
  let kept: [dx: number, dy: number, value: number][] = [];
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const [dx, dy] = [x - centre.x, y - centre.y];
      const square = dx * dx + dy * dy;
      const value = plane.values[y * plane.width + x] as number;
      if (square >= innerPx * innerPx && square < outerPx * outerPx && Number.isFinite(value)) {
        kept.push([dx, dy, value]);
      }
    }
  }
  if (kept.length < least) return null;
  const all = kept;
  let slope = [0, 0] as [number, number];
  for (let round = 0; ; round++) {
    const [slopeX, slopeY] = slope;
    const residual = ([dx, dy, value]: [number, number, number]) => value - slopeX * dx - slopeY * dy;
    const level = medianOf(kept.map(residual));
    const sigma = SIGMA_PER_MAD * medianOf(kept.map((pixel) => Math.abs(residual(pixel) - level)));
    const n = kept.length;
    if (round === ROUNDS) return { level, sigma, slopeXPerPx: slopeX, slopeYPerPx: slopeY, n };
    kept = all.filter((pixel) => Math.abs(residual(pixel) - level) <= CLIP_SIGMA * sigma);
    slope = slopeOf(kept);
  }
}

function slopeOf(pixels: readonly [number, number, number][]): [number, number] {
  const n = pixels.length;
  const mean = [0, 1, 2].map((i) => pixels.reduce((sum, pixel) => sum + (pixel[i] as number), 0) / n);
  const [mx, my, mv] = mean as [number, number, number];
  let [xx, xy, yy, xv, yv] = [0, 0, 0, 0, 0];
  for (const [dx, dy, value] of pixels) {
    xx += (dx - mx) * (dx - mx);
    xy += (dx - mx) * (dy - my);
    yy += (dy - my) * (dy - my);
    xv += (dx - mx) * (value - mv);
    yv += (dy - my) * (value - mv);
  }
  const inverse = inverseOf(Float64Array.of(xx, xy, xy, yy), 2);
  // Pixels in one line have no plane.
  if (inverse === null) return [0, 0];
  const [a, b, , d] = inverse as unknown as [number, number, number, number];
  return [a * xv + b * yv, b * xv + d * yv];
}

/** The light above the sky; what is not finite is NaN. */
export function withoutSky(plane: Plane, centre: Centre, sky: Sky): Plane {
  const values = new Float64Array(plane.values.length);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const i = y * plane.width + x;
      const under = sky.level + sky.slopeXPerPx * (x - centre.x) + sky.slopeYPerPx * (y - centre.y);
      values[i] = (plane.values[i] as number) - under;
    }
  }
  return { width: plane.width, height: plane.height, values };
}
