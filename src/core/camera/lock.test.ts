import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../frames.ts';
import type { TangentPlane } from '../sky/tangentPlane.ts';
import { skyFromPixel } from '../sky/tangentPlane.ts';
import { lockedPlace, lockedView, type Lockable } from './lock.ts';
import { detectorFromDevice, type View } from './view.ts';

const box = (x0: number, y0: number, x1: number, y1: number) => ({ x0, y0, x1, y1 }) as Box<'Detector'>;
const PANE = { width: 800, height: 600 };

/** The sky as it is seen, or mirrored, with y at that position angle. */
function plane(
  raDeg: number,
  decDeg: number,
  angleDeg: number,
  arcsec: number,
  mirrored: boolean,
): TangentPlane {
  const [cos, sin] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  const [s, side] = [arcsec / 3600, mirrored ? 1 : -1];
  return {
    crvalDeg: { raDeg, decDeg },
    crpixPx: { x: 2000, y: 1900 },
    cdDegPerPx: [side * s * cos, s * sin, -side * s * sin, s * cos],
  };
}

const planes = fc
  .record({
    ra: fc.double({ min: 100, max: 100.05, noNaN: true }),
    dec: fc.double({ min: -40.05, max: -40, noNaN: true }),
    angle: fc.double({ min: 0, max: 360, noNaN: true }),
    arcsec: fc.double({ min: 0.09, max: 0.25, noNaN: true }),
    mirrored: fc.boolean(),
  })
  .map(({ ra, dec, angle, arcsec, mirrored }) => plane(ra, dec, angle, arcsec, mirrored));

const views: fc.Arbitrary<View> = fc.record({
  centre: fc.record({
    x: fc.double({ min: 0, max: 4000, noNaN: true }),
    y: fc.double({ min: 0, max: 4000, noNaN: true }),
  }),
  devicePixelsPerPixel: fc.double({ min: 0.2, max: 8, noNaN: true }),
  rotationDeg: fc.double({ min: 0, max: 359, noNaN: true }),
  mirrored: fc.boolean(),
});

const lockable = (sky: TangentPlane | null, amplifiers: Lockable['amplifiers'] = []): Lockable => ({
  amplifiers,
  plane: sky,
});

describe('images that are locked by the sky', () => {
  it('show the same sky everywhere in their panes', () => {
    fc.assert(
      fc.property(planes, planes, views, (first, second, view) => {
        const other = lockedView('sky', view, lockable(first), lockable(second))!;
        for (const at of [
          { x: 0, y: 0 },
          { x: 800, y: 0 },
          { x: 400, y: 300 },
          { x: 130, y: 520 },
        ]) {
          const a = skyFromPixel(first, detectorFromDevice(at, view, PANE));
          const b = skyFromPixel(second, detectorFromDevice(at, other, PANE));
          // Two tangent planes differ by the third power of the distance: 0.01 arcsec here, a tenth of a pixel.
          expect(Math.abs(a.decDeg - b.decDeg) * 3600).toBeLessThan(0.02);
          expect(Math.abs(a.raDeg - b.raDeg) * Math.cos((a.decDeg * Math.PI) / 180) * 3600).toBeLessThan(
            0.02,
          );
        }
      }),
    );
  });

  it('are not where one has no place on the sky', () => {
    const view: View = { centre: { x: 1, y: 2 }, devicePixelsPerPixel: 1, rotationDeg: 0, mirrored: false };
    const sky = plane(100, -40, 0, 0.1, false);
    expect(lockedView('sky', view, lockable(sky), lockable(null))).toBeNull();
    expect(lockedPlace('sky', { x: 1, y: 2 }, lockable(null), lockable(sky))).toBeNull();
    expect(lockedView('sky', view, lockable(sky), lockable({ ...sky, cdDegPerPx: [0, 0, 0, 0] }))).toBeNull();
  });
});

describe('images that are locked by amplifier', () => {
  const first = lockable(null, [
    { name: 'C10', box: box(0, 0, 500, 2000) },
    { name: 'C11', box: box(500, 0, 1000, 2000) },
  ]);
  const other = lockable(null, [
    { name: 'C11', box: box(576, 48, 1085, 2048) },
    { name: 'C10', box: box(0, 48, 509, 2048) },
  ]);

  it('show the same place of the amplifier of that name', () => {
    expect(lockedPlace('amplifier', { x: 510, y: 20 }, first, other)).toEqual({ x: 586, y: 68 });
    expect(lockedPlace('amplifier', { x: -30, y: -20 }, first, other)).toEqual({ x: -30, y: 28 });
    const view: View = {
      centre: { x: 499.6, y: 7 },
      devicePixelsPerPixel: 3,
      rotationDeg: 90,
      mirrored: true,
    };
    expect(lockedView('amplifier', view, first, other)).toEqual({
      ...view,
      centre: { x: expect.closeTo(575.6, 9) as number, y: 55 },
    });
  });

  it('are not where the other has none of that name', () => {
    const alien = lockable(null, [{ name: 'C99', box: box(0, 0, 5, 5) }]);
    expect(lockedPlace('amplifier', { x: 1, y: 1 }, first, alien)).toBeNull();
    expect(lockedPlace('amplifier', { x: 1, y: 1 }, lockable(null), other)).toBeNull();
  });
});

it('pixels are the same pixels', () => {
  const view: View = { centre: { x: 1, y: 2 }, devicePixelsPerPixel: 1, rotationDeg: 0, mirrored: false };
  expect(lockedView('pixel', view, lockable(null), lockable(null))).toEqual(view);
});
