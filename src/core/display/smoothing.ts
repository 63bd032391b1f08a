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

/**
 * First along y, row by row as the pixels lie in memory, then along x; what is outside of the grid weighs nothing. Four
 * rows and four places are taken at a time, which halves the time of one by one.
 */
function convolved(
  { width, height, values }: Grid,
  half: Float64Array,
  { x0, y0, x1, y1 }: Box<'Cell'>,
): Float32Array<ArrayBuffer> {
  const radius = half.length - 1;
  const [across, up] = [edgeFactors(half, width), edgeFactors(half, height)];
  const columns = x1 - x0;
  // The last four places of a row may reach into the next one, which is written after it.
  const out = new Float32Array(columns * (y1 - y0) + 3);
  // With room at both ends that stays zero.
  const row = new Float64Array(width + 2 * radius + 3);
  for (let y = y0; y < y1; y++) {
    addRows({ width, height, values }, half, y, row.subarray(radius, radius + width));
    const to = (y - y0) * columns;
    for (let x = x0; x < x1; x += 4) {
      const at = x + radius;
      let a = half[0]! * row[at]!;
      let b = half[0]! * row[at + 1]!;
      let c = half[0]! * row[at + 2]!;
      let d = half[0]! * row[at + 3]!;
      for (let i = 1; i <= radius; i++) {
        const weight = half[i]!;
        a += weight * (row[at - i]! + row[at + i]!);
        b += weight * (row[at - i + 1]! + row[at + i + 1]!);
        c += weight * (row[at - i + 2]! + row[at + i + 2]!);
        d += weight * (row[at - i + 3]! + row[at + i + 3]!);
      }
      const place = to + x - x0;
      out[place] = a * up[y]! * across[x]!;
      out[place + 1] = b * up[y]! * across[x + 1]!;
      out[place + 2] = c * up[y]! * across[x + 2]!;
      out[place + 3] = d * up[y]! * across[x + 3]!;
    }
  }
  return out.subarray(0, columns * (y1 - y0));
}

/** The weighted sum of the rows about one of them. */
function addRows({ width, height, values }: Grid, half: Float64Array, y: number, sum: Float64Array): void {
  const first = Math.max(0, y - half.length + 1);
  const last = Math.min(height - 1, y + half.length - 1);
  // Beyond the last row that counts, that row again without a weight.
  const weightOf = (other: number) => (other <= last ? half[Math.abs(other - y)]! : 0);
  sum.fill(0);
  for (let other = first; other <= last; other += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => Math.min(last, other + i) * width) as [
      number,
      number,
      number,
      number,
    ];
    const weights = [0, 1, 2, 3].map((i) => weightOf(other + i)) as [number, number, number, number];
    const [wa, wb, wc, wd] = weights;
    for (let x = 0; x < width; x++) {
      sum[x]! += wa * values[a + x]! + wb * values[b + x]! + wc * values[c + x]! + wd * values[d + x]!;
    }
  }
}
