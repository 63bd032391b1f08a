import { expect, test } from 'vitest';
import { histogramCsv } from './histogramCsv.ts';

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
