/** Values along lines, rows and columns of an image. Positions in px; NaN is no value and never counts. */
import type { Box, DetectorPixel } from '../frames.ts';
import type { Plane } from './plane.ts';
import { medianOf, valueAt } from './plane.ts';
import { SIGMA_PER_MAD } from './statistics.ts';

export interface Cut {
  readonly positionsPx: Float64Array;
  readonly values: Float64Array;
}

export interface LineCut extends Cut {
  /** Where each position lies. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

export type Combine = 'mean' | 'median';

function combined(values: readonly number[], how: Combine | 'sum'): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return NaN;
  if (how === 'median') return medianOf(finite);
  const sum = finite.reduce((a, b) => a + b, 0);
  return how === 'sum' ? sum : sum / finite.length;
}

/** From those of the four pixels around a place that have a value, by their shares; NaN where none has. */
function bilinear(pixelAt: PixelAt, x: number, y: number): number {
  let total = 0;
  let shares = 0;
  const [left, below] = [Math.floor(x), Math.floor(y)];
  for (let row = below; row <= below + 1; row++) {
    for (let column = left; column <= left + 1; column++) {
      const value = pixelAt(column, row);
      if (!Number.isFinite(value)) continue;
      const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      total += share * value;
      shares += share;
    }
  }
  return shares > 0 ? total / shares : NaN;
}

/** Where from + step * i lies between the pixels before the first and after the last one: half-open, of `count`. */
function onImage(from: number, step: number, size: number, count: number): readonly [number, number] {
  if (step === 0) return from > -1 && from < size ? [0, count] : [0, 0];
  const [a, b] = [(-1 - from) / step, (size - from) / step];
  // One more at each end: rounding takes none away, and what is outside has no value.
  return [Math.max(0, Math.floor(Math.min(a, b))), Math.min(count, Math.ceil(Math.max(a, b)) + 1)];
}

/** The value of a pixel; NaN where there is none. */
export type PixelAt = (x: number, y: number) => number;

/**
 * A value each px from `from` towards `to`, combined over `widthPx` lines side by side, 1 px apart. However long and wide
 * it is, only what lies on the image takes time.
 */
export function lineCut(
  plane: Plane,
  from: DetectorPixel,
  to: DetectorPixel,
  widthPx = 1,
  how: Combine = 'mean',
  pixelAt: PixelAt = (x, y) => valueAt(plane, x, y),
): LineCut {
  const length = Math.sqrt((to.x - from.x) ** 2 + (to.y - from.y) ** 2);
  const [unitX, unitY] = length > 0 ? [(to.x - from.x) / length, (to.y - from.y) / length] : [1, 0];
  const lines = Math.max(1, Math.round(widthPx));
  const positionsPx = Float64Array.from({ length: Math.floor(length) + 1 }, (_, i) => i);
  const x = positionsPx.map((at) => from.x + at * unitX);
  const y = positionsPx.map((at) => from.y + at * unitY);
  const first = (lines - 1) / 2;
  const values = positionsPx.map((_, i) => {
    const [atX, atY] = [x[i]!, y[i]!];
    const [a0, a1] = onImage(atX + first * unitY, -unitY, plane.width, lines);
    const [b0, b1] = onImage(atY - first * unitX, unitX, plane.height, lines);
    const across: number[] = [];
    for (let line = Math.max(a0, b0); line < Math.min(a1, b1); line++) {
      const offset = line - first;
      across.push(bilinear(pixelAt, atX - offset * unitY, atY + offset * unitX));
    }
    return combined(across, how);
  });
  return { positionsPx, x, y, values };
}

export function rowCut(plane: Plane, y: number): Cut {
  return projection(plane, { x0: 0, x1: plane.width, y0: y, y1: y + 1 }, 'x', 'mean');
}

export function columnCut(plane: Plane, x: number): Cut {
  return projection(plane, { x0: x, x1: x + 1, y0: 0, y1: plane.height }, 'y', 'mean');
}

/** One value for each column ('x') or row ('y') of the part of the box that is on the image. */
export function projection(plane: Plane, box: Box<'Detector'>, axis: 'x' | 'y', how: Combine | 'sum'): Cut {
  const [x0, x1] = [Math.max(0, box.x0), Math.min(plane.width, box.x1)];
  const [y0, y1] = [Math.max(0, box.y0), Math.min(plane.height, box.y1)];
  const [from, to] = axis === 'x' ? [x0, x1] : [y0, y1];
  const positionsPx = Float64Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  if (how !== 'median') return { positionsPx, values: projectedSum(plane, { x0, x1, y0, y1 }, axis, how) };
  const [acrossFrom, acrossTo] = axis === 'x' ? [y0, y1] : [x0, x1];
  const values = positionsPx.map((at) => {
    const across: number[] = [];
    for (let k = acrossFrom; k < acrossTo; k++) {
      across.push(axis === 'x' ? valueAt(plane, at, k) : valueAt(plane, k, at));
    }
    return combined(across, how);
  });
  return { positionsPx, values };
}

/** In the order of the pixels in memory: of a whole detector it is read once, and not by columns. */
function projectedSum(
  plane: Plane,
  { x0, x1, y0, y1 }: Box<'Detector'>,
  axis: 'x' | 'y',
  how: 'mean' | 'sum',
): Float64Array {
  const length = Math.max(0, axis === 'x' ? x1 - x0 : y1 - y0);
  const [sums, counts] = [new Float64Array(length), new Float64Array(length)];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const value = plane.values[y * plane.width + x]!;
      // NaN minus itself is NaN, and so is an infinity.
      if (value - value !== 0) continue;
      const at = axis === 'x' ? x - x0 : y - y0;
      sums[at]! += value;
      counts[at]! += 1;
    }
  }
  return sums.map((sum, i) => (counts[i] === 0 ? NaN : how === 'sum' ? sum : sum / counts[i]!));
}

