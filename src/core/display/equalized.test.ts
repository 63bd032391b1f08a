import { describe, expect, it } from 'vitest';
import { equalizedValue } from './equalized.ts';

/** Of an exponential distribution. */
const percentiles = Array.from({ length: 101 }, (_, i) => -Math.log(1 - Math.min(0.9999, i / 100)));
const shareBelow = (value: number) => 1 - Math.exp(-value);

describe('equalizedValue', () => {
  it.each([
    [0, 3],
    [0.2, 0.9],
    [-5, 2],
  ])('is where that share of the pixels between %d and %d is reached', (low, high) => {
    const [from, to] = [shareBelow(Math.max(0, low)), shareBelow(high)];
    for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) {
      const value = equalizedValue(percentiles, [low, high], share);
      expect((shareBelow(value) - from) / (to - from)).toBeCloseTo(share, 2);
    }
  });

  it('ends at the limits, and is linear where no pixel lies between them', () => {
    expect(equalizedValue(percentiles, [0.2, 0.9], 0)).toBeCloseTo(0.2, 9);
    expect(equalizedValue(percentiles, [0.2, 0.9], 1)).toBeCloseTo(0.9, 9);
    expect(equalizedValue(percentiles, [50, 60], 0.25)).toBe(52.5);
    expect(equalizedValue([NaN, NaN], [0, 1], 0.5)).toBe(0.5);
  });
});
