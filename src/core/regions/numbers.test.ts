import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyRegion } from './anyRegion.ts';
import { numbersOf, withTyped } from './numbers.ts';
import { shapeProblem, type Region } from './region.ts';

const LINE: Region = {
  kind: 'line',
  id: 'a',
  label: '',
  colour: 'green',
  from: { x: 1, y: 2 },
  to: { x: 30, y: 4 },
  widthPx: 1,
};
const ELLIPSE: Region = {
  kind: 'ellipse',
  id: 'a',
  label: '',
  colour: 'red',
  centre: { x: 5, y: 6 },
  semiMajorPx: 3,
  semiMinorPx: 9,
  angleDeg: 30,
};
const RING: Region = {
  kind: 'annulus',
  id: 'a',
  label: '',
  colour: 'red',
  centre: { x: 5, y: 6 },
  innerPx: 3,
  outerPx: 9,
};

function typed(region: Region, name: string, text: string) {
  const number = numbersOf(region).find((each) => each.name === name);
  if (!number) throw new Error(`No number ${name}.`);
  return withTyped(number, text);
}

it('a line has its ends and its width, an annulus its two radii', () => {
  expect(numbersOf(LINE).map(({ name, value }) => [name, value])).toEqual([
    ['from x', 1],
    ['from y', 2],
    ['to x', 30],
    ['to y', 4],
    ['width', 1],
  ]);
  expect(numbersOf(ELLIPSE).map(({ name }) => name)).toEqual([
    'x',
    'y',
    'semi-axis a',
    'semi-axis b',
    'angle',
  ]);
  expect(typed(LINE, 'width', '7.5')).toEqual({ ...LINE, widthPx: 7.5 });
  expect(typed(LINE, 'to y', '−3')).toEqual({ ...LINE, to: { x: 30, y: -3 } });
  expect(typed(RING, 'outer radius', '12')).toEqual({ ...RING, outerPx: 12 });
});

it.each([
  [LINE, 'from x', 'twelve', 'From x is not a number: type one in px, such as 12.5.'],
  [LINE, 'from x', '  ', 'From x is not a number: type one in px, such as 12.5.'],
  [LINE, 'from x', '1e7', 'From x is too large: type at most a million.'],
  [LINE, 'width', '-1', 'Width is a size: type a number above zero.'],
  [LINE, 'width', '1e6', 'Width is too large: type at most 23170, the diagonal of the largest images.'],
  [RING, 'outer radius', '3', 'The outer radius must be larger than the inner one.'],
  [RING, 'inner radius', '20', 'The outer radius must be larger than the inner one.'],
  [RING, 'outer radius', '0', 'Outer radius is a size: type a number above zero.'],
])('of %o, %s cannot be %j', (region, name, text, problem) => {
  expect(typed(region, name, text)).toEqual({ problem });
});

it('every number comes back as it is typed, alone, and only sound shapes are made', () => {
  fc.assert(
    fc.property(anyRegion, fc.double(), fc.nat(), (region, value, which) => {
      const numbers = numbersOf(region);
      expect(new Set(numbers.map(({ name }) => name)).size).toBe(numbers.length);
      const i = which % numbers.length;
      const after = withTyped(numbers[i]!, String(value));
      if ('problem' in after) {
        const sound = Number.isFinite(value) && shapeProblem(numbers[i]!.changed(value)) === undefined;
        expect(sound).toBe(false);
        return;
      }
      expect(shapeProblem(after)).toBeUndefined();
      expect(numbersOf(after).map((each) => each.value)).toEqual(
        numbers.map((each, j) => (j === i ? Number(String(value)) : each.value)),
      );
    }),
  );
});
