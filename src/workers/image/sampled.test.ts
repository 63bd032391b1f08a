/** The sampled statistics against the same numbers worked out in the plainest way; images without anything to count. */
import { readFile } from 'node:fs/promises';
import type { Engine } from 'astro-fits-wasm';
import { createEngine } from 'astro-fits-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { equalizedValue } from '../../core/display/equalized.ts';
import { usableLimits } from '../../core/display/stretch.ts';
import { equalizing, sampled } from './sampled.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine(await readFile(new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url)));
});

function of(width: number, height: number, value: (i: number) => number) {
  const plane = engine.plane('f32', width, height);
  const pixels = plane.view() as Float32Array;
  for (let i = 0; i < pixels.length; i++) pixels[i] = value(i);
  const answer = sampled(engine, plane, []);
  engine.free(plane);
  return answer;
}

/** Of all pixels: the images here are smaller than a sample. */
function plainMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? NaN) + (sorted[Math.ceil(half)] ?? NaN)) / 2;
}

describe('sampled', () => {
  it.each([
    ['an odd number', 9, 11],
    ['an even number', 8, 10],
    ['one', 1, 1],
    ['two', 2, 1],
  ])('gives the median and the robust sigma of %s of pixels', (_name, width, height) => {
    const value = (i: number) => Math.fround(((i * 7919) % 101) - 30 + (i % 9 === 0 ? 500 : 0));
    const { statistics, sorted } = of(width, height, value);
    const values = Array.from({ length: width * height }, (_, i) => value(i));
    const median = plainMedian(values);
    expect(statistics.median).toBe(median);
    expect(statistics.robustSigma).toBeCloseTo(
      1.4826 * plainMedian(values.map((v) => Math.abs(v - median))),
      4,
    );
    expect([statistics.min, statistics.max]).toEqual([Math.min(...values), Math.max(...values)]);
    expect(sorted).toHaveLength(values.length);
    expect(statistics.histogram.counts.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(values.length);
  });

  it('leaves out pixels without a value', () => {
    const { statistics } = of(30, 30, (i) => (i % 3 === 0 ? NaN : i % 3 === 1 ? Infinity : 5));
    expect(statistics).toMatchObject({ min: 5, max: 5, median: 5, robustSigma: 0 });
  });

  it.each([
    ['NaN', NaN],
    ['infinity', Infinity],
  ])('has no numbers for an image of %s alone, and drawing still has two limits', (_name, only) => {
    const { statistics, sorted } = of(20, 20, () => only);
    expect(sorted).toHaveLength(0);
    expect(statistics.median).toBeNaN();
    const { zscale, min, max } = statistics;
    for (const limits of [zscale, [min, max]] as const) {
      const [low, high] = usableLimits(limits);
      expect(high).toBeGreaterThan(low);
    }
    expect([...equalizing(sorted, [0, 1], 4)].every(Number.isFinite)).toBe(true);
  });

  it('has percentiles that tell which value an equalized picture draws how bright', () => {
    // A background with noise, and a tail.
    const { statistics, sorted } = of(
      150,
      150,
      (i) => 100 + ((i * 7919) % 101) ** 2 / 500 + (i % 40 === 0 ? i : 0),
    );
    const limits = [101, 118] as const;
    const drawn = equalizing(sorted, limits, 1701);
    for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) {
      const value = equalizedValue(statistics.percentiles, limits, share);
      expect(drawn[Math.round((value - 101) * 100)]).toBeCloseTo(share, 1);
    }
  });
});
