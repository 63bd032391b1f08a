import { expect, test } from 'vitest';
import { histogramCsv, histogramFileName } from './histogramCsv.ts';

test('has the edges of each bin in the unit of the image', () => {
  expect(histogramCsv({ low: -10, high: 30, counts: [5, 0, 7, 1] }, 'electron').split('\r\n')).toEqual([
    'from (electron),below (electron),sampled pixels',
    '-10,0,5',
    '0,10,0',
    '10,20,7',
    '20,30,1',
    '',
  ]);
});

test('has a file name for the image, and others for its difference and ratio', () => {
  const names = ([null, 'difference', 'ratio'] as const).map((combinedAs) =>
    histogramFileName({ exposure: 2026112200143 }, combinedAs),
  );
  expect(names).toEqual([
    'histogram-2026112200143.csv',
    'histogram-2026112200143-difference.csv',
    'histogram-2026112200143-ratio.csv',
  ]);
});
