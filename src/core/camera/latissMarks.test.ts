import { expect, test } from 'vitest';
import { marksOf } from './latissMarks.ts';

test('LATISS has a boresight, and a sweet spot for each grating that one is known for', () => {
  expect(marksOf('LATISS', 'empty~holo4_003')).toEqual([
    { name: 'boresight', at: { x: 2036.5, y: 2000.5 } },
    { name: 'sweet spot holo4_003', at: { x: 1750, y: 200 } },
  ]);
  expect(marksOf('LATISS', 'SDSSr_65mm~empty').map(({ name }) => name)).toEqual([
    'boresight',
    'sweet spot empty',
  ]);
  for (const unknown of ['', 'r', 'empty~constructor', 'unknown~unknown']) {
    expect(marksOf('LATISS', unknown).map(({ name }) => name)).toEqual(['boresight']);
  }
  expect(marksOf('LSSTCam', 'r_57')).toEqual([]);
});
