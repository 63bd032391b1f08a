/** A night's trend as paths in a box of 100 x 100, y downwards. */
import type { HealthTrend, TrendExposure } from '../../../core/measure/healthTrend.ts';

export interface TrendLine {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** `changes`: each amplifier's values less the median of them. */
export function linesOf({ values }: HealthTrend, changes: boolean): TrendLine[] {
  return Object.entries(values).map(([name, own]) => {
    const middle = changes ? medianOf(own) : 0;
    return { name, values: own.map((value) => (value === null ? null : value - middle)) };
  });
}

/** Null without values; never empty, so that a constant line lies in the middle. */
export function extentOf(lines: readonly TrendLine[]): Extent | null {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of lines) {
    for (const value of values) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) return null;
  return low === high ? { low: low - 1, high: high + 1 } : { low, high };
}

/** 0 to 100 by sequence number. */
export function placesOf(exposures: readonly TrendExposure[]): number[] {
  const first = exposures[0]?.seqNum ?? 0;
  const span = (exposures.at(-1)?.seqNum ?? 0) - first;
  return exposures.map(({ seqNum }) => (span > 0 ? (100 * (seqNum - first)) / span : 50));
}

/** Null is a gap; a value between gaps becomes a line of no length, which round caps make a dot. */
export function pathOf(
  values: readonly (number | null)[],
  places: readonly number[],
  extent: Extent,
): string {
  let path = '';
  values.forEach((value, k) => {
    if (value === null) return;
    const x = places[k]!.toFixed(2);
    const y = (100 * ((extent.high - value) / (extent.high - extent.low))).toFixed(2);
    const starts = k === 0 || values[k - 1] === null;
    const alone = starts && (values[k + 1] ?? null) === null;
    path += `${starts ? 'M' : 'L'}${x} ${y}${alone ? 'h0' : ''}`;
  });
  return path;
}

function medianOf(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known[known.length >> 1] ?? 0;
}
