import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_IN_ADDRESS, regionsFromText, regionsText } from './addressText.ts';
import { anyRegion } from './anyRegion.ts';
import type { Region } from './region.ts';
import { checkedRegion } from './region.ts';

const ids = () => {
  let made = 0;
  return () => `n${++made}`;
};
const read = (text: string) => regionsFromText(text, ids());

/** Numbers to a thousandth; angles and the rest as they are. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number')
    return Math.abs(value) < 1 ? Number(value.toFixed(6)) + 0 : Number(value.toFixed(3));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rounded(each)]));
}

describe('regions in an address', () => {
  it('are as they are written down', () => {
    const { regions, unknown } = read('c2036,2000.5,30;b700,1200,9,7,0*red*a%20box;p1,2**100%25');
    expect(unknown).toEqual([]);
    expect(regions).toEqual([
      { kind: 'circle', centre: { x: 2036, y: 2000.5 }, radiusPx: 30, id: 'n1', colour: 'green', label: '' },
      {
        kind: 'box',
        centre: { x: 700, y: 1200 },
        widthPx: 9,
        heightPx: 7,
        angleDeg: 0,
        id: 'n2',
        colour: 'red',
        label: 'a box',
      },
      { kind: 'point', centre: { x: 1, y: 2 }, id: 'n3', colour: 'green', label: '100%' },
    ]);
    expect(regionsText(regions, 1000)).toBe('c2036,2000.5,30;b700,1200,9,7,0*red*a%20box;p1,2**100%25');
  });

  it('come back from it, of every kind, to a thousandth of a pixel', () => {
    fc.assert(
      fc.property(fc.array(anyRegion, { maxLength: 8 }), (regions) => {
        const text = regionsText(regions, 1e6);
        const back = text === '' ? [] : read(text).regions;
        const plain = (all: readonly Region[]) => all.map((each) => ({ ...each, id: '' }));
        expect(plain(back)).toEqual(rounded(plain(regions)));
      }),
    );
  });

  it.each([
    'x1,2',
    'c1,2',
    'c1,2,-3',
    'c1,2,1e9',
    'c1,2,3,4',
    'g1,2,3,4',
    'g1,2,3,4,5',
    'a1,2,9,5',
    'c1,2,3*mauve',
    'c1,2,3*red*a*b',
    'constructor',
    '<img src=x>',
    '',
  ])('%j is no region, and is named', (text) => {
    expect(read(text)).toEqual({ regions: [], unknown: [text] });
  });

  it('of any text are whole regions, at most so many', () => {
    const piece = fc.oneof(fc.string(), fc.stringMatching(/^[plcebga][-0-9.,*a-z%;]{0,40}$/));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 90 }), (pieces) => {
        const { regions } = read(pieces.join(';'));
        expect(regions.length).toBeLessThanOrEqual(MOST_IN_ADDRESS);
        for (const region of regions) expect(checkedRegion(region)).toEqual(region);
      }),
    );
  });

  it('that do not fit are left out from the end', () => {
    const { regions } = read('c1,2,3;c4,5,6;c7,8,9');
    expect(regionsText(regions, 13)).toBe('c1,2,3;c4,5,6');
    expect(regionsText(regions, 3)).toBe('');
  });
});
