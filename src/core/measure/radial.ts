/** Light around a point: apertures, radial profile, curve of growth. Radii in px from the point. */
import type { Plane } from './plane.ts';
import { valueAt } from './plane.ts';

/** Area of a circle about the origin over 0..x, 0..y, odd in x and in y. */
function quadrantArea(x: number, y: number, radius: number): number {
  const sign = Math.sign(x) * Math.sign(y);
  const a = Math.min(Math.abs(x), radius);
  const b = Math.min(Math.abs(y), radius);
  if (a * a + b * b <= radius * radius) return sign * a * b;
  const under = (t: number) =>
    (t * Math.sqrt(Math.max(0, radius * radius - t * t)) +
      radius * radius * Math.asin(Math.min(1, t / radius))) /
    2;
  const from = Math.sqrt(radius * radius - b * b);
  return sign * (b * from + under(a) - under(from));
}

/** The part of the pixel at (dx, dy) from a circle's centre that the circle covers, exact. */
export function overlap(dx: number, dy: number, radius: number): number {
  const distance = Math.sqrt(dx * dx + dy * dy);
  if (distance > radius + Math.SQRT1_2) return 0;
  if (distance < radius - Math.SQRT1_2) return 1;
  const [x0, x1, y0, y1] = [dx - 0.5, dx + 0.5, dy - 0.5, dy + 0.5];
  return (
    quadrantArea(x1, y1, radius) -
    quadrantArea(x0, y1, radius) -
    quadrantArea(x1, y0, radius) +
    quadrantArea(x0, y0, radius)
  );
}

export interface Centre {
  readonly x: number;
  readonly y: number;
}

/** The pixels that a circle touches, as x0 <= x <= x1, y0 <= y <= y1, inside of the image or not. */
function boxAround(centre: Centre, radius: number): { x0: number; x1: number; y0: number; y1: number } {
  return {
    x0: Math.ceil(centre.x - radius - 0.5),
    x1: Math.floor(centre.x + radius + 0.5),
    y0: Math.ceil(centre.y - radius - 0.5),
    y1: Math.floor(centre.y + radius + 0.5),
  };
}

/** A value, or where there is none that of the pixel opposite of the centre, or NaN. */
export function valueOrOpposite(plane: Plane, x: number, y: number, centre: Centre): number {
  const value = valueAt(plane, x, y);
  if (Number.isFinite(value)) return value;
  return valueAt(plane, Math.round(2 * centre.x - x), Math.round(2 * centre.y - y));
}

export interface Aperture {
  readonly sum: number;
  /** Of the pixels that gave a value, in px. */
  readonly area: number;
}

/** Pixels by the part that the circle covers; what has no value is taken from the opposite side, or is left out. */
export function apertureSum(plane: Plane, centre: Centre, radiusPx: number): Aperture {
  const { x0, x1, y0, y1 } = boxAround(centre, radiusPx);
  let sum = 0;
  let area = 0;
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const part = overlap(x - centre.x, y - centre.y, radiusPx);
      if (part === 0) continue;
      const value = valueOrOpposite(plane, x, y, centre);
      if (!Number.isFinite(value)) continue;
      sum += part * value;
      area += part;
    }
  }
  return { sum, area };
}

/** Curve of growth: sums within each radius. */
export function encircledEnergy(plane: Plane, centre: Centre, radiiPx: Float64Array): Float64Array {
  return radiiPx.map((radius) => apertureSum(plane, centre, radius).sum);
}

/** Bins without a pixel are not in it. `error` is that of the mean from the scatter, NaN for a single pixel. */
export interface RadialProfile {
  readonly radiusPx: Float64Array;
  readonly mean: Float64Array;
  readonly error: Float64Array;
  readonly n: Uint32Array;
}

/** Means of rings `binPx` wide; a bin's radius is the mean of its pixels' radii. */
export function radialProfile(plane: Plane, centre: Centre, maxRadiusPx: number, binPx = 1): RadialProfile {
  const bins = Math.max(1, Math.ceil(maxRadiusPx / binPx));
  const [n, radii, sums, squares] = [0, 1, 2, 3].map(() => new Float64Array(bins)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const { x0, x1, y0, y1 } = boxAround(centre, maxRadiusPx);
  for (const pass of ['sums', 'squares']) {
    for (let y = Math.max(0, y0); y <= Math.min(plane.height - 1, y1); y++) {
      for (let x = Math.max(0, x0); x <= Math.min(plane.width - 1, x1); x++) {
        const value = valueAt(plane, x, y);
        const radius = Math.sqrt((x - centre.x) ** 2 + (y - centre.y) ** 2);
        const bin = Math.floor(radius / binPx);
        if (bin >= bins || radius > maxRadiusPx || !Number.isFinite(value)) continue;
        if (pass === 'sums') {
          n[bin] = (n[bin] as number) + 1;
          radii[bin] = (radii[bin] as number) + radius;
          sums[bin] = (sums[bin] as number) + value;
        } else {
          squares[bin] = (squares[bin] as number) + (value - (sums[bin] as number) / (n[bin] as number)) ** 2;
        }
      }
    }
  }
  const used = [...n.keys()].filter((bin) => (n[bin] as number) > 0);
  const perUsed = (of: (bin: number, count: number) => number) =>
    Float64Array.from(used, (bin) => of(bin, n[bin] as number));
  return {
    radiusPx: perUsed((bin, count) => (radii[bin] as number) / count),
    mean: perUsed((bin, count) => (sums[bin] as number) / count),
    error: perUsed((bin, count) =>
      count > 1 ? Math.sqrt((squares[bin] as number) / (count - 1) / count) : NaN,
    ),
    n: Uint32Array.from(perUsed((_, count) => count)),
  };
}

/**
 * Full width at half of the maximum, NaN when the profile does not fall that low. The maximum of a star lies between
 * the pixels: the first two bins are extended to radius 0 as a parabola, unless the profile rises outwards.
 */
export function fwhmOfProfile({ radiusPx, mean }: RadialProfile): number {
  let top = 0;
  for (let i = 1; i < mean.length; i++) if ((mean[i] as number) > (mean[top] as number)) top = i;
  const [r1, r2] = [radiusPx[0] as number, radiusPx[1] as number];
  let maximum = mean[top] as number;
  if (top === 0 && mean.length > 1) {
    maximum += ((maximum - (mean[1] as number)) * r1 * r1) / (r2 * r2 - r1 * r1);
  }
  for (let i = top + 1; i < mean.length; i++) {
    const [before, after] = [mean[i - 1] as number, mean[i] as number];
    if (after > maximum / 2) continue;
    const [from, to] = [radiusPx[i - 1] as number, radiusPx[i] as number];
    return 2 * (from + ((before - maximum / 2) / (before - after)) * (to - from));
  }
  return NaN;
}
