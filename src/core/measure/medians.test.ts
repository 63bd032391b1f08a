import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { medianNear, medianOf, robustSigmaOf, SIGMA_PER_MAD } from './medians.ts';

function sortedMedian(values: Float32Array): number {
  const sorted = values.toSorted();
  const n = sorted.length;
  // Which of two zeros is which rank is nobody's to say.
  return (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2 + 0;
}

/** Many equal ones among them, as in raws. */
const numbers = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.float({ noNaN: true, noDefaultInfinity: true })), {
      minLength: 1,
      maxLength,
    })
    .map((list) => Float32Array.from(list));

describe('medians', () => {
  it('are those of sorted values, which stay as they are', () => {
    fc.assert(
      fc.property(numbers(40), fc.integer({ min: 1, max: 200 }), (few, times) => {
        const values = Float32Array.from({ length: few.length * times }, (_, i) => few[i % few.length]!);
        const before = values.slice();
        expect(medianOf(values)).toBe(sortedMedian(values));
        expect(values).toEqual(before);
      }),
    );
  });

  it('do not depend on the guess', () => {
    fc.assert(
      fc.property(numbers(60), fc.float({ noNaN: true }), fc.float({ noNaN: true }), (values, low, high) => {
        expect(medianNear(values, low, high)).toBe(sortedMedian(values));
      }),
    );
  });

  it('stand values in order, which a sample at even steps sees badly', () => {
    for (const n of [1000, 1001, 65_536]) {
      const rising = Float32Array.from({ length: n }, (_, i) => i);
      const sawtooth = Float32Array.from({ length: n }, (_, i) => (i % 16) * 1e6);
      expect(medianOf(rising)).toBe((n - 1) / 2);
      expect(medianOf(rising.toReversed())).toBe((n - 1) / 2);
      expect(medianOf(sawtooth)).toBe(sortedMedian(sawtooth));
    }
  });

  it('are not numbers where there are no values', () => {
    expect(medianOf(new Float32Array())).toBeNaN();
    expect(robustSigmaOf(new Float32Array())).toBeNaN();
  });

  it('give the deviation', () => {
    expect(robustSigmaOf(Float32Array.of(1, 2, 3, 4, 100))).toBeCloseTo(SIGMA_PER_MAD, 6);
  });
});
