/** Against astropy (fixtures/generate_sky.py writes what it gives) and against itself there and back. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TangentPlane } from './tangentPlane.ts';
import {
  formatRaDec,
  formatRaDecDeg,
  northUpRotationDeg,
  offsetFromSky,
  parity,
  pixelFromSky,
  scaleArcsecPerPx,
  skyFromPixel,
} from './tangentPlane.ts';

interface AstropyPlane extends TangentPlane {
  readonly parity: 1 | -1;
  /** x, y, right ascension, declination. */
  readonly places: readonly (readonly [number, number, number, number])[];
}

const ASTROPY = JSON.parse(
  readFileSync(new URL('../../../fixtures/sky/tangent-planes.json', import.meta.url), 'utf8'),
) as readonly AstropyPlane[];

/** y at this position angle, x a quarter turn to the east of it for parity +1, to the west for -1. */
function turned(yAngleDeg: number, side: 1 | -1, tangent = { raDeg: 102.27785, decDeg: -26.06349 }) {
  const angle = (yAngleDeg * Math.PI) / 180;
  const [cos, sin] = [(0.0952 / 3600) * Math.cos(angle), (0.0952 / 3600) * Math.sin(angle)];
  const plane: TangentPlane = {
    crvalDeg: tangent,
    crpixPx: { x: 2036.5, y: 2000.5 },
    cdDegPerPx: [side * cos, sin, -side * sin, cos],
  };
  return plane;
}

describe('places in the plane', () => {
  it.each(ASTROPY)('are those of astropy about $crvalDeg', (plane) => {
    expect(plane.places).toHaveLength(12);
    for (const [x, y, raDeg, decDeg] of plane.places) {
      const sky = skyFromPixel(plane, { x, y });
      // On the sky, because right ascensions crowd at a pole.
      const across = Math.abs(((((sky.raDeg - raDeg) % 360) + 540) % 360) - 180);
      expect(across * Math.cos((decDeg * Math.PI) / 180)).toBeLessThan(1e-9);
      expect(Math.abs(sky.decDeg - decDeg)).toBeLessThan(1e-9);
      const back = pixelFromSky(plane, { raDeg, decDeg });
      expect(Math.hypot(back!.x - x, back!.y - y)).toBeLessThan(1e-6);
    }
    expect(parity(plane)).toBe(plane.parity);
    expect(scaleArcsecPerPx(plane)).toBeCloseTo(0.0952, 12);
  });

  it('come back within a millionth of a pixel, all over the sky and the detector', () => {
    const places = fc.record({
      ra: fc.double({ min: 0, max: 360, noNaN: true }),
      dec: fc.double({ min: -90, max: 90, noNaN: true }),
      angle: fc.double({ min: -360, max: 360, noNaN: true }),
      side: fc.constantFrom(1 as const, -1 as const),
      x: fc.double({ min: -0.5, max: 4071.5, noNaN: true }),
      y: fc.double({ min: -0.5, max: 3999.5, noNaN: true }),
    });
    fc.assert(
      fc.property(places, ({ ra, dec, angle, side, x, y }) => {
        const plane = turned(angle, side, { raDeg: ra, decDeg: dec });
        const sky = skyFromPixel(plane, { x, y });
        expect(sky.raDeg).toBeGreaterThanOrEqual(0);
        expect(sky.raDeg).toBeLessThan(360);
        const back = pixelFromSky(plane, sky);
        expect(Math.hypot(back!.x - x, back!.y - y)).toBeLessThan(1e-6);
        expect(parity(plane)).toBe(side);
      }),
    );
  });

  it('have no counterpart behind the observer nor in a plane without area', () => {
    const plane = turned(0, 1);
    expect(pixelFromSky(plane, { raDeg: 282.27785, decDeg: 26.06349 })).toBeUndefined();
    expect(offsetFromSky(plane.crvalDeg, { raDeg: 102.27785, decDeg: 63.93651 })).toBeUndefined();
    const flat: TangentPlane = { ...plane, cdDegPerPx: [1e-5, 2e-5, 1e-5, 2e-5] };
    expect(pixelFromSky(flat, plane.crvalDeg)).toBeUndefined();
  });
});

describe('the turn to north', () => {
  it.each([
    { yAngle: 0, side: -1, turn: 0 },
    { yAngle: 0, side: 1, turn: 0 },
    // With y to the east of north, north is to the right of up in an unmirrored picture ...
    { yAngle: 90, side: -1, turn: 90 },
    // ... and to the left of it in a mirrored one.
    { yAngle: 90, side: 1, turn: -90 },
    { yAngle: 30, side: -1, turn: 30 },
    { yAngle: 30, side: 1, turn: -30 },
  ] as const)('of y at $yAngle degrees and parity $side is $turn', ({ yAngle, side, turn }) => {
    expect(northUpRotationDeg(turned(yAngle, side))).toBeCloseTo(turn, 10);
  });

  it('brings the way to the north up, whatever the angle and the parity', () => {
    const angles = fc.double({ min: -720, max: 720, noNaN: true });
    fc.assert(
      fc.property(angles, fc.constantFrom(1 as const, -1 as const), (angle, side) => {
        const plane = turned(angle, side);
        const here = pixelFromSky(plane, plane.crvalDeg)!;
        const north = pixelFromSky(plane, { ...plane.crvalDeg, decDeg: plane.crvalDeg.decDeg + 0.01 })!;
        const turn = (northUpRotationDeg(plane) * Math.PI) / 180;
        const [dx, dy] = [north.x - here.x, north.y - here.y];
        expect(dx * Math.cos(turn) - dy * Math.sin(turn)).toBeCloseTo(0, 4);
        expect(dx * Math.sin(turn) + dy * Math.cos(turn)).toBeGreaterThan(378);
      }),
    );
  });
});

describe('coordinates as text', () => {
  it.each([
    [102.277849583333, -26.0634902777778, '06:49:06.68 -26:03:48.6', '102.27785 -26.06349'],
    [0, 0, '00:00:00.00 +00:00:00.0', '0.00000 +0.00000'],
    [359.99999999, -0.000001, '00:00:00.00 +00:00:00.0', '0.00000 +0.00000'],
    [15.2499999, 59.99999999, '01:01:00.00 +60:00:00.0', '15.25000 +60.00000'],
    [187.5, -0.5, '12:30:00.00 -00:30:00.0', '187.50000 -0.50000'],
    [10, 90, '00:40:00.00 +90:00:00.0', '10.00000 +90.00000'],
  ])('of %f, %f', (raDeg, decDeg, sexagesimal, degrees) => {
    expect(formatRaDec({ raDeg, decDeg })).toBe(sexagesimal);
    expect(formatRaDecDeg({ raDeg, decDeg })).toBe(degrees);
  });
});
