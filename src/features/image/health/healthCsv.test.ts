import { expect, test } from 'vitest';
import type { AmplifierHealth } from '../../../core/measure/amplifierHealth.ts';
import { healthCsv, trendCsv } from './healthCsv.ts';

const NOTHING: AmplifierHealth = {
  name: 'C00',
  biasLevelAdu: null,
  overscanNoiseAdu: null,
  overscanNoiseElectron: null,
  nominalNoiseAdu: null,
  rowNoiseAdu: null,
  biasDriftAdu: null,
  medianAdu: null,
  robustSigmaAdu: null,
  imagePixels: 0,
  saturatedPixels: null,
  deadColumns: null,
  hotColumns: null,
};
const MEASURED: AmplifierHealth = {
  ...NOTHING,
  name: 'C10',
  biasLevelAdu: 20_000.5,
  overscanNoiseAdu: 10.25,
  overscanNoiseElectron: 11.5,
  saturatedPixels: 40,
  hotColumns: [7, 9],
};

test('a line for each amplifier, units in the names, what is not known empty', () => {
  const correlation = {
    names: ['C10', 'C00'],
    matrix: [],
    strongest: { C10: { partner: 'C00', r: -0.25 } },
  };
  expect(healthCsv([MEASURED, NOTHING], correlation).split('\r\n')).toEqual([
    'amplifier,Bias level (adu),Noise (adu),Noise in electrons (electron),Row noise (adu),Shared noise (r),Saturated pixels (px),Hot columns (col),Dead columns (col),Bias drift (adu),Median above bias (adu),Scatter of the image (adu),shares noise with',
    'C10,20000.5,10.25,11.5,,-0.25,40,2,,,,,C00',
    'C00,,,,,,,,,,,,',
    '',
  ]);
});

test('a line for each exposure, with what was measured also where changes are drawn', () => {
  const exposures = [1, 2].map((seqNum) => ({
    exposure: 2026112200000 + seqNum,
    seqNum,
    observationType: '=bias',
  }));
  expect(trendCsv({ exposures, values: { C10: [10, 11], C00: [9, null] } }, 'biasLevelAdu')).toBe(
    'exposure,seq_num,observation_type,C10 Bias level (adu),C00 Bias level (adu)\r\n' +
      "2026112200001,1,'=bias,10,9\r\n2026112200002,2,'=bias,11,\r\n",
  );
});
