import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRegion } from './anyRegion.ts';
import { boundsOf, contains } from './geometry.ts';
import { areaPx, gather, pixelsOf, type Rows } from './raster.ts';
import type { Region, Shape } from './region.ts';

const SIZE = { width: 37, height: 29 };
const named = (shape: Shape): Region => ({ ...shape, id: 'a', label: '', colour: 'red' });

function pixelSet({ spans }: Rows): Set<string> {
  const pixels = new Set<string>();
  for (let i = 0; i < spans.length; i += 3) {
    for (let x = spans[i + 1] ?? 0; x < (spans[i + 2] ?? 0); x += 1) pixels.add(`${x},${spans[i]}`);
  }
  return pixels;
}

function everyPixel(inside: (at: { x: number; y: number }) => boolean): Set<string> {
  const pixels = new Set<string>();
  for (let y = 0; y < SIZE.height; y += 1) {
    for (let x = 0; x < SIZE.width; x += 1) if (inside({ x, y })) pixels.add(`${x},${y}`);
  }
  return pixels;
}

const isThin = (region: Region) => region.kind === 'line' && region.widthPx <= 1;

test('the pixels are those whose centre lies inside, tested one by one', () => {
  fc.assert(
    fc.property(anyRegion, (region) => {
      fc.pre(!isThin(region));
      const rows = pixelsOf(region, SIZE);
      expect(pixelSet(rows)).toEqual(everyPixel((at) => contains(region, at)));
      expect(areaPx(rows)).toBe(pixelSet(rows).size);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [{ x: -5e-324, y: 0 }, { x: 0, y: -1.776356839400251e-15 }, 40],
  [{ x: 0, y: -0.5 }, { x: -5e-324, y: 0 }, 30],
])('a row that a wide line from %j just touches, to rounding', (from, to, widthPx) => {
  const line = named({ kind: 'line', from, to, widthPx });
  expect(pixelSet(pixelsOf(line, SIZE))).toEqual(everyPixel((at) => contains(line, at)));
});

test('spans rise by row and column, do not touch, and lie in the image and the bounds', () => {
  fc.assert(
    fc.property(anyRegion, (region) => {
      const { spans } = pixelsOf(region, SIZE);
      const bounds = boundsOf(region);
      let before: [number, number] = [-1, 0];
      for (let i = 0; i < spans.length; i += 3) {
        const [y = -1, x0 = -1, x1 = -1] = spans.subarray(i, i + 3);
        expect(y > before[0] || (y === before[0] && x0 > before[1])).toBe(true);
        expect(x0 >= 0 && x0 < x1 && x1 <= SIZE.width && y >= 0 && y < SIZE.height).toBe(true);
        expect(x0 >= bounds.x0 - 0.5 && x1 - 1 <= bounds.x1 + 0.5).toBe(true);
        expect(y >= bounds.y0 - 0.5 && y <= bounds.y1 + 0.5).toBe(true);
        before = [y, x1];
      }
    }),
  );
});

test('a thin line has one pixel per column or row, none farther than half a pixel from it', () => {
  const thin = anyRegion.filter(isThin);
  fc.assert(
    fc.property(thin, (line) => {
      if (line.kind !== 'line') return;
      const wide = { width: 400, height: 400 };
      const shifted = (at: { x: number; y: number }) => ({ x: at.x + 100, y: at.y + 100 });
      const moved = { ...line, from: shifted(line.from), to: shifted(line.to) };
      const steep = Math.abs(line.to.y - line.from.y) > Math.abs(line.to.x - line.from.x);
      const ends = steep ? [moved.from.y, moved.to.y] : [moved.from.x, moved.to.x];
      const [a = 0, b = 0] = ends.map((end) => Math.floor(end + 0.5));
      const rows = pixelsOf(moved, wide);
      expect(areaPx(rows)).toBe(Math.abs(b - a) + 1);
      for (const pixel of pixelSet(rows)) {
        const [x = 0, y = 0] = pixel.split(',').map(Number);
        const near = { ...moved, widthPx: 2 * Math.SQRT2 };
        expect(contains(near, { x, y })).toBe(true);
      }
    }),
  );
});

test('a circle through pixel centres leaves them out; rings of the same radius share none and miss none', () => {
  const centre = { x: 10, y: 10 };
  const disc = (radiusPx: number) => pixelSet(pixelsOf(named({ kind: 'circle', centre, radiusPx }), SIZE));
  const ring = (innerPx: number, outerPx: number) =>
    pixelSet(pixelsOf(named({ kind: 'annulus', centre, innerPx, outerPx }), SIZE));
  expect(disc(5).has('15,10')).toBe(false);
  expect(disc(5.001).has('15,10')).toBe(true);
  expect(new Set([...disc(5), ...ring(5, 9)])).toEqual(disc(9));
  expect(disc(5).size + ring(5, 9).size).toBe(disc(9).size);
});

test('polygons that share an edge share no pixel and miss none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), (x, y) => {
      const corners = [
        { x: 0, y: 0 },
        { x: 20, y: 0 },
        { x: 20, y: 20 },
        { x: 0, y: 20 },
      ];
      const parts = corners.map((corner, i) =>
        areaPx(
          pixelsOf(
            named({ kind: 'polygon', vertices: [corner, corners[(i + 1) % 4] ?? corner, { x, y }] }),
            SIZE,
          ),
        ),
      );
      expect(parts.reduce((sum, area) => sum + area, 0)).toBe(400);
    }),
  );
});

test('values come in row order, in the caller’s array when it is long enough', () => {
  const plane = Float32Array.from({ length: SIZE.width * SIZE.height }, (_, i) => i);
  const box = named({ kind: 'box', centre: { x: 1, y: 2 }, widthPx: 2.5, heightPx: 2.5, angleDeg: 0 });
  const rows = pixelsOf(box, SIZE);
  const wanted = [1, 2, 3].flatMap((y) => [0, 1, 2].map((x) => y * SIZE.width + x));
  const into = new Float32Array(20).fill(-1);
  const given = gather(plane, SIZE, rows, into);
  expect(given.values).toBe(into);
  expect([...given.values.subarray(0, given.count)]).toEqual(wanted);
  expect([...gather(plane, SIZE, rows, new Float32Array(3)).values]).toEqual(wanted);
});

test('areas and sums are those of photutils', () => {
  const cases = JSON.parse(
    readFileSync(new URL('../../../fixtures/regions/photutils.json', import.meta.url), 'utf8'),
  ) as { width: number; height: number; apertures: { shape: Shape; area: number; sum: number }[] };
  const plane = Float32Array.from(
    { length: cases.width * cases.height },
    (_, i) => (i % cases.width) + 3 * Math.floor(i / cases.width),
  );
  expect(cases.apertures.length).toBeGreaterThan(30);
  for (const { shape, area, sum } of cases.apertures) {
    const { values, count } = gather(plane, cases, pixelsOf(named(shape), cases));
    expect([shape, count, values.reduce((a, b) => a + b, 0)]).toEqual([shape, area, sum]);
  }
});

test('a circle of a million pixels is gathered within a frame', () => {
  const size = { width: 4000, height: 4000 };
  const plane = new Float32Array(size.width * size.height).fill(1);
  const circle = named({ kind: 'circle', centre: { x: 2000.3, y: 1999.7 }, radiusPx: 564.2 });
  const into = new Float32Array(1_100_000);
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    expect(gather(plane, size, pixelsOf(circle, size), into).count).toBeGreaterThan(999_000);
    return performance.now() - start;
  });
  expect(times.toSorted((a, b) => a - b)[4]).toBeLessThan(16);
});
