/** Fewer points that draw the same line: the lowest and the highest of each stretch of time, at their own times. */

export interface Points {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/**
 * At most `maxPoints` points. Times must not decrease. A gap (NaN) that lies within a stretch of time is kept as one
 * gap point, so that the line stays open where nothing was measured; it may cost points, and stretches get longer then.
 */
export function thinMinMax(times: Float64Array, values: Float64Array, maxPoints: number): Points {
  const n = times.length;
  if (n <= maxPoints || n === 0) return { times, values };
  // Up to three points per stretch: minimum, maximum, gap.
  const stretches = Math.max(1, Math.floor(maxPoints / 3));
  const begin = times[0] as number;
  const width = ((times[n - 1] as number) - begin) / stretches || 1;
  const keep: number[] = [];
  let i = 0;
  for (let s = 0; s < stretches && i < n; s++) {
    const end = s === stretches - 1 ? Infinity : begin + (s + 1) * width;
    let low = -1;
    let high = -1;
    let gap = -1;
    for (; i < n && (times[i] as number) < end; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) {
        gap = i;
        continue;
      }
      if (low < 0 || value < (values[low] as number)) low = i;
      if (high < 0 || value > (values[high] as number)) high = i;
    }
    const chosen = [...new Set([low, high, gap])].filter((index) => index >= 0);
    chosen.sort((a, b) => a - b);
    keep.push(...chosen);
  }
  return {
    times: Float64Array.from(keep, (index) => times[index] as number),
    values: Float64Array.from(keep, (index) => values[index] as number),
  };
}
