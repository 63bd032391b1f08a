import { describe, expect, test } from 'vitest';
import { COLUMN_IDS } from '../../../core/exposureColumns.ts';
import {
  allInOrder,
  cellText,
  columnLayout,
  columnTitle,
  DEFAULT_COLUMNS,
  reordered,
} from './tableColumns.ts';

describe('a cell', () => {
  test('says nothing of what is not known, and zero of a zero', () => {
    expect(cellText('airmass', NaN)).toBe('');
    expect(cellText('airmass', undefined)).toBe('');
    expect(cellText('targetName', '')).toBe('');
    expect(cellText('airmass', 0)).toBe('0.00');
    expect(cellText('saturatedPixels', 0)).toBe('0');
  });

  test('has the digits of its column and a true minus', () => {
    expect(cellText('exposure', 2026112200143)).toBe('2026112200143');
    expect(cellText('focusZMm', -0.1234)).toBe('−0.123');
    expect(cellText('targetName', '=1+1')).toBe('=1+1');
  });
});

test('columns can be put in any order, none lost', () => {
  expect(reordered(['exposure', 'dayObs', 'seqNum'], 'seqNum', 0)).toEqual(['seqNum', 'exposure', 'dayObs']);
  expect(reordered(['exposure', 'dayObs', 'seqNum'], 'exposure', 2)).toEqual([
    'dayObs',
    'seqNum',
    'exposure',
  ]);
  expect(reordered(['exposure', 'dayObs'], 'dayObs', 1)).toEqual(['exposure', 'dayObs']);
  expect(allInOrder(['problem', 'airmass']).slice(0, 2)).toEqual(['problem', 'airmass']);
  expect(allInOrder(DEFAULT_COLUMNS).toSorted()).toEqual([...COLUMN_IDS].sort());
});

test('the room that is left goes to texts, or to the end', () => {
  expect(columnLayout(['seqNum', 'targetName'])).toEqual({
    template: '60px minmax(140px, 1fr)',
    minWidthPx: 200,
  });
  expect(columnLayout(['seqNum'])).toEqual({ template: '60px 1fr', minWidthPx: 60 });
});

test('a title has unit, source and the name in a file', () => {
  expect(columnTitle('focusZMm')).toBe(
    'focus z [mm]: Focus: z of the hexapod (FOCUSZ)\nraw’s header · focusZMm in the CSV file',
  );
});
