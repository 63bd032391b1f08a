/** Against the truth of a simulated field and what photutils finds in it, written by fixtures/sources.py. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Source, SourceImage } from './detectSources.ts';
import { detectSources } from './detectSources.ts';
import type { Plane } from './plane.ts';

interface Star {
  readonly x: number;
  readonly y: number;
  readonly flux: number;
}

interface Expected {
  readonly width: number;
  readonly height: number;
  readonly stepX: number;
  readonly fwhmPx: number;
  readonly noiseAdu: number;
  readonly stars: readonly Star[];
  readonly photutils: readonly Star[];
}

const FOLDER = resolve(import.meta.dirname, '../../../fixtures/sources');
const expected = JSON.parse(readFileSync(resolve(FOLDER, 'expected.json'), 'utf8')) as Expected;
const bytes = new Uint8Array(gunzipSync(readFileSync(resolve(FOLDER, 'image.i16.gz'))));
const { width, height, stepX, fwhmPx, noiseAdu, stars } = expected;
const field: Plane = { width, height, values: Float32Array.from(new Int16Array(bytes.buffer)) };
const BIN_PX = 4;

function binned({ width: w, height: h, values }: Plane): Plane {
  const [columns, rows] = [Math.ceil(w / BIN_PX), Math.ceil(h / BIN_PX)];
  const out = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let [sum, n] = [0, 0];
      for (let y = row * BIN_PX; y < Math.min(h, (row + 1) * BIN_PX); y++) {
        for (let x = column * BIN_PX; x < Math.min(w, (column + 1) * BIN_PX); x++) {
          const value = values[y * w + x] as number;
          if (Number.isNaN(value)) continue;
          sum += value;
          n += 1;
        }
      }
      out[row * columns + column] = sum / n;
    }
  }
  return { width: columns, height: rows, values: out };
}

function imageOf(pixels: Plane, other: Partial<SourceImage> = {}): SourceImage {
  const half = (x0: number, x1: number) =>
    ({ x0, y0: 0, x1, y1: pixels.height }) as SourceImage['amplifiers'][number];
  return {
    pixels,
    binned: binned(pixels),
    binPx: BIN_PX,
    amplifiers: [half(0, stepX), half(stepX, width)],
    electronPerUnitAt: () => null,
    isSaturated: () => false,
    ...other,
  };
}

function found(image: SourceImage): Source[] {
  const looking = detectSources(image);
  for (;;) {
    const { done, value } = looking.next();
    if (done) return value;
  }
}

const near = (sources: readonly Source[], { x, y }: Star): Source | undefined =>
  sources.find((source) => Math.hypot(source.x - x, source.y - y) < fwhmPx / 2);

describe('the sources of a field', () => {
  const sources = found(imageOf(field));

  it('are all of its stars, brightest first, and neither hot pixels nor steps between amplifiers', () => {
    expect(stars.filter((star) => !near(sources, star))).toEqual([]);
    expect(sources.filter((source) => !stars.some((star) => near([source], star)))).toEqual([]);
    expect(sources).toHaveLength(stars.length);
    expect(near(sources.slice(0, 3), stars.toSorted((a, b) => b.flux - a.flux)[0]!)).toBeDefined();
  });

  it('are those that photutils finds', () => {
    const { photutils } = expected;
    for (const star of photutils) expect(near(sources, star), JSON.stringify(star)).toBeDefined();
    // The fainter one of the pair is not parted by it.
    const others = sources.filter((source) => !photutils.some((star) => near([source], star)));
    expect(others).toEqual([near(sources, stars.at(-1)!)]);
  });

  it('lie where the stars are, have their light and their width', () => {
    for (const star of stars) {
      const source = near(sources, star)!;
      // The errors of a Gaussian star on sky noise (King 1983, PASP 95, 163); the two of the pair share light.
      const paired = stars.some(
        (other) => other !== star && Math.hypot(other.x - star.x, other.y - star.y) < 30,
      );
      const sigmaPx = fwhmPx / 2.355;
      const errorPx = (sigmaPx * noiseAdu * Math.sqrt(8 * Math.PI) * sigmaPx) / star.flux;
      expect(Math.hypot(source.x - star.x, source.y - star.y)).toBeLessThan(
        5 * errorPx + (paired ? 1.5 : 0.05),
      );
      if (paired) continue;
      const fluxError = noiseAdu * Math.sqrt(Math.PI) * source.apertureRadiusPx;
      expect(Math.abs(source.flux - 0.989 * star.flux)).toBeLessThan(4 * fluxError + 0.03 * star.flux);
      expect(source.signalToNoise).toBeGreaterThan((0.5 * star.flux) / fluxError);
      if (star.flux > 2e4) {
        expect(source.fwhmPx).toBeGreaterThan(0.93 * fwhmPx);
        expect(source.fwhmPx).toBeLessThan(1.07 * fwhmPx);
        expect(source.ellipticity).toBeLessThan(0.1);
      }
    }
  });

  it('do not depend on pixels without a value beside them', () => {
    const values = field.values.slice();
    for (let y = 0; y < height; y += 1) values[y * width + 5] = NaN;
    const holed = found(imageOf({ ...field, values }));
    expect(holed.length).toBe(sources.length);
  });

  it('say that they are saturated', () => {
    const { x, y } = sources[0]!;
    const saturated = imageOf(field, { isSaturated: (u, v) => Math.hypot(u - x, v - y) < 2 });
    expect(found(saturated).map((source) => source.saturated)).toEqual(sources.map((_, i) => i === 0));
  });

  it.each([
    ['of nothing but one value', 7],
    ['without a value', NaN],
  ])('of an image %s are none', (_, value) => {
    const values = new Float32Array(width * height).fill(value);
    expect(found(imageOf({ width, height, values }))).toEqual([]);
  });

  it('of a pixel are none', () => {
    expect(found(imageOf({ width: 1, height: 1, values: Float32Array.of(5) }))).toEqual([]);
  });
});
