import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thinMinMax } from './thin.ts';

const series = fc
  .array(fc.record({ step: fc.double({ min: 0, max: 100, noNaN: true }), value: fc.double() }), {
    maxLength: 400,
  })
  .map((points) => {
    let time = 0;
    const times = Float64Array.from(points, (p) => (time += p.step));
    return { times, values: Float64Array.from(points, (p) => p.value) };
  });

describe('thinMinMax', () => {
  it('keeps the extremes, the order and the bound of any series', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 3, max: 60 }), ({ times, values }, maxPoints) => {
        const thin = thinMinMax(times, values, maxPoints);
        expect(thin.times.length).toBeLessThanOrEqual(Math.max(maxPoints, 3));
        const numbers = (v: Float64Array) => [...v].filter((x) => !Number.isNaN(x));
        const before = numbers(values);
        if (before.length > 0) {
          expect(Math.max(...numbers(thin.values))).toBe(Math.max(...before));
          expect(Math.min(...numbers(thin.values))).toBe(Math.min(...before));
        }
        expect([...thin.times]).toEqual([...thin.times].sort((a, b) => a - b));
        // Every point is one of the series', at its own time.
        thin.times.forEach((t, i) => {
          const at = [...times.keys()].filter((k) => times[k] === t);
          expect(at.some((k) => Object.is(values[k], thin.values[i]))).toBe(true);
        });
      }),
    );
  });

  it('keeps a gap open', () => {
    const times = Float64Array.from({ length: 1000 }, (_, i) => i);
    const values = times.map((t) => (t > 400 && t < 600 ? NaN : Math.sin(t)));
    const thin = thinMinMax(times, values, 90);
    const gap = [...thin.times].filter((t, i) => t > 390 && t < 610 && Number.isNaN(thin.values[i]));
    expect(gap.length).toBeGreaterThan(0);
    const blinks = times.map((t) => (t % 3 === 0 ? NaN : 1));
    expect([...thinMinMax(times, blinks, 90).values].some(Number.isNaN)).toBe(false);
  });

  it('takes no time over a long gap', () => {
    const times = Float64Array.from({ length: 200_000 }, (_, i) => i);
    const began = performance.now();
    thinMinMax(times, new Float64Array(200_000).fill(NaN), 800);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('shows a spike of one sample among many', () => {
    const times = Float64Array.from({ length: 43_200 }, (_, i) => i);
    const values = new Float64Array(43_200);
    values[20_001] = 3;
    const thin = thinMinMax(times, values, 800);
    expect(thin.times[thin.values.indexOf(3)]).toBe(20_001);
  });
});
