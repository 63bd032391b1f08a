import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRegion } from './anyRegion.ts';
import { copied, handlesOf, hit, insertVertex, movedBy, removeVertex, withHandleAt } from './edit.ts';
import { boundsOf, contains, distancePx } from './geometry.ts';
import { outlineOf } from './outline.ts';
import { shapeProblem, type Region, type RegionOf, type Shape } from './region.ts';

const named = <S extends Shape>(shape: S) => ({ ...shape, id: 'a', label: 'L', colour: 'red' as const });
const anyPlace = fc.record({
  x: fc.oneof(fc.double({ min: -60, max: 90 }), fc.double()),
  y: fc.oneof(fc.double({ min: -60, max: 90 }), fc.double()),
});
const calmPlace = fc.record({
  x: fc.double({ min: -60, max: 90, noNaN: true }),
  y: fc.double({ min: -60, max: 90, noNaN: true }),
});

function sizesOf(region: Region): number[] {
  switch (region.kind) {
    case 'circle':
      return [region.radiusPx];
    case 'ellipse':
      return [region.semiMajorPx, region.semiMinorPx];
    case 'box':
      return [region.widthPx, region.heightPx];
    case 'annulus':
      return [region.outerPx];
    case 'point':
    case 'line':
    case 'polygon':
      return [];
  }
}

test('no drag makes a region invalid or shrinks a size below half a pixel', () => {
  fc.assert(
    fc.property(anyRegion, fc.nat(), anyPlace, (region, n, at) => {
      const handles = handlesOf(region);
      const { handle } = handles[n % Math.max(1, handles.length)] ?? { handle: 'rotate' as const };
      const edited = withHandleAt(region, handle, at);
      expect(shapeProblem(edited)).toBeUndefined();
      expect(edited).toMatchObject({
        id: region.id,
        label: region.label,
        colour: region.colour,
        kind: region.kind,
      });
      const before = sizesOf(region);
      for (const [i, size] of sizesOf(edited).entries()) expect(size >= 0.5 || size === before[i]).toBe(true);
      expect(shapeProblem(movedBy(region, at.x, at.y))).toBeUndefined();
    }),
  );
});

test('a handle put where it is leaves the region as it is', () => {
  const big = anyRegion.filter((region) => sizesOf(region).every((size) => size > 1));
  fc.assert(
    fc.property(big, fc.nat(), (region, n) => {
      const handles = handlesOf(region);
      fc.pre(handles.length > 0);
      const { handle, at } = handles[n % handles.length] ?? { handle: 'to', at: { x: 0, y: 0 } };
      // A line without length has no side, and a hole below the smallest size grows to it.
      fc.pre(!(handle === 'width' && region.kind === 'line' && distancePx(region.from, region.to) === 0));
      fc.pre(!(handle === 'inner' && region.kind === 'annulus' && region.innerPx < 0.5));
      fc.pre(!(region.kind === 'annulus' && region.outerPx - region.innerPx < 0.5));
      const same = withHandleAt(region, handle, at);
      const places = handlesOf(same);
      for (const [i, before] of handles.entries()) {
        expect(distancePx(before.at, places[i]?.at ?? { x: NaN, y: NaN })).toBeLessThan(1e-6);
      }
    }),
  );
});

test('a dragged end, vertex or corner lies under the pointer; the box’s opposite corner stays', () => {
  const box = named({ kind: 'box', centre: { x: 10, y: 20 }, widthPx: 8, heightPx: 4, angleDeg: 30 });
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 50, noNaN: true }),
      fc.double({ min: 1, max: 50, noNaN: true }),
      (w, h) => {
        const at = handlesOf({ ...box, widthPx: w, heightPx: h, centre: box.centre }).find(
          ({ handle }) => handle === 'corner++',
        )?.at;
        if (!at) throw new Error('a box has corners');
        const edited = withHandleAt(box, 'corner++', at);
        const corners = (of: Region) => Object.fromEntries(handlesOf(of).map((h2) => [h2.handle, h2.at]));
        const before = corners(box)['corner--'] ?? at;
        const after = corners(edited);
        expect(distancePx(after['corner--'] ?? at, before)).toBeLessThan(1e-9);
        // Half of the box that `at` belongs to, and half of this one: never past the opposite corner.
        expect(distancePx(after['corner++'] ?? box.centre, at)).toBeLessThan(1e-9);
      },
    ),
  );
});

