import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnCut, fwhmOfCut, lineCut, projection, rowCut } from './cuts.ts';
import { type Plane, valueAt } from './plane.ts';
import { encircledEnergy, fwhmOfProfile, radialProfile } from './radial.ts';

function planeOf(width: number, height: number, value: (x: number, y: number) => number): Plane {
  const values = Float32Array.from({ length: width * height }, (_, i) =>
    value(i % width, Math.floor(i / width)),
  );
  return { width, height, values };
}

const slope = planeOf(40, 30, (x, y) => 3 * x - 2 * y + 7);
const inside = fc.record({
  x: fc.double({ min: 3, max: 36, noNaN: true }),
  y: fc.double({ min: 3, max: 26, noNaN: true }),
});
const SIGMA = 2.5;
const star = planeOf(61, 61, (x, y) => 1000 * Math.exp(-((x - 30) ** 2 + (y - 30) ** 2) / 2 / SIGMA ** 2));

describe('cuts', () => {
  it('follow a slope exactly, whatever the direction, width and combination', () => {
    fc.assert(
      fc.property(
        inside,
        inside,
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('mean', 'median'),
        (from, to, width, how) => {
          const cut = lineCut(slope, from, to, width, how);
          expect(cut.values.length).toBe(
            Math.floor(Math.sqrt((to.x - from.x) ** 2 + (to.y - from.y) ** 2)) + 1,
          );
          cut.values.forEach((value, i) => {
            expect(value).toBeCloseTo(3 * (cut.x[i] ?? NaN) - 2 * (cut.y[i] ?? NaN) + 7, 6);
          });
        },
      ),
    );
  });

  it('leave out what is not finite, and are NaN outside of the image', () => {
    const holes = planeOf(5, 3, (x, y) => (x === 2 && y !== 0 ? NaN : x === 3 ? Infinity : 4));
    expect([...lineCut(holes, { x: 0, y: 0 }, { x: 6, y: 0 }).values]).toEqual([4, 4, 4, NaN, 4, NaN, NaN]);
    expect([...rowCut(holes, 1).values]).toEqual([4, 4, NaN, NaN, 4]);
    expect([...columnCut(holes, 2).values]).toEqual([4, NaN, NaN]);
    expect([...rowCut(holes, 9).values]).toEqual([NaN, NaN, NaN, NaN, NaN]);
  });

  it('take of a line beyond the image what lies on it, and no longer', () => {
    fc.assert(
      fc.property(inside, inside, (from, to) => {
        const cut = lineCut(slope, from, to, 99);
        const length = Math.sqrt((to.x - from.x) ** 2 + (to.y - from.y) ** 2);
        const [unitX, unitY] = length > 0 ? [(to.x - from.x) / length, (to.y - from.y) / length] : [1, 0];
        cut.values.forEach((value, i) => {
          const all: number[] = [];
          for (let offset = -49; offset <= 49; offset++) {
            const at = { x: from.x + i * unitX - offset * unitY, y: from.y + i * unitY + offset * unitX };
            all.push(lineCut(slope, at, at).values[0] ?? NaN);
          }
          const valued = all.filter(Number.isFinite);
          expect(value).toBeCloseTo(valued.reduce((a, b) => a + b, 0) / valued.length, 6);
        });
      }),
    );
    let asked = 0;
    const counted = (x: number, y: number) => {
      asked += 1;
      return valueAt(slope, x, y);
    };
    const { values } = lineCut(slope, { x: -900, y: 10 }, { x: 900, y: 20 }, 1e6, 'mean', counted);
    expect(values[1]).toBeNaN();
    expect(values[920]).not.toBeNaN();
    expect(asked).toBeLessThan(4 * 1.5 * slope.width * slope.height);
  });

  it('project the part of a box that is on the image', () => {
    const sums = projection(slope, { x0: -5, x1: 2, y0: 28, y1: 99 }, 'x', 'sum');
    expect([...sums.positionsPx]).toEqual([0, 1]);
    expect([...sums.values]).toEqual([-100, -94]);
    expect([...projection(slope, { x0: 0, x1: 3, y0: 0, y1: 2 }, 'y', 'median').values]).toEqual([10, 8]);
  });
});

describe('widths', () => {
  it('of a star agree in cuts and profile', () => {
    const fwhm = 2 * Math.sqrt(2 * Math.LN2) * SIGMA;
    const { positionsPx, values } = lineCut(star, { x: 5, y: 30 }, { x: 55, y: 30 });
    const tilted = values.map((value, i) => value + 50 + 3 * i);
    expect(fwhmOfCut(positionsPx, tilted)?.fwhmPx).toBeCloseTo(fwhm, 1);
    expect(fwhmOfCut(positionsPx, tilted)?.peakPositionPx).toBe(25);
    expect(fwhmOfProfile(radialProfile(star, { x: 30, y: 30 }, 20, 0.5))).toBeCloseTo(fwhm, 0);
  });

  it('of nothing are undefined', () => {
    const at = Float64Array.from({ length: 30 }, (_, i) => i);
    expect(
      fwhmOfCut(
        at,
        at.map(() => 5),
      ),
    ).toBeUndefined();
    expect(
      fwhmOfCut(
        at,
        at.map(() => NaN),
      ),
    ).toBeUndefined();
    expect(fwhmOfCut(at.slice(0, 4), at.slice(0, 4))).toBeUndefined();
  });
});

it('light within radii grows as it does under a Gaussian', () => {
  const total = 2 * Math.PI * SIGMA ** 2 * 1000;
  const radii = Float64Array.of(2, 4, 8, 20);
  encircledEnergy(star, { x: 30, y: 30 }, radii).forEach((sum, i) => {
    // Sharing pixels out adds the variance of one pixel.
    const expected = 1 - Math.exp(-((radii[i] ?? NaN) ** 2) / 2 / (SIGMA ** 2 + 1 / 12));
    expect(Math.abs(sum / total - expected)).toBeLessThan(0.002);
  });
});
