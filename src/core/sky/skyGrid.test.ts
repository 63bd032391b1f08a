/** The lines' places are turned back into sky by the projection that is itself tested against astropy. */
import { describe, expect, it } from 'vitest';
import { detectorFromDevice, type View } from '../camera/view.ts';
import { skyGrid } from './skyGrid.ts';
import { skyFromPixel, type TangentPlane } from './tangentPlane.ts';

const PANE = { width: 1024, height: 1024 };
const SCALE = 0.0952 / 3600;
const plane = (raDeg: number, decDeg: number, side: 1 | -1): TangentPlane => ({
  crvalDeg: { raDeg, decDeg },
  crpixPx: { x: 2036.5, y: 2000.5 },
  cdDegPerPx: [side * SCALE, 0, 0, SCALE],
});

describe.each([-26.06, 89.99, -89.8])('the grid at declination %f', (decDeg) => {
  it.each([
    [0.01, -1, 0.25, 0, false],
    [102.3, 1, 4, 37, true],
  ] as const)(
    'lies where its values are, RA %f',
    (raDeg, side, devicePixelsPerPixel, rotationDeg, mirrored) => {
      const tan = plane(raDeg, decDeg, side);
      const view: View = { centre: { x: 2000, y: 2000 }, devicePixelsPerPixel, rotationDeg, mirrored };
      const lines = skyGrid(tan, view, PANE);
      for (const kind of ['ra', 'dec'] as const) {
        const n = lines.filter((line) => line.kind === kind).length;
        expect(n).toBeGreaterThanOrEqual(2);
        expect(n).toBeLessThanOrEqual(13);
      }
      for (const { kind, valueDeg, points } of lines)
        for (const point of points) {
          const sky = skyFromPixel(tan, detectorFromDevice(point, view, PANE));
          const off = kind === 'ra' ? ((sky.raDeg - valueDeg + 540) % 360) - 180 : sky.decDeg - valueDeg;
          const onSky = kind === 'ra' ? off * Math.cos((sky.decDeg * Math.PI) / 180) : off;
          expect(Math.abs(onSky)).toBeLessThan(1e-9);
        }
    },
  );
});

it('has meridians all around a pole in the view', () => {
  const view: View = {
    centre: { x: 2000, y: 2000 },
    devicePixelsPerPixel: 0.25,
    rotationDeg: 0,
    mirrored: false,
  };
  const ra = skyGrid(plane(10, 89.99, -1), view, PANE).filter(({ kind }) => kind === 'ra');
  expect(Math.max(...ra.map((l) => l.valueDeg)) - Math.min(...ra.map((l) => l.valueDeg))).toBeGreaterThan(
    300,
  );
});
