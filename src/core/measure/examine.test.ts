import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cutout, Examination, ExamineOptions } from './examine.ts';
import { examineStar } from './examine.ts';

const SIZE = 61;
const OPTIONS: ExamineOptions = {
  gainElectronPerAdu: null,
  readNoiseElectron: 5,
  saturation: null,
  plateScaleArcsecPerPx: 0.1,
};

/** Mulberry32, and normal deviates by Box and Muller. */
function normalDeviates(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

interface Simulated {
  readonly x: number;
  readonly y: number;
  readonly fwhm: number;
  readonly flux: number;
  readonly beta?: number;
  readonly sky?: number;
  readonly seed?: number;
}

/** Electrons, averaged over 4 x 4 points of each pixel (midpoints), on a tilted sky, with noise if there is a seed. */
function starAt({ x, y, fwhm, flux, beta, sky = 200, seed }: Simulated): Cutout {
  const values = new Float32Array(SIZE * SIZE);
  const deviate = seed === undefined ? null : normalDeviates(seed);
  const k = beta === undefined ? 4 * Math.LN2 : 4 * (2 ** (1 / beta) - 1);
  const norm = (k * (beta === undefined ? 1 : beta - 1)) / Math.PI / fwhm ** 2;
  for (let j = 0; j < SIZE; j++) {
    for (let i = 0; i < SIZE; i++) {
      let light = 0;
      for (let s = 0; s < 16; s++) {
        const dx = i + ((s % 4) - 1.5) / 4 - x;
        const dy = j + (Math.floor(s / 4) - 1.5) / 4 - y;
        const q = (k * (dx * dx + dy * dy)) / fwhm ** 2;
        light += (norm * (beta === undefined ? Math.exp(-q) : (1 + q) ** -beta)) / 16;
      }
      const expected = flux * light + sky + 0.3 * (i - SIZE / 2);
      values[j * SIZE + i] = expected + (deviate ? Math.sqrt(expected + 25) * deviate() : 0);
    }
  }
  return { x0: 1000, y0: 2000, width: SIZE, height: SIZE, values, unit: 'electron' };
}

function examined(cutout: Cutout, options = OPTIONS): Examination {
  const found = examineStar(cutout, { x: 1000 + 32, y: 2000 + 29 }, options);
  if ('failed' in found) throw new Error(found.failed);
  return found;
}

function failure(cutout: Cutout, options = OPTIONS): string {
  const found = examineStar(cutout, { x: cutout.x0 + 30, y: cutout.y0 + 30 }, options);
  if (!('failed' in found)) throw new Error('there is a star');
  return found.failed;
}

function filled(width: number, height: number, value: (i: number) => number): Cutout {
  const values = Float32Array.from({ length: width * height }, (_, i) => value(i));
  return { x0: 0, y0: 0, width, height, values, unit: 'adu' };
}

describe('examineStar', () => {
  it('finds centres whose scatter is that of their errors', () => {
    const pulls: number[] = [];
    let bias = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const [x, y] = [30 + ((seed * 0.37) % 1), 30 + ((seed * 0.61) % 1)];
      const found = examined(starAt({ x, y, fwhm: 4, flux: 2e4, seed }));
      pulls.push((found.x - 1000 - x) / found.xError, (found.y - 2000 - y) / found.yError);
      bias += (found.x - 1000 - x + found.y - 2000 - y) / 80;
    }
    expect(Math.abs(bias)).toBeLessThan(0.01);
    const scatter = Math.sqrt(pulls.reduce((a, p) => a + p * p, 0) / pulls.length);
    expect(scatter).toBeGreaterThan(0.8);
    expect(scatter).toBeLessThan(1.25);
  });

  it.each([2.5, 4, 6])('gives FWHM %f px to 1 % by the profile that the star has', (fwhm) => {
    const at = { x: 30.3, y: 29.8, fwhm, flux: 1e6, seed: 5 };
    const gaussian = examined(starAt(at));
    expect(gaussian.gaussian?.fwhmPx).toBeGreaterThan(0.99 * fwhm);
    expect(gaussian.gaussian?.fwhmPx).toBeLessThan(1.01 * fwhm);
    const moffat = examined(starAt({ ...at, beta: 3 }));
    expect(moffat.moffat?.fwhmPx).toBeGreaterThan(0.99 * fwhm);
    expect(moffat.moffat?.fwhmPx).toBeLessThan(1.01 * fwhm);
    expect(moffat.moffat?.beta).toBeCloseTo(3, 0);
    expect(moffat.fwhmArcsec).toBeCloseTo(0.1 * (moffat.moffat?.fwhmPx ?? NaN), 12);
  });

  it('counts the light within radii to 1 %', () => {
    const { encircled, ee50Px } = examined(starAt({ x: 30.3, y: 29.8, fwhm: 6, flux: 1e6, seed: 5 }));
    // The pixels' own width, once by averaging and once by sharing them out, is in the curve.
    const variance = (6 / 2.354820045) ** 2 + 1 / 6;
    encircled.fraction.forEach((fraction, i) => {
      expect(
        Math.abs(fraction - (1 - Math.exp(-((encircled.radiusPx[i] ?? NaN) ** 2) / 2 / variance))),
      ).toBeLessThan(0.01);
    });
    expect(ee50Px).toBeCloseTo(Math.sqrt(2 * Math.LN2 * variance), 1);
  });

  const anyStar = fc.record({
    x: fc.double({ min: 26, max: 34, noNaN: true }),
    y: fc.double({ min: 26, max: 34, noNaN: true }),
    fwhm: fc.double({ min: 2.5, max: 6, noNaN: true }),
    flux: fc.double({ min: 2e4, max: 1e6, noNaN: true }),
    seed: fc.integer({ min: 1, max: 1e9 }),
  });

  it('moves with the detector and turns with a flip', () => {
    fc.assert(
      fc.property(anyStar, (star) => {
        const cutout = starAt(star);
        const found = examined(cutout);
        const moved = examineStar({ ...cutout, x0: 0, y0: 0 }, { x: 32, y: 29 }, OPTIONS) as Examination;
        expect(moved.x).toBeCloseTo(found.x - 1000, 9);
        expect(moved.flux).toBe(found.flux);
        const values = cutout.values.map((_, i) => {
          const x = i % SIZE;
          return cutout.values[i - x + SIZE - 1 - x] as number;
        });
        const flipped = examineStar({ ...cutout, values }, { x: 1028, y: 2029 }, OPTIONS) as Examination;
        expect(flipped.x - 1000).toBeCloseTo(SIZE - 1 - (found.x - 1000), 5);
        expect(flipped.y).toBeCloseTo(found.y, 5);
        expect(flipped.flux / found.flux).toBeCloseTo(1, 5);
      }),
      { numRuns: 12 },
    );
  });

  it('gives the same widths and S/N in adu and in electrons', () => {
    fc.assert(
      fc.property(anyStar, (star) => {
        const electrons = starAt(star);
        const adu: Cutout = { ...electrons, unit: 'adu', values: electrons.values.map((v) => v / 2) };
        const [one, two] = [examined(electrons), examined(adu, { ...OPTIONS, gainElectronPerAdu: 2 })];
        expect(two.flux * 2).toBeCloseTo(one.flux, 1);
        expect(two.signalToNoise / one.signalToNoise).toBeCloseTo(1, 6);
        expect(two.fwhmMomentsPx).toBeCloseTo(one.fwhmMomentsPx, 6);
      }),
      { numRuns: 12 },
    );
  });

  it('is not taken in by a hot pixel', () => {
    const cutout = starAt({ x: 30.3, y: 29.8, fwhm: 4, flux: 2e4, seed: 3 });
    cutout.values[41 * SIZE + 41] = 6e4;
    expect(Math.abs(examined(cutout).x - 1030.3)).toBeLessThan(0.2);
  });

  it('leaves saturated pixels out of the fits and gives no peak', () => {
    const cutout = starAt({ x: 30.3, y: 29.8, fwhm: 5, flux: 1e6, beta: 3, seed: 3 });
    const values = cutout.values.map((v) => Math.min(v, 15000));
    const found = examined({ ...cutout, values }, { ...OPTIONS, saturation: 15000 });
    expect(found.saturatedPixels).toBeGreaterThan(4);
    expect(found.peak).toBeNull();
    expect(Math.abs((found.moffat?.fwhmPx ?? NaN) - 5)).toBeLessThan(0.25);
  });

  it('flags rings and trails', () => {
    const ring = filled(SIZE, SIZE, (i) => {
      const radius = Math.hypot((i % SIZE) - 30, Math.floor(i / SIZE) - 30);
      return 100 + (radius > 5 && radius < 9 ? 1000 : 0) + (i % 7);
    });
    const trail = filled(SIZE, SIZE, (i) => {
      const [x, y] = [(i % SIZE) - 30, Math.floor(i / SIZE) - 30];
      return 100 + (Math.abs(x) < 9 ? 1000 * Math.exp(-(y * y) / 6) : 0) + (i % 7);
    });
    for (const cutout of [ring, trail]) {
      const found = examineStar(cutout, { x: 30, y: 30 }, OPTIONS);
      expect('failed' in found ? found.failed : found.notAPointSource).toBe(true);
    }
  });

  it('says in a sentence why there is nothing to measure', () => {
    const noise = normalDeviates(1);
    const sky = filled(SIZE, SIZE, () => 100 + 10 * noise());
    expect(failure(sky)).toMatch(
      /^no star within 15 px of \(30, 30\): the brightest pixel is \d\.\d sigma above the sky$/,
    );
    expect(failure(filled(SIZE, SIZE, () => 0))).toMatch(/^no star within 15 px/);
    expect(failure(filled(SIZE, SIZE, () => NaN))).toMatch(/only 0 usable pixels/);
    expect(failure(filled(SIZE, SIZE, () => Infinity))).toMatch(/only 0 usable pixels/);
    expect(failure(filled(1, 1, () => 5))).toMatch(/only 1 usable pixels/);
    expect(failure(filled(3, 3, () => 5))).toMatch(/only 9 usable pixels/);
    expect(
      failure(
        filled(SIZE, SIZE, () => 5),
        { ...OPTIONS, saturation: 5 },
      ),
    ).toBe('all pixels are saturated');
    const cut = starAt({ x: -0.4, y: 30, fwhm: 4, flux: 1e6, seed: 2 });
    expect(examineStar(cut, { x: 1001, y: 2030 }, OPTIONS)).toHaveProperty(
      'failed',
      expect.stringContaining('too near to the edge'),
    );
  });

  it('never throws on hostile pixels', () => {
    const anyPixels = fc.float32Array({ minLength: 121, maxLength: 121 });
    fc.assert(
      fc.property(anyPixels, (values) => {
        const cutout: Cutout = { x0: 0, y0: 0, width: 11, height: 11, values, unit: 'electron' };
        const found = examineStar(cutout, { x: 5, y: 5 }, OPTIONS);
        expect('failed' in found || Number.isFinite(found.x)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
