/** Segments whose truth is known. Tolerances are about four standard errors of each quantity. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Amplifier } from '../camera/geometry.ts';
import { amplifierCorrelation, overscanResiduals, type OverscanResiduals } from './amplifierCorrelation.ts';
import { amplifierHealth } from './amplifierHealth.ts';
import type { RawSegment } from './serialOverscan.ts';
import { C14, normals, segmentOf, type PixelAdu } from './syntheticSegment.ts';

const isImage = (x: number, y: number) => x >= 3 && x < 512 && y < 2000;
/** Raw x of a detector column of C14, whose segment is read towards smaller x. */
const rawX = (detectorX: number) => C14.data.x0 + (C14.detector.x1 - 1 - detectorX);

function noisySegment(seed: number, sigmaAdu: number, meanAdu: PixelAdu): RawSegment {
  const normal = normals(seed);
  return segmentOf(C14, (x, y) => meanAdu(x, y) + sigmaAdu * normal());
}

describe('amplifierHealth', () => {
  it('finds level, noise and light of an amplifier that has nothing else', () => {
    const normal = normals(1);
    const segment = segmentOf(
      C14,
      (x, y) => 21_345 + 8 * normal() + (isImage(x, y) ? 900 + 30 * normal() : 0),
    );
    const health = amplifierHealth(segment, C14);
    expect(health.name).toBe('C14');
    expect(Math.abs(health.biasLevelAdu! - 21_345)).toBeLessThanOrEqual(1);
    // Rounding to whole adu adds 1/12 adu^2.
    expect(health.overscanNoiseAdu).toBeCloseTo(Math.sqrt(64 + 1 / 12), 0);
    expect(Math.abs(health.overscanNoiseAdu! / Math.sqrt(64 + 1 / 12) - 1)).toBeLessThan(0.015);
    expect(health.overscanNoiseElectron! / health.overscanNoiseAdu!).toBeCloseTo(1.0644, 10);
    expect(health.nominalNoiseAdu).toBeCloseTo(8.4 / 1.0644, 10);
    expect(health.rowNoiseAdu).toBeLessThan(0.5);
    expect(Math.abs(health.biasDriftAdu!)).toBeLessThan(0.7);
    expect(Math.abs(health.medianAdu! - 900)).toBeLessThan(0.5);
    // The row's level is itself measured: 64/58 adu^2 more.
    expect(Math.abs(health.robustSigmaAdu! / Math.sqrt(900 + 64 + 64 / 58) - 1)).toBeLessThan(0.01);
    expect(health.imagePixels).toBe(509 * 2000);
    expect(health).toMatchObject({ saturatedPixels: 0, hotColumns: [], deadColumns: [] });
  });

  it('tells drift from noise', () => {
    // 40 adu over the readout: the middles of the first and the last twentieth are 0.95 of it apart.
    const drifting = amplifierHealth(
      noisySegment(2, 8, (_, y) => 20_000 + (40 * y) / 2000),
      C14,
    );
    expect(Math.abs(drifting.biasDriftAdu! - 38)).toBeLessThan(0.7);
    expect(Math.abs(drifting.overscanNoiseAdu! / 8 - 1)).toBeLessThan(0.015);
    expect(drifting.rowNoiseAdu).toBeLessThan(0.5);
    expect(Math.abs(drifting.medianAdu!)).toBeLessThan(0.1);
    // Rows' levels are taken off the image, so that the drift is no scatter.
    expect(Math.abs(drifting.robustSigmaAdu! / Math.sqrt(64 + 64 / 58) - 1)).toBeLessThan(0.015);
  });

  it('tells noise of whole rows from noise of pixels', () => {
    const normal = normals(4);
    const rows = Float64Array.from({ length: 2048 }, () => 4 * normal());
    const health = amplifierHealth(
      noisySegment(3, 8, (_, y) => 20_000 + rows[y]!),
      C14,
    );
    expect(Math.abs(health.rowNoiseAdu! / 4 - 1)).toBeLessThan(0.1);
    expect(Math.abs(health.overscanNoiseAdu! / 8 - 1)).toBeLessThan(0.015);
  });

  it('is not misled by a star that bleeds into the overscan', () => {
    const health = amplifierHealth(
      noisySegment(5, 8, (x, y) => 20_000 + (x >= 512 && x < 540 && y >= 700 && y < 760 ? 5000 : 0)),
      C14,
    );
    expect(Math.abs(health.overscanNoiseAdu! / 8 - 1)).toBeLessThan(0.06);
    expect(health.rowNoiseAdu).toBeLessThan(0.8);
    expect(Math.abs(health.biasLevelAdu! - 20_000)).toBeLessThanOrEqual(1);
  });

  it('names hot columns by detector x, also side by side, and not where most rows are well', () => {
    const hot = new Set([2036, 2100, 2301, 2302, 2544].map(rawX));
    const half = rawX(2400);
    const health = amplifierHealth(
      noisySegment(6, 8, (x, y) => 20_000 + (y < 2000 && (hot.has(x) || (x === half && y < 600)) ? 40 : 0)),
      C14,
    );
    expect(health.hotColumns).toEqual([2036, 2100, 2301, 2302, 2544]);
    expect(health.deadColumns).toBeNull();
  });

  it('names dead columns where there is light', () => {
    const dead = new Set([2050, 2200, 2201, 2500].map(rawX));
    const sky = (skyAdu: number) =>
      amplifierHealth(
        noisySegment(7, 12, (x, y) => 20_000 + (isImage(x, y) ? skyAdu * (dead.has(x) ? 0.04 : 1) : 0)),
        C14,
      );
    expect(sky(400).deadColumns).toEqual([2050, 2200, 2201, 2500]);
    expect(sky(400).hotColumns).toEqual([]);
    expect(sky(10).deadColumns).toBeNull();
  });

  it('takes a spectrum along the columns for light', () => {
    const centre = 250;
    for (const fwhmPx of [5, 8, 14]) {
      const profile = (x: number) => Math.exp((-4 * Math.LN2 * (x - centre - 0.3) ** 2) / fwhmPx ** 2);
      const health = amplifierHealth(
        noisySegment(8, 10, (x, y) => 20_000 + (isImage(x, y) ? 30 + 3000 * profile(x) : 0)),
        C14,
      );
      expect(health.hotColumns, `${fwhmPx} px`).toEqual([]);
      expect(health.deadColumns ?? [], `${fwhmPx} px`).toEqual([]);
    }
  });

  it('counts pixels of the image at the saturation level or above', () => {
    const at = (x: number, y: number) => x >= 100 && x < 110 && y >= 50 && y < 80;
    const health = amplifierHealth(
      noisySegment(9, 8, (x, y) => (at(x, y) ? 142_900 : x < 3 ? 200_000 : 20_000)),
      C14,
    );
    expect(health.saturatedPixels).toBe(300);
    const unknown = { ...C14, saturationAdu: null };
    expect(
      amplifierHealth(
        noisySegment(9, 8, () => 20_000),
        unknown,
      ).saturatedPixels,
    ).toBeNull();
  });

  it('gives the same for float pixels, and leaves out those without a number', () => {
    const whole = noisySegment(10, 8, (x, y) => 20_000 + (isImage(x, y) ? 500 : 0));
    const values = Float32Array.from(whole.values);
    expect(amplifierHealth({ ...whole, values }, C14)).toEqual(amplifierHealth(whole, C14));
    for (let i = 0; i < values.length; i += 7) values[i] = [NaN, Infinity, -Infinity][i % 3]!;
    const holed = amplifierHealth({ ...whole, values }, C14);
    expect(Math.abs(holed.overscanNoiseAdu! / 8 - 1)).toBeLessThan(0.02);
    expect(Math.abs(holed.medianAdu! - 500)).toBeLessThan(0.2);
    expect(holed).toMatchObject({ hotColumns: [], deadColumns: [] });
  });

  it('has no answer rather than a wrong one where the raw has none', () => {
    const all = (width: number, height: number, value: number): RawSegment => ({
      width,
      height,
      values: new Float32Array(width * height).fill(value),
    });
    const none = { biasLevelAdu: null, overscanNoiseAdu: null, rowNoiseAdu: null, medianAdu: null };
    expect(amplifierHealth(all(576, 2048, NaN), C14)).toMatchObject({ ...none, saturatedPixels: 0 });
    expect(amplifierHealth(all(0, 0, 0), C14)).toMatchObject({ ...none, imagePixels: 0 });
    expect(amplifierHealth(all(1, 1, 7), C14)).toMatchObject(none);
    // 512 columns hold the image, six more of overscan are left out.
    expect(amplifierHealth(all(513, 2048, 7), C14)).toMatchObject(none);
    expect(amplifierHealth(all(518, 2048, 7), C14)).toMatchObject(none);
    expect(amplifierHealth(all(519, 2048, 7), C14)).toMatchObject({ ...none, biasLevelAdu: 7, medianAdu: 0 });
    expect(amplifierHealth(all(576, 1, 7), C14)).toMatchObject({ biasLevelAdu: 7, rowNoiseAdu: null });
    expect(amplifierHealth(all(576, 2048, 20_000), C14)).toMatchObject({
      biasLevelAdu: 20_000,
      overscanNoiseAdu: 0,
      rowNoiseAdu: 0,
      biasDriftAdu: 0,
      robustSigmaAdu: 0,
      hotColumns: [],
      deadColumns: null,
    });
    expect(amplifierHealth(all(576, 2048, 262_143), C14).saturatedPixels).toBe(509 * 2000);
  });
});

