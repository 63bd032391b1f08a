import { describe, expect, test } from 'vitest';
import { filterLabel, parseTypedNumber, targetLabel, typeLabel } from './exposureNumber.ts';

describe('parseTypedNumber', () => {
  test.each([
    ['143', { kind: 'tonight', seqNum: 143 }],
    [' 7 ', { kind: 'tonight', seqNum: 7 }],
    ['20261122 143', { kind: 'night', dayObs: 20261122, seqNum: 143 }],
    ['20261122/143', { kind: 'night', dayObs: 20261122, seqNum: 143 }],
    ['20261122-000143', { kind: 'night', dayObs: 20261122, seqNum: 143 }],
  ])('%s', (text, typed) => {
    expect(parseTypedNumber(text)).toEqual(typed);
  });

  test.each(['', 'abc', '20261122', '143 20261122', '1.5', '-3', '2026112 143', '1e3'])('not %s', (text) => {
    expect(parseTypedNumber(text)).toBeUndefined();
  });
});

test('types and filters are written short', () => {
  expect(['science/object', 'science', 'bias'].map(typeLabel)).toEqual(['OBJECT', 'OBJECT', 'BIAS']);
  expect(['SDSSr_65mm~holo4_003', 'empty~empty', 'BG40_65mm', 'x_65mmy~z'].map(filterLabel)).toEqual([
    'SDSSr~holo4_003',
    'empty~empty',
    'BG40',
    'x_65mmy~z',
  ]);
});

test('a target that repeats the type is none', () => {
  expect(targetLabel({ targetName: 'Bias', observationType: 'bias' })).toBe('');
  expect(targetLabel({ targetName: 'HD 2811', observationType: 'science/object' })).toBe('HD 2811');
});
