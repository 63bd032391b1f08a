import { describe, expect, it } from 'vitest';
import type { AmplifierCorrelation } from './amplifierCorrelation.ts';
import type { AmplifierHealth } from './amplifierHealth.ts';
import { healthFindings, quantityOf } from './healthLimits.ts';
import { healthTrend } from './healthTrend.ts';

const GOOD: Omit<AmplifierHealth, 'name'> = {
  biasLevelAdu: 20_000,
  overscanNoiseAdu: 10.5,
  overscanNoiseElectron: 11,
  nominalNoiseAdu: 10,
  rowNoiseAdu: 0.4,
  biasDriftAdu: -3,
  medianAdu: 500,
  robustSigmaAdu: 25,
  imagePixels: 1_018_000,
  saturatedPixels: 40,
  deadColumns: [5],
  hotColumns: [],
};
const columns = (n: number) => Array.from({ length: n }, (_, x) => x);
/** Sixteen good amplifiers, the sixth of which is C05. */
const detector = (c05: Partial<AmplifierHealth>): AmplifierHealth[] =>
  columns(16).map((k) => ({ ...GOOD, name: `C${String(k).padStart(2, '0')}`, ...(k === 5 && c05) }));
const sentences = (c05: Partial<AmplifierHealth>) =>
  healthFindings(detector(c05), null).map(({ severity, sentence }) => `${severity} ${sentence}`);

describe('limits', () => {
  it('say nothing of good amplifiers', () => {
    expect(sentences({})).toEqual([]);
    expect(healthFindings([], null)).toEqual([]);
  });

  it('compare noise with the camera table', () => {
    expect(sentences({ overscanNoiseAdu: 13 })).toEqual([]);
    expect(sentences({ overscanNoiseAdu: 14 })).toEqual([
      'amber C05: noise 14.0 adu, 1.4 × its nominal 10.0',
    ]);
    expect(sentences({ overscanNoiseAdu: 21.3 })).toEqual([
      'red C05: noise 21.3 adu, 2.1 × its nominal 10.0',
    ]);
    expect(sentences({ overscanNoiseAdu: 0.4, rowNoiseAdu: 0 })).toEqual([
      'red C05: noise 0.4 adu, 0.0 × its nominal 10.0; is it read out?',
    ]);
  });

  it('compare the bias level with the other amplifiers', () => {
    expect(sentences({ biasLevelAdu: 25_900 })).toEqual([]);
    expect(sentences({ biasLevelAdu: 26_100 })).toEqual([
      "amber C05: bias level 26100 adu, 6100 above the detector's median 20000",
    ]);
    expect(sentences({ biasLevelAdu: 0 })).toEqual([
      "red C05: bias level 0 adu, 20000 below the detector's median 20000",
    ]);
    const low = detector({ biasLevelAdu: 900 }).map((health) => ({
      ...health,
      biasLevelAdu: health.biasLevelAdu! / 50,
    }));
    expect(healthFindings(low, null)).toEqual([]);
  });

  it('compare rows with pixels, and count pixels and columns', () => {
    expect(sentences({ rowNoiseAdu: 4.2 })).toEqual([
      'amber C05: row noise 4.2 adu, 0.4 × the noise of its pixels',
    ]);
    expect(sentences({ saturatedPixels: 1018 })).toEqual([]);
    expect(sentences({ saturatedPixels: 1527 })).toEqual([
      'amber C05: 1527 saturated pixels, 0.15 % of its image',
    ]);
    expect(sentences({ hotColumns: columns(20), deadColumns: columns(21) })).toEqual([
      'amber C05: 21 dead columns',
    ]);
    expect(sentences({ hotColumns: columns(300) })).toEqual(['red C05: 300 hot columns']);
  });

  it('put what is red first, and find nothing in what is unknown', () => {
    expect(sentences({ rowNoiseAdu: 4, saturatedPixels: 1e6 }).map((text) => text.split(' ')[0])).toEqual([
      'red',
      'amber',
    ]);
    const unknown = Object.fromEntries(Object.keys(GOOD).map((quantity) => [quantity, null]));
    expect(sentences({ ...unknown, imagePixels: 0 })).toEqual([]);
  });

  it('name who shares noise', () => {
    const correlation: AmplifierCorrelation = {
      names: ['C05', 'C06'],
      matrix: [
        [1, -0.34],
        [-0.34, 1],
      ],
      strongest: { C05: { partner: 'C06', r: -0.34 }, C06: { partner: 'C05', r: -0.34 } },
    };
    const found = healthFindings(detector({}), correlation);
    expect(found.map(({ sentence }) => sentence)).toEqual([
      'C05: noise shared with C06, r = −0.34',
      'C06: noise shared with C05, r = −0.34',
    ]);
    expect(found[0]!.severity).toBe('red');
    expect(quantityOf(detector({})[5]!, correlation, 'correlation')).toBe(-0.34);
    expect(quantityOf(detector({})[4]!, correlation, 'correlation')).toBeNull();
  });
});

describe('trend', () => {
  it('has a gap where an exposure lacks an amplifier or a value', () => {
    const exposure = (seqNum: number, health: readonly AmplifierHealth[]) => ({
      exposure: 2026112200000 + seqNum,
      seqNum,
      observationType: 'BIAS',
      health,
      correlation: null,
    });
    const trend = healthTrend(
      [
        exposure(3, detector({ overscanNoiseAdu: 12 })),
        exposure(1, detector({ overscanNoiseAdu: null })),
        exposure(2, []),
      ],
      'overscanNoiseAdu',
    );
    expect(trend.exposures.map(({ seqNum }) => seqNum)).toEqual([1, 2, 3]);
    expect(trend.values['C05']).toEqual([null, null, 12]);
    expect(trend.values['C00']).toEqual([10.5, null, 10.5]);
    expect(healthTrend([exposure(1, detector({}))], 'deadColumns').values['C00']).toEqual([1]);
  });
});