describe('any raw', () => {
  it('is measured without an error, and only with numbers', () => {
    const side = fc.integer({ min: 0, max: 40 });
    const value = fc.oneof(fc.integer({ min: -10, max: 262_143 }), fc.float());
    fc.assert(
      fc.property(
        side,
        side,
        side,
        fc.array(value, { minLength: 1, maxLength: 60 }),
        (width, height, cut, pool) => {
          const values = Float32Array.from({ length: width * height }, (_, i) => pool[i % pool.length]!);
          const amplifier: Amplifier = {
            ...C14,
            data: { x0: 2, y0: 0, x1: 20, y1: 30 },
            serialOverscan: { x0: 20, y0: 0, x1: 20 + cut, y1: 40 },
          };
          const segment = { width, height, values };
          const { name: _, hotColumns, deadColumns, ...numbers } = amplifierHealth(segment, amplifier);
          for (const number of [...Object.values(numbers), ...(hotColumns ?? []), ...(deadColumns ?? [])]) {
            expect(number === null || Number.isFinite(number)).toBe(true);
          }
          const residuals = overscanResiduals(segment, amplifier);
          const { matrix } = amplifierCorrelation(residuals ? [residuals, residuals] : []);
          for (const r of matrix.flat()) expect(r === null || Math.abs(r) < 1.000_001).toBe(true);
        },
      ),
    );
  });
});

