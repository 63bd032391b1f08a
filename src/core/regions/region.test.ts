import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyRegion } from './anyRegion.ts';
import { nearestColour } from './palette.ts';
import { checkedRegion, printableLabel, shapeProblem } from './region.ts';

const circle = { kind: 'circle', id: 'a', label: '', colour: 'red', centre: { x: 1, y: 2 }, radiusPx: 3 };

const LINE = { ...circle, kind: 'line', from: { x: 0, y: 0 }, to: { x: 1, y: 1 } };

test('every region passes through JSON and the check unchanged', () => {
  fc.assert(
    fc.property(anyRegion, (region) => {
      // JSON has no negative zero.
      expect(checkedRegion(JSON.parse(JSON.stringify(region)))).toEqual(
        JSON.parse(JSON.stringify(region)) as typeof region,
      );
    }),
  );
});

test('fields that a region does not have are left behind', () => {
  const hostile: unknown = JSON.parse(
    '{"kind":"circle","id":"a","label":"","colour":"red","centre":{"x":1,"y":2,"z":3},"radiusPx":3,"onclick":"x","__proto__":{"p":1}}',
  );
  expect(checkedRegion(hostile)).toStrictEqual(circle);
});

test.each<[string, unknown]>([
  ['a region is an object', null],
  ['a region is an object', []],
  ['kind is not one of point', { ...circle, kind: 'toString' }],
  ['radiusPx is 0', { ...circle, radiusPx: 0 }],
  ['radiusPx is not a number', { ...circle, radiusPx: '3' }],
  ['radiusPx is not a number', { ...circle, radiusPx: Infinity }],
  ['more than a million', { ...circle, radiusPx: 1e9 }],
  ['the diagonal of the largest images', { ...LINE, widthPx: 23_171 }],
  ['centre.x is not a number', { ...circle, centre: { x: Number.NaN, y: 0 } }],
  ['centre.y is more than a million pixels away', { ...circle, centre: { x: 0, y: -2e6 } }],
  ['colour', { ...circle, colour: 'url(x)' }],
  ['label', { ...circle, label: 'a\nb' }],
  ['label', { ...circle, label: 'a\u202eb' }],
  ['label', { ...circle, label: 'x'.repeat(201) }],
  ['id', { ...circle, id: '' }],
  ['outerPx is not greater', { ...circle, kind: 'annulus', innerPx: 5, outerPx: 5 }],
  ['at least 3 vertices', { ...circle, kind: 'polygon', vertices: [{ x: 0, y: 0 }] }],
  [
    'at most 1000',
    { ...circle, kind: 'polygon', vertices: Array.from({ length: 1001 }, () => ({ x: 0, y: 0 })) },
  ],
  [
    'vertices[2] is not a position',
    { ...circle, kind: 'polygon', vertices: [{ x: 0, y: 0 }, { x: 0, y: 1 }, 7] },
  ],
  ['widthPx is -1', { ...LINE, widthPx: -1 }],
])('refused: %s', (words, value) => {
  expect(checkedRegion(value)).toEqual({ problem: expect.stringContaining(words) as string });
});

test('anything at all is checked without a throw', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const checked = checkedRegion(value);
      expect('problem' in checked || shapeProblem(checked) === undefined).toBe(true);
    }),
  );
});

test('a label is made printable and never cut inside a character', () => {
  expect(printableLabel(' a\tb\u0000c\u202e ')).toBe('a b c');
  expect(printableLabel(`${'x'.repeat(199)}😀`)).toBe('x'.repeat(199));
});

test.each([
  ['Red', 'red'],
  ['#f00', 'red'],
  ['#36f', 'blue'],
  ['#fE0', 'yellow'],
  ['#ffa000', 'orange'],
  ['hotpink', 'green'],
  ['#12345', 'green'],
])('the palette has %s as %s', (name, colour) => {
  expect(nearestColour(name)).toBe(colour);
});
