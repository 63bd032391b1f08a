import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createEngine, type Engine } from 'astro-fits-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { binnedCells, type MaskedImage, pixelsIn } from './cells.ts';

const WIDTH = 11;
const HEIGHT = 7;
const PLANES = { BAD: 0, SAT: 1, INTRP: 2, NO_DATA: 5 };
const [BAD, SAT, INTRP, NO_DATA] = [1, 2, 4, 32];

let engine: Engine;
let image: MaskedImage;
/** The pixels as they should count. */
let counted: number[];

beforeAll(async () => {
  const wasm = resolve(import.meta.dirname, '../../../../wasm/dist/astro_fits.wasm');
  engine = await createEngine(readFileSync(wasm));
  const plane = engine.plane('f32', WIDTH, HEIGHT);
  const mask = engine.plane('i32', WIDTH, HEIGHT);
  const values = plane.view() as Float32Array;
  const bits = mask.view() as Int32Array;
  for (let i = 0; i < values.length; i++) values[i] = (i * 37) % 101;
  values[5] = Number.NaN;
  for (const [at, flags] of [
    [13, BAD],
    [14, BAD + INTRP],
    [25, NO_DATA],
    [30, SAT],
    [76, BAD],
    [75, BAD + SAT],
  ] as const) {
    bits[at] = flags;
  }
  counted = [...values].map((value, i) => ([5, 13, 25, 75, 76].includes(i) ? Number.NaN : value));
  image = { plane, mask, maskPlanes: PLANES };
});

describe('the cells of an image', () => {
  it('are its pixels without those that the mask says have no value, unless they were filled', () => {
    const { width, height, values } = pixelsIn(image, { x0: 1, y0: 0, x1: WIDTH, y1: 3 });
    expect([width, height]).toEqual([WIDTH - 1, 3]);
    expect([...values]).toEqual([0, 1, 2].flatMap((y) => counted.slice(y * WIDTH + 1, (y + 1) * WIDTH)));
  });

  it.each([2, 4, 16])('are means of such pixels in squares of %d', (binning) => {
    const { width, height, values } = binnedCells(engine, image, binning);
    expect([width, height]).toEqual([Math.ceil(WIDTH / binning), Math.ceil(HEIGHT / binning)]);
    for (let i = 0; i < values.length; i++) {
      const inside = counted.filter(
        (value, at) =>
          Number.isFinite(value) &&
          Math.floor((at % WIDTH) / binning) === i % width &&
          Math.floor(Math.floor(at / WIDTH) / binning) === Math.floor(i / width),
      );
      const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
      if (inside.length === 0) expect(values[i]).toBeNaN();
      else expect(values[i]).toBeCloseTo(mean, 3);
    }
  });
});
