/** Fewer points that draw the same line: the lowest and the highest of each stretch of time, at their own times. */

export interface Points {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/**
 * At most `maxPoints` points. Times must not decrease. A gap (NaN) stays open when it is longer than a stretch; a
 * shorter one is narrower than what the result can show.
 */
export function thinMinMax(times: Float64Array, values: Float64Array, maxPoints: number): Points {
  const n = times.length;
  if (n <= maxPoints || n === 0) return { times, values };
  // Up to three points per stretch: minimum, maximum, gap.
  const stretches = Math.max(1, Math.floor(maxPoints / 3));
  const begin = times[0] as number;
  const width = ((times[n - 1] as number) - begin) / stretches || 1;
  const keep: number[] = [];
  let lastNumberAt = begin;
  let nextNumber = 0;
  let i = 0;
  for (let s = 0; s < stretches && i < n; s++) {
    const end = s === stretches - 1 ? Infinity : begin + (s + 1) * width;
    let low = -1;
    let high = -1;
    let gap = -1;
    for (; i < n && (times[i] as number) < end; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) {
        nextNumber = Math.max(nextNumber, i);
        while (nextNumber < n && Number.isNaN(values[nextNumber] as number)) nextNumber++;
        const nextNumberAt = nextNumber < n ? (times[nextNumber] as number) : (times[n - 1] as number);
        if (nextNumberAt - lastNumberAt > width) gap = i;
        continue;
      }
      lastNumberAt = times[i] as number;
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
