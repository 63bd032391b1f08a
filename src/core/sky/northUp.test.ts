import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compass, northUp } from './northUp.ts';
import type { TangentPlane } from './tangentPlane.ts';

/** y at this position angle; x a quarter turn from it, on the side that the parity says. */
function planeOf(angleDeg: number, mirrored: boolean): TangentPlane {
  const [c, s] = [Math.cos((angleDeg * Math.PI) / 180), Math.sin((angleDeg * Math.PI) / 180)];
  const x = mirrored ? [c, -s] : [-c, s];
  return {
    crvalDeg: { raDeg: 10, decDeg: -30 },
    crpixPx: { x: 2036, y: 2000 },
    cdDegPerPx: [x[0]! * 2e-5, s * 2e-5, x[1]! * 2e-5, c * 2e-5],
  };
}

describe('northUp', () => {
  it('turns north upwards and east to the left, whatever the angle and the parity', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 360, noNaN: true }), fc.boolean(), (angle, mirrored) => {
        const plane = planeOf(angle, mirrored);
        const view = { centre: { x: 100, y: 100 }, devicePixelsPerPixel: 1, ...northUp(plane) };
        const { north, east } = compass(plane, view);
        expect(north.x).toBeCloseTo(0, 9);
        expect(north.y).toBeCloseTo(-1, 9);
        expect(east.x).toBeCloseTo(-1, 9);
      }),
    );
  });
});