describe('amplifierCorrelation', () => {
  const named = (name: string): Amplifier => ({ ...C14, name });
  /** Pixels of `amplifiers` that share noise: a part of the variance that is the coefficient between them. */
  function sharing(weights: readonly number[]): OverscanResiduals[] {
    const common = normals(20);
    const shared = Float32Array.from({ length: 576 * 2048 }, () => common());
    return weights.map((weight, k) => {
      const own = normals(30 + k);
      const segment = segmentOf(
        C14,
        (x, y) => 20_000 + 8 * (weight * shared[y * 576 + x]! + Math.sqrt(1 - weight ** 2) * own()),
      );
      return overscanResiduals(segment, named(`C0${k}`))!;
    });
  }

  it('finds who shares noise with whom, and with which sign', () => {
    const { names, matrix, strongest } = amplifierCorrelation(
      sharing([Math.sqrt(0.3), Math.sqrt(0.3), 0, -Math.sqrt(0.5)]),
    );
    expect(names).toEqual(['C00', 'C01', 'C02', 'C03']);
    // 58,000 pixels: a standard error of 0.004. Rounding to whole adu takes 0.1 % away.
    expect(Math.abs(matrix[0]![1]! - 0.3)).toBeLessThan(0.016);
    expect(Math.abs(matrix[3]![1]! + Math.sqrt(0.15))).toBeLessThan(0.016);
    expect(Math.abs(matrix[2]![0]!)).toBeLessThan(0.016);
    expect(matrix[1]![0]).toBe(matrix[0]![1]);
    expect(matrix[2]![2]).toBe(1);
    expect(strongest['C00']!.partner).toBe('C03');
    expect(strongest['C03']!.r).toBeLessThan(-0.37);
  });

  it('does not take rows and columns that are off for shared noise, nor a bright patch', () => {
    const residuals = ['C00', 'C01'].map((name, k) => {
      const segment = noisySegment(40 + k, 8, (x, y) => {
        const patch = x >= 530 && x < 534 && y >= 100 && y < 110;
        return 20_000 + 30 * Math.sin(y / 9) + 20 * Math.cos(x) + (patch ? 900 : 0);
      });
      return overscanResiduals(segment, named(name))!;
    });
    expect(Math.abs(amplifierCorrelation(residuals).matrix[0]![1]!)).toBeLessThan(0.016);
  });

  it('has no coefficient for amplifiers without noise or of another size', () => {
    const silent = overscanResiduals(
      segmentOf(C14, () => 5),
      named('C00'),
    )!;
    const noisy = overscanResiduals(
      noisySegment(50, 8, () => 20_000),
      named('C01'),
    )!;
    const narrow = { ...noisy, name: 'C02', columns: 29, rows: 4000 };
    const { matrix, strongest } = amplifierCorrelation([silent, noisy, narrow]);
    expect(matrix).toEqual([
      [null, null, null],
      [null, 1, null],
      [null, null, 1],
    ]);
    expect(strongest).toEqual({});
    expect(overscanResiduals({ width: 1, height: 1, values: new Int32Array(1) }, C14)).toBeNull();
    expect(amplifierCorrelation([])).toEqual({ names: [], matrix: [], strongest: {} });
  });
});
