import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogramOf, PERCENTILES, regionStatistics, SIGMA_PER_MAD } from './statistics.ts';

/** numpy's default: linear between order statistics. */
function quantileOfSorted(sorted: Float32Array, fraction: number): number {
  const rank = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] as number;
  return low + ((sorted[Math.ceil(rank)] as number) - low) * (rank - Math.floor(rank));
}

const anyFloats = fc.float32Array({ minLength: 1, maxLength: 200 });
const moderate = fc.float({ min: -1e6, max: 1e6, noNaN: true, noDefaultInfinity: true });

describe('regionStatistics', () => {
  it('equals sorting, whatever the bits', () => {
    fc.assert(
      fc.property(anyFloats, (values) => {
        const finite = values.filter(Number.isFinite).sort();
        const found = regionStatistics(values);
        expect(found.n).toBe(finite.length);
        expect(found.notFinite).toBe(values.length - finite.length);
        if (finite.length === 0) {
          expect(found.median).toBeNaN();
          return;
        }
        expect(found.min).toBe((finite[0] as number) + 0);
        expect(found.max).toBe((finite.at(-1) as number) + 0);
        expect(found.median).toBe(quantileOfSorted(finite, 0.5) + 0);
        for (const p of PERCENTILES) expect(found.percentiles[p]).toBe(quantileOfSorted(finite, p / 100) + 0);
        const total = finite.reduce((a, b) => a + b, 0);
        const size = finite.reduce((a, b) => a + Math.abs(b), 0);
        expect(Math.abs(found.sum - total)).toBeLessThanOrEqual(1e-13 * size);
      }),
    );
  });

  it('gives spread as the definitions do', () => {
    fc.assert(
      fc.property(fc.array(moderate, { minLength: 2, maxLength: 300 }), (list) => {
        const values = Float32Array.from(list);
        const found = regionStatistics(values);
        const deviations = values.map((v) => Math.abs(v - found.median)).sort();
        expect(found.robustSigma).toBe(SIGMA_PER_MAD * quantileOfSorted(deviations, 0.5));
        const variance = values.reduce((a, v) => a + (v - found.mean) ** 2, 0) / (values.length - 1);
        expect(found.standardDeviation).toBeCloseTo(Math.sqrt(variance), 6);
      }),
    );
  });

  // Each is 20,000 values: many to a bin, as fuzzed ones are not.
  it.each<[string, (unit: () => number) => number]>([
    ['sky', (unit) => 300 + 10 * (unit() + unit() + unit() - 1.5) + (unit() < 0.01 ? 3000 * unit() : 0)],
    ['sky about zero', (unit) => 10 * (unit() + unit() + unit() - 1.5)],
    ['whole numbers of a raw', (unit) => Math.round(20_000 + 20 * unit() + 20 * unit())],
    ['one value', () => 42],
    ['two values, none between them', (unit) => (unit() < 0.5 ? -1e30 : 1e30)],
    ['two heaps, with nothing near the median', (unit) => Math.sign(unit() - 0.5) * (1 + unit())],
    ['deviations that overflow', (unit) => (unit() < 0.4 ? -3.4e38 : 3e38 * unit())],
    ['small numbers far from large ones', (unit) => (unit() < 0.5 ? 1000 : Math.exp(60 * unit() - 90))],
    ['values that are not finite', (unit) => (unit() < 0.2 ? (unit() < 0.5 ? NaN : -Infinity) : 7 * unit())],
  ])('equals sorting %s', (_name, draw) => {
    let seed = 1;
    const unit = () => (seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
    const values = Float32Array.from({ length: 20_001 }, () => draw(unit)).subarray(1);
    const found = regionStatistics(values);
    const finite = values.filter(Number.isFinite).sort();
    for (const p of PERCENTILES) expect(found.percentiles[p]).toBe(quantileOfSorted(finite, p / 100));
    expect([found.min, found.max]).toEqual([finite[0], finite.at(-1)]);
    expect(found.median).toBe(quantileOfSorted(finite, 0.5));
    const deviations = finite.map((value) => Math.abs(value - found.median));
    const sorted = deviations.filter(Number.isFinite).sort();
    expect(found.robustSigma).toBe(SIGMA_PER_MAD * quantileOfSorted(sorted, 0.5));
    const spread = Math.sqrt(finite.reduce((a, v) => a + (v - found.mean) ** 2, 0) / (finite.length - 1));
    expect(Math.abs(found.standardDeviation - spread)).toBeLessThanOrEqual(1e-9 * spread);
  });

  it('measures the first `count` values of a view into a larger buffer', () => {
    const values = Float32Array.of(9, 9, 1, 2, 3, 4, 9).subarray(2);
    expect(regionStatistics(values, 4)).toMatchObject({ n: 4, sum: 10, median: 2.5, min: 1, max: 4 });
  });

  it('says NaN for nothing and for the spread of one value', () => {
    expect(regionStatistics(new Float32Array(0))).toMatchObject({ n: 0, sum: 0, mean: NaN, max: NaN });
    expect(regionStatistics(Float32Array.of(NaN, Infinity, -Infinity))).toMatchObject({ n: 0, notFinite: 3 });
    expect(regionStatistics(Float32Array.of(7))).toMatchObject({
      median: 7,
      robustSigma: 0,
      standardDeviation: NaN,
    });
  });
});

describe('histogramOf', () => {
  it('puts every number into a bin, below or above', () => {
    fc.assert(
      fc.property(anyFloats, fc.integer({ min: 1, max: 50 }), moderate, (values, bins, low) => {
        const { counts, below, above } = histogramOf(values, { bins, low, high: low + 100 });
        const inside = values.filter((v) => v >= low && v <= low + 100).length;
        expect(counts.reduce((a, b) => a + b, 0)).toBe(inside);
        expect(below + above + inside).toBe(values.filter((v) => !Number.isNaN(v)).length);
      }),
    );
  });

  it('closes the last bin and refuses impossible limits', () => {
    const found = histogramOf(Float32Array.of(-1, 0, 0.5, 1, 2, 2.5), { bins: 2, low: 0, high: 2 });
    expect([...found.counts]).toEqual([2, 2]);
    expect([found.below, found.above]).toEqual([1, 1]);
    expect(() => histogramOf(new Float32Array(1), { bins: 2, low: 1, high: 1 })).toThrow('low < high');
    expect(() => histogramOf(new Float32Array(1), { bins: 0, low: 0, high: 1 })).toThrow('1 bin');
  });
});
