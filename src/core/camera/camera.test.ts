import { describe, expect, it } from 'vitest';
import type { AppError } from '../errors.ts';
import { amplifierAt } from './geometry.ts';
import { ampRawFromDetector, dataSectionText, geometryFor } from './instruments.ts';
import { LATISS } from './latiss.ts';

/** Rows of the afw amplifier table of the LATISS camera file, typed off it: name, bbox x, y, gain, read noise. */
const CAMERA_FILE = [
  ['C10', 0, 2000, 1.0811, 8.4],
  ['C13', 1527, 2000, 1.081, 8.6],
  ['C17', 3563, 2000, 1.056, 8.0],
  ['C06', 3054, 0, 1.1039, 10.0],
  ['C02', 1018, 0, 1.0874, 9.4],
  ['C00', 0, 0, 1.0972, 9.1],
] as const;

describe('LATISS', () => {
  it('agrees with the camera file of obs_lsst', () => {
    for (const [name, x0, y0, gain, noise] of CAMERA_FILE) {
      const amp = LATISS.amplifiers.find((a) => a.name === name);
      expect(amp?.detector).toEqual({ x0, y0, x1: x0 + 509, y1: y0 + 2000 });
      expect(amp?.gainElectronPerAdu).toBe(gain);
      expect(amp?.readNoiseElectron).toBe(noise);
      expect(amp?.saturationAdu).toBe(142857);
      expect(amp?.flipX).toBe(true);
      expect(amp?.flipY).toBe(y0 === 2000);
    }
  });

  it('names the HDUs in the order of the raws', () => {
    const order = '10 11 12 13 14 15 16 17 07 06 05 04 03 02 01 00'.split(' ');
    expect(LATISS.amplifiers.map((a) => a.hduName)).toEqual(order.map((n) => `Segment${n}`));
  });

  it('covers each pixel of the detector exactly once', () => {
    const covered = new Uint8Array(LATISS.width * LATISS.height);
    for (const { detector: b } of LATISS.amplifiers) {
      for (let y = b.y0; y < b.y1; y++) {
        for (let x = b.x0; x < b.x1; x++) covered[y * LATISS.width + x]! += 1;
      }
    }
    expect([LATISS.width, LATISS.height]).toEqual([4072, 4000]);
    expect(covered.every((count) => count === 1)).toBe(true);
  });

  it('puts the first read pixel at the outer edge of its half, unlike DETSEC', () => {
    // DETSEC of Segment10 is [509:1,1:2000]: its first raw pixel at x = 509, y = 1 (1-based), the lower left of the
    // frame. In the DM frame the same pixel lies in the top row, y = 3999 (0-based).
    const c10 = LATISS.amplifiers.find((a) => a.name === 'C10')!;
    expect(ampRawFromDetector(c10, { x: 508, y: 3999 })).toEqual({ x: 3, y: 0 });
    expect(ampRawFromDetector(c10, { x: 0, y: 2000 })).toEqual({ x: 511, y: 1999 });
    const c00 = LATISS.amplifiers.find((a) => a.name === 'C00')!;
    expect(ampRawFromDetector(c00, { x: 508, y: 0 })).toEqual({ x: 3, y: 0 });
    expect(ampRawFromDetector(c00, { x: 0, y: 1999 })).toEqual({ x: 511, y: 1999 });
  });

  it('writes the data section as the 2018 raws do', () => {
    expect(LATISS.amplifiers.map(dataSectionText).every((s) => s === '[4:512,1:2000]')).toBe(true);
  });

  it('finds the amplifier under a point, with pixel edges at the halves', () => {
    expect(amplifierAt(LATISS, { x: 508.49, y: 2000 })?.name).toBe('C10');
    expect(amplifierAt(LATISS, { x: 508.5, y: 1999.49 })?.name).toBe('C01');
    expect(amplifierAt(LATISS, { x: -0.6, y: 10 })).toBeUndefined();
    expect(amplifierAt(LATISS, { x: 4071.5, y: 10 })).toBeUndefined();
  });
});

describe('geometryFor', () => {
  const errorOf = (act: () => unknown): AppError => {
    try {
      act();
    } catch (error) {
      return error as AppError;
    }
    throw new Error('did not throw');
  };

  it('knows LATISS', () => expect(geometryFor('LATISS', 0)).toBe(LATISS));

  it('says which instrument or detector it does not know, and which it does', () => {
    const unknown = errorOf(() => geometryFor('HSC', 0));
    expect(unknown.tag).toBe('UnsupportedFits');
    expect(unknown.message).toContain('HSC');
    expect(unknown.message).toContain('LATISS detector 0');
    expect(errorOf(() => geometryFor('LATISS', 3)).message).toContain('no detector 3');
  });
});