test('the rotate handle turns a box to the pointer, counter-clockwise from +x', () => {
  const box = named({ kind: 'box', centre: { x: 10, y: 20 }, widthPx: 8, heightPx: 4, angleDeg: 30 });
  expect(withHandleAt(box, 'rotate', { x: 10, y: 99 })).toMatchObject({
    angleDeg: 90,
    widthPx: 8,
    heightPx: 4,
  });
});

test('moving there and back changes nothing, and moves every handle by the same', () => {
  fc.assert(
    fc.property(anyRegion, calmPlace, (region, { x, y }) => {
      const moved = movedBy(region, x, y);
      const bounds = boundsOf(region);
      const there = boundsOf(moved);
      expect(there.x0 - bounds.x0).toBeCloseTo(x, 6);
      expect(there.y1 - bounds.y1).toBeCloseTo(y, 6);
      expect(copied(moved, 'new').id).toBe('new');
    }),
  );
});

test('the outline is where inside changes to outside', () => {
  const wide = anyRegion.filter(({ kind }) => kind !== 'polygon' && kind !== 'point' && kind !== 'line');
  fc.assert(
    fc.property(wide, calmPlace, (region, at) => {
      const found = hit(region, at, 0.02 * Math.max(...sizesOf(region)) + 1e-9);
      if (found === 'inside') expect(contains(region, at)).toBe(true);
      if (found === undefined) expect(contains(region, at)).toBe(false);
    }),
  );
  const bounds = (points: readonly { x: number; y: number }[]) => Math.max(...points.map(({ x }) => x));
  fc.assert(
    fc.property(anyRegion, (region) => {
      for (const outline of outlineOf(region)) {
        if (outline.kind !== 'polyline') continue;
        const b = boundsOf(region);
        expect(bounds(outline.points)).toBeLessThanOrEqual(b.x1 + 1e-9);
      }
    }),
  );
});

const triangle: RegionOf<'polygon'> = named({
  kind: 'polygon',
  vertices: [
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 0, y: 10 },
  ],
});

test.each([
  [{ x: 0, y: 0 }, 'vertex-0'],
  [{ x: 5, y: 0.1 }, 'edge'],
  [{ x: 3, y: 3 }, 'inside'],
  [{ x: 9, y: 9 }, undefined],
])('a press at %j on a triangle takes hold of %s', (at, what) => {
  expect(hit(triangle, at, 0.5)).toBe(what);
});

test('a point is taken hold of near its mark, a thin line near its edge, a ring not in its hole', () => {
  const at = { x: 5, y: 5 };
  expect(hit(named({ kind: 'point', centre: at }), { x: 7, y: 5 }, 3)).toBe('inside');
  expect(hit(named({ kind: 'point', centre: at }), { x: 9, y: 5 }, 3)).toBeUndefined();
  const line = named({ kind: 'line', from: { x: 0, y: 0 }, to: { x: 20, y: 0 }, widthPx: 1 });
  expect(hit(line, { x: 10, y: 2 }, 3)).toBe('edge');
  expect(hit(line, { x: 19, y: 2 }, 3)).toBe('to');
  const ring = named({ kind: 'annulus', centre: at, innerPx: 10, outerPx: 20 });
  expect(hit(ring, at, 2)).toBeUndefined();
  expect(hit(ring, { x: 20, y: 5 }, 2)).toBe('inside');
  expect(hit(ring, { x: 5, y: 15.5 }, 2)).toBe('edge');
});

test('vertices go into the nearest edge and out again, down to a triangle', () => {
  const square = insertVertex(triangle, { x: 6, y: 6 });
  expect(square.vertices).toEqual([
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 6, y: 6 },
    { x: 0, y: 10 },
  ]);
  expect(removeVertex(square, 2)).toEqual(triangle);
  expect(removeVertex(triangle, 0)).toBe(triangle);
});
