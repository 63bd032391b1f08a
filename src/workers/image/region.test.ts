/** Regions in another unit than the image's, against one gain per pixel and plain sums. */
import { expect, it, vi } from 'vitest';
import { lineCut } from '../../core/measure/cuts.ts';
import { contains } from '../../core/regions/geometry.ts';
import type { Region, Shape } from '../../core/regions/region.ts';
import type { HeldImage } from './heldImage.ts';
import { regionOf } from './region.ts';

const [WIDTH, HEIGHT] = [60, 40];
/** Of the amplifiers at the lower left, lower right, upper left, upper right. */
const GAINS = { C00: 0.5, C01: 1.25, C10: 2, C11: 3.5 };
type Name = keyof typeof GAINS;

const nameAt = (x: number, y: number): Name =>
  y < HEIGHT / 2 ? (x < WIDTH / 2 ? 'C00' : 'C01') : x < WIDTH / 2 ? 'C10' : 'C11';
const values = Float32Array.from(
  { length: WIDTH * HEIGHT },
  (_, i) => 100 + ((i * 7919) % 613) / 8 - (i % 5 === 0 ? 90 : 0),
);
values[25 * WIDTH + 31] = Number.NaN;

function image(unit: 'adu' | 'electron' | 'ratio', gains: Partial<Record<Name, number>> = GAINS): HeldImage {
  const [w, h] = [WIDTH / 2, HEIGHT / 2];
  const amplifiers = Object.keys(GAINS).map((name, i) => {
    const [x0, y0] = [(i % 2) * w, (i >> 1) * h];
    return { name, detector: { x0, y0, x1: x0 + w, y1: y0 + h } };
  });
  return {
    opened: { unit },
    plane: { width: WIDTH, height: HEIGHT, view: () => values },
    source: { geometry: { amplifiers } },
    gainOf: ({ name }: { name: Name }) => gains[name] ?? null,
  } as unknown as HeldImage;
}

const region = (shape: Shape): Region => ({ ...shape, id: 'a', label: '', colour: 'green' });
const OVER_ALL = region({ kind: 'circle', centre: { x: 29.5, y: 19.5 }, radiusPx: 12 });
const LINE = { kind: 'line', from: { x: 3, y: 2 }, to: { x: 55, y: 37 }, widthPx: 3 } as const;

const plain = (of: Region, convert: (value: number, gain: number) => number): number[] => {
  const inside: number[] = [];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const value = values[y * WIDTH + x] ?? Number.NaN;
      if (contains(of, { x, y }) && Number.isFinite(value)) inside.push(convert(value, GAINS[nameAt(x, y)]));
    }
  }
  return inside.toSorted((a, b) => a - b);
};

it.each([
  ['adu', 'electron', (value: number, gain: number) => value * gain],
  ['electron', 'adu', (value: number, gain: number) => value / gain],
] as const)('over four amplifiers of an image in %s, told in %s', (unit, asked, convert) => {
  const expected = plain(OVER_ALL, convert);
  const { unit: told, statistics, histogram } = regionOf(image(unit), OVER_ALL, asked);
  expect(told).toBe(asked);
  expect([statistics.n, statistics.notFinite]).toEqual([expected.length, 1]);
  const sum = expected.reduce((a, b) => a + b, 0);
  expect(statistics.sum / sum).toBeCloseTo(1, 6);
  expect(statistics.mean / (sum / expected.length)).toBeCloseTo(1, 6);
  expect(statistics.min).toBeCloseTo(expected[0]!, 4);
  expect(statistics.max).toBeCloseTo(expected.at(-1)!, 3);
  const half = (expected.length - 1) / 2;
  const median = (expected[Math.floor(half)]! + expected[Math.ceil(half)]!) / 2;
  expect(statistics.median).toBeCloseTo(median, 3);
  expect(histogram.counts.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(expected.length);
  expect(values[0]).toBe(10);
});

it('in the image’s own unit they are the pixels as they are', () => {
  const own = regionOf(image('adu', {}), OVER_ALL, 'adu');
  expect(own).toEqual(regionOf(image('adu', {}), OVER_ALL));
  expect(own.statistics.max).toBe(plain(OVER_ALL, (value) => value).at(-1));
});

it.each([
  LINE,
  { ...LINE, to: { x: 80, y: 37 } },
  { ...LINE, widthPx: 1, from: { x: -5, y: 19.4 } },
  { ...LINE, widthPx: 0, from: { x: 29.5, y: 39 }, to: { x: 29.5, y: 0 } },
  { ...LINE, widthPx: 7.5, from: { x: 50, y: -30 } },
  { ...LINE, widthPx: 500 },
  { ...LINE, from: { x: 300, y: 300 }, to: { x: 340, y: 310 } },
])('a cut is that of the image converted pixel by pixel: %o', (line) => {
  const converted = values.map((v, i) => v * GAINS[nameAt(i % WIDTH, Math.floor(i / WIDTH))]);
  const { cut } = regionOf(image('adu'), region(line), 'electron');
  const expected = lineCut(
    { width: WIDTH, height: HEIGHT, values: converted },
    line.from,
    line.to,
    line.widthPx,
  );
  expect(cut?.positionsPx).toEqual(expected.positionsPx);
  for (const [i, value] of expected.values.entries()) {
    if (Number.isNaN(value)) expect(cut?.values[i]).toBeNaN();
    else expect(cut?.values[i]).toBeCloseTo(value, 3);
  }
});

it('a long thin line converts what is about it, not all that lies between its ends', () => {
  const size = 2000;
  const pixels = new Float32Array(size * size).fill(8);
  const box = { x0: 0, y0: 0, x1: size, y1: size };
  const large = {
    opened: { unit: 'adu' },
    plane: { width: size, height: size, view: () => pixels },
    source: { geometry: { amplifiers: [{ name: 'C00', detector: box }] } },
    gainOf: () => 0.5,
  } as unknown as HeldImage;
  const rowsOf = vi.spyOn(pixels, 'subarray');
  const { cut } = regionOf(large, region({ ...LINE, to: { x: 1990, y: 1995 } }), 'electron');
  expect(cut?.values.every((value) => value === 4)).toBe(true);
  const read = rowsOf.mock.calls.reduce((total, [from = 0, to = 0]) => total + to - from, 0);
  expect(read).toBeLessThan(20 * size);
});

it('says which gain is not known, where it is needed', () => {
  const partly = image('adu', { C00: 0.5, C01: 1.25, C10: 2 });
  expect(() => regionOf(partly, OVER_ALL, 'electron')).toThrow(
    'No gain is known of C11: choose adu, the unit that the image has.',
  );
  const elsewhere = region({ kind: 'box', centre: { x: 15, y: 10 }, widthPx: 9, heightPx: 7, angleDeg: 0 });
  expect(regionOf(partly, elsewhere, 'electron').statistics.n).toBe(63);
  // The line ends beside that amplifier: nothing of it is converted by a gain that is not known.
  const beside = region({ kind: 'line', from: { x: 5, y: 30 }, to: { x: 29, y: 30 }, widthPx: 1 });
  expect([...(regionOf(partly, beside, 'electron').cut?.values ?? [])].every(Number.isFinite)).toBe(true);
  expect(() => regionOf(image('ratio'), OVER_ALL, 'adu')).toThrow('A ratio of images has no unit');
});
