import { describe, expect, it } from 'vitest';
import type { Amplifier, DetectorGeometry } from './geometry.ts';
import { amplifierAt, ampRawFromDetector } from './geometry.ts';

/** The lower and the upper amplifier at the left edge of an ITL detector; the numbers are those of LATISS. */
const amplifier = (name: string, upper: boolean): Amplifier => ({
  name,
  hduName: `Segment${name.slice(1)}`,
  rawWidth: 576,
  rawHeight: 2048,
  data: { x0: 3, y0: 0, x1: 512, y1: 2000 },
  serialOverscan: { x0: 512, y0: 0, x1: 576, y1: 2048 },
  parallelOverscan: { x0: 3, y0: 2000, x1: 512, y1: 2048 },
  detector: { x0: 0, y0: upper ? 2000 : 0, x1: 509, y1: upper ? 4000 : 2000 },
  flipX: true,
  flipY: upper,
  gainElectronPerAdu: null,
  readNoiseElectron: null,
  saturationAdu: null,
});
const C10 = amplifier('C10', true);
const C00 = amplifier('C00', false);
const LEFT_EDGE: DetectorGeometry = {
  instrument: 'LATISS',
  detector: 0,
  name: 'RXX_S00',
  width: 509,
  height: 4000,
  amplifiers: [C10, C00],
};

describe('geometry', () => {
  it('puts the first read pixel at the outer edge of its half, unlike DETSEC', () => {
    // DETSEC of Segment10 is [509:1,1:2000]: its first raw pixel at x = 509, y = 1 (1-based), the lower left of the
    // frame. In the DM frame the same pixel lies in the top row, y = 3999 (0-based).
    expect(ampRawFromDetector(C10, { x: 508, y: 3999 })).toEqual({ x: 3, y: 0 });
    expect(ampRawFromDetector(C10, { x: 0, y: 2000 })).toEqual({ x: 511, y: 1999 });
    expect(ampRawFromDetector(C00, { x: 508, y: 0 })).toEqual({ x: 3, y: 0 });
    expect(ampRawFromDetector(C00, { x: 0, y: 1999 })).toEqual({ x: 511, y: 1999 });
  });

  it('does not mirror columns of an amplifier that is not', () => {
    expect(ampRawFromDetector({ ...C00, flipX: false }, { x: 0, y: 0 })).toEqual({ x: 3, y: 0 });
  });

  it('finds the amplifier under a point, with pixel edges at the halves', () => {
    expect(amplifierAt(LEFT_EDGE, { x: 508.49, y: 2000 })).toBe(C10);
    expect(amplifierAt(LEFT_EDGE, { x: 100, y: 1999.49 })).toBe(C00);
    expect(amplifierAt(LEFT_EDGE, { x: -0.6, y: 10 })).toBeUndefined();
    expect(amplifierAt(LEFT_EDGE, { x: 508.5, y: 10 })).toBeUndefined();
  });
});
