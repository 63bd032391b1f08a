/** Where a histogram-equalized picture has which brightness, from the percentiles of the image's pixels. */
import type { Limits } from './stretch.ts';

/**
 * The value at which that share of the pixels between the limits is reached; linear between percentiles. `percentiles`
 * are the values below which 0, 1, … 100 per cent of all pixels lie. Without pixels between the limits it is linear.
 */
export function equalizedValue(percentiles: readonly number[], [low, high]: Limits, share: number): number {
  const [from, to] = [shareBelow(percentiles, low), shareBelow(percentiles, high)];
  if (!(to > from)) return low + share * (high - low);
  const place = (from + share * (to - from)) * (percentiles.length - 1);
  const below = percentiles[Math.floor(place)] ?? low;
  const above = percentiles[Math.ceil(place)] ?? high;
  const value = below + (above - below) * (place - Math.floor(place));
  return Math.min(high, Math.max(low, value));
}

function shareBelow(percentiles: readonly number[], value: number): number {
  const last = percentiles.length - 1;
  const above = percentiles.findIndex((each) => each > value);
  if (above === 0) return 0;
  if (above < 0) return 1;
  const [a = value, b = value] = [percentiles[above - 1], percentiles[above]];
  return (above - 1 + (value - a) / (b - a)) / last;
}
