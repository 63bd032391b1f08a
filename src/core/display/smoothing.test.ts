/** scipy.ndimage.gaussian_filter does the same, written by fixtures/smoothing.py. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { smoothed, smoothingRadius } from './smoothing.ts';

interface Expected {
  readonly width: number;
  readonly height: number;
  readonly images: readonly {
    readonly name: string;
    readonly values: readonly (number | null)[];
    readonly smoothed: readonly { readonly sigma: number; readonly values: readonly (number | null)[] }[];
  }[];
  readonly inside: {
    readonly sigma: number;
    readonly x: number;
    readonly y: number;
    readonly value: number;
  };
}

const FILE = resolve(import.meta.dirname, '../../../fixtures/smoothing/expected.json');
const { width, height, images, inside } = JSON.parse(readFileSync(FILE, 'utf8')) as Expected;
const gridOf = (values: readonly (number | null)[]) => ({
  width,
  height,
  values: Float32Array.from(values, (value) => value ?? Number.NaN),
});
const whole = { x0: 0, y0: 0, x1: width, y1: height };

const cases = images.flatMap(({ name, values, smoothed: all }) =>
  all.map(({ sigma, values: truth }) => [name, sigma, values, truth] as const),
);

describe('smoothed', () => {
  it.each(cases)('of the %s image by sigma %d px is what scipy makes of it', (_, sigma, values, truth) => {
    const ours = smoothed(gridOf(values), sigma, whole);
    expect(ours.holes).toBe(truth.includes(null));
    truth.forEach((value, i) => {
      if (value === null) expect(ours.values[i]).toBeNaN();
      else expect(Math.abs(ours.values[i]! - value)).toBeLessThan(1e-5 * Math.abs(value) + 1e-4);
    });
  });

  it('is gaussian_filter’s own far from the edges', () => {
    const { values } = smoothed(gridOf(images[0]!.values), inside.sigma, whole);
    expect(values[inside.y * width + inside.x]).toBeCloseTo(inside.value, 3);
  });

  it('of a part is that part of the whole, with the radius around it', () => {
    const sigma = 0.9;
    const radius = smoothingRadius(sigma);
    expect(radius).toBe(4);
    const { values } = gridOf(images[0]!.values);
    const all = smoothed(gridOf(images[0]!.values), sigma, whole);
    const part = { x0: 7, y0: 6, x1: 15, y1: 12 };
    const outer = { x0: 3, y0: 2, x1: 19, y1: 16 };
    const cut = new Float32Array(16 * 14).map(
      (_, i) => values[(outer.y0 + Math.floor(i / 16)) * width + outer.x0 + (i % 16)]!,
    );
    const ours = smoothed({ width: 16, height: 14, values: cut }, sigma, { x0: 4, y0: 4, x1: 12, y1: 10 });
    for (let y = part.y0; y < part.y1; y++) {
      for (let x = part.x0; x < part.x1; x++) {
        const at = (y - part.y0) * 8 + (x - part.x0);
        expect(ours.values[at]).toBeCloseTo(all.values[y * width + x]!, 4);
      }
    }
  });
});