/** The `widthPx` rows or columns about one, as far as the image has them; wider than the image is all of it. */
export function aside(middle: number, widthPx: number, size: number): readonly [from: number, to: number] {
  if (widthPx >= size) return [0, size];
  const half = (widthPx - 1) / 2;
  return [Math.max(0, Math.ceil(middle - half)), Math.min(size, Math.floor(middle + half) + 1)];
}

export interface CutWidth {
  readonly fwhmPx: number;
  readonly peakPositionPx: number;
  /** Above the background. */
  readonly peak: number;
  /** Below the peak, on the line between the medians of both ends. */
  readonly background: number;
}

const LEAST_PEAK_SIGMA = 5;
const LEAST_END_SAMPLES = 3;

/**
 * Width of the highest peak at half of its height above the line that joins the ends (a tenth of the samples each).
 * Undefined when the peak is less than five sigma of the ends or does not fall to half on both sides.
 */
export function fwhmOfCut(positionsPx: Float64Array, values: Float64Array): CutWidth | undefined {
  const used = [...values.keys()].filter((i) => Number.isFinite(values[i]));
  const at = used.map((i) => positionsPx[i] as number);
  const value = used.map((i) => values[i] as number);
  const n = Math.max(LEAST_END_SAMPLES, Math.round(used.length / 10));
  if (used.length < 2 * n + 3) return undefined;
  const [left, right] = [medianOf(value.slice(0, n)), medianOf(value.slice(-n))];
  const [leftAt, rightAt] = [medianOf(at.slice(0, n)), medianOf(at.slice(-n))];
  const under = (position: number) => left + ((right - left) * (position - leftAt)) / (rightAt - leftAt);
  const above = value.map((v, i) => v - under(at[i] as number));
  const ends = [...above.slice(0, n), ...above.slice(-n)];
  const sigma = SIGMA_PER_MAD * medianOf(ends.map(Math.abs));
  const top = above.reduce((best, v, i) => (v > (above[best] as number) ? i : best), 0);
  const peak = above[top] as number;
  if (!(peak > LEAST_PEAK_SIGMA * sigma)) return undefined;
  const crossing = (step: 1 | -1): number | undefined => {
    for (let i = top + step; i >= 0 && i < above.length; i += step) {
      const [inner, outer] = [above[i - step] as number, above[i] as number];
      if (outer > peak / 2) continue;
      const [innerAt, outerAt] = [at[i - step] as number, at[i] as number];
      return innerAt + ((inner - peak / 2) / (inner - outer)) * (outerAt - innerAt);
    }
    return undefined;
  };
  const [low, high] = [crossing(-1), crossing(1)];
  if (low === undefined || high === undefined) return undefined;
  const peakPositionPx = at[top] as number;
  return { fwhmPx: Math.abs(high - low), peakPositionPx, peak, background: under(peakPositionPx) };
}
