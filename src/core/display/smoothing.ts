/**
 * Gaussian smoothing of pixels some of which have no value: normalised convolution (Knutsson and Westin 1993), in which
 * a pixel without a value, and a place outside of the image, weighs nothing and the rest is weighted up.
 */
import type { Box } from '../frames.ts';

/** As scipy.ndimage.gaussian_filter cuts it by default. */
const TRUNCATED_AT_SIGMAS = 4;
/** A place has a value where pixels with one have at least this share of the weight of those that are there. */
const LEAST_SHARE = 1 / 3;

/** Row-major from the lowest row; NaN or an infinity is no value. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Pixels to both sides that take part; none below an eighth of a pixel. */
export function smoothingRadius(sigmaPx: number): number {
  return Math.floor(TRUNCATED_AT_SIGMAS * sigmaPx + 0.5);
}

/** From the middle outwards; both sides together are 1. */
function halfKernel(sigmaPx: number): Float64Array {
  const radius = smoothingRadius(sigmaPx);
  // Of a radius of 0 the sigma may be 0, too.
  const half = Float64Array.from({ length: radius + 1 }, (_, i) =>
    i ? Math.exp(-0.5 * (i / sigmaPx) ** 2) : 1,
  );
  const sum = half.reduce((all, weight) => all + 2 * weight, -1);
  return half.map((weight) => weight / sum);
}

export interface Smoothed {
  readonly values: Float32Array<ArrayBuffer>;
  /** A place without a value is among them. */
  readonly holes: boolean;
}

/**
 * The part of the grid inside of the box. The grid's edges count as the image's: where they are not, it has to reach
 * `smoothingRadius` beyond the box.
 */
export function smoothed(grid: Grid, sigmaPx: number, box: Box<'Cell'>): Smoothed {
  const kernel = halfKernel(sigmaPx);
  const { width, height, values } = grid;
  if (!hasHole(values)) return { values: convolved(grid, kernel, box), holes: false };
  const [filled, known] = [new Float32Array(values.length), new Float32Array(values.length)];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! - values[i]! !== 0) continue;
    filled[i] = values[i]!;
    known[i] = 1;
  }
  const share = convolved({ width, height, values: known }, kernel, box);
  const smooth = convolved({ width, height, values: filled }, kernel, box);
  let holes = false;
  for (let i = 0; i < smooth.length; i++) {
    const is = share[i]! >= LEAST_SHARE;
    smooth[i] = is ? smooth[i]! / share[i]! : Number.NaN;
    holes ||= !is;
  }
  return { values: smooth, holes };
}

/** NaN minus itself is NaN, and so is an infinity. */
function hasHole(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum !== 0;
}

/** One over the weight of the kernel that is inside of so many places, about each of them. */
function edgeFactors(half: Float64Array, length: number): Float64Array {
  return Float64Array.from({ length }, (_, at) => {
    let weight = half[0]!;
    for (let i = 1; i < half.length; i++) {
      weight += half[i]! * ((at - i >= 0 ? 1 : 0) + (at + i < length ? 1 : 0));
    }
    return 1 / weight;
  });
}

/** First along y, row by row as the pixels lie in memory, then along x; what is outside of the grid weighs nothing. */
function convolved(
  { width, height, values }: Grid,
  half: Float64Array,
  { x0, y0, x1, y1 }: Box<'Cell'>,
): Float32Array<ArrayBuffer> {
  const radius = half.length - 1;
  const [across, up] = [edgeFactors(half, width), edgeFactors(half, height)];
  const out = new Float32Array((x1 - x0) * (y1 - y0));
  // With room at both ends that stays zero.
  const row = new Float64Array(width + 2 * radius);
  let to = 0;
  for (let y = y0; y < y1; y++) {
    const middle = y * width;
    const factor = up[y]!;
    for (let x = 0; x < width; x++) row[x + radius] = half[0]! * values[middle + x]!;
    for (let i = 1; i <= radius; i++) {
      const weight = half[i]!;
      const [below, above] = [middle - i * width, middle + i * width];
      if (y - i >= 0 && y + i < height) {
        for (let x = 0; x < width; x++)
          row[x + radius]! += weight * (values[below + x]! + values[above + x]!);
      } else if (y - i >= 0) {
        for (let x = 0; x < width; x++) row[x + radius]! += weight * values[below + x]!;
      } else if (y + i < height) {
        for (let x = 0; x < width; x++) row[x + radius]! += weight * values[above + x]!;
      }
    }
    for (let x = x0; x < x1; x++) {
      const at = x + radius;
      let sum = half[0]! * row[at]!;
      for (let i = 1; i <= radius; i++) sum += half[i]! * (row[at - i]! + row[at + i]!);
      out[to++] = sum * factor * across[x]!;
    }
  }
  return out;
}
