import { expect, test } from 'vitest';
import { columns, toJson } from './output.ts';

test('numbers keep their float64 in JSON, infinities too', () => {
  const numbers = [0.1, -1.5e-300, 2 ** 53 - 1, 2 ** 63, 2 ** 64, 5e-324, Infinity, -Infinity, 1e21];
  expect(JSON.parse(toJson(numbers))).toEqual(numbers);
  // Python reads digits alone as an integer, which is not the float64.
  expect(toJson(2 ** 63)).toBe('9.223372036854776e+18');
  expect(toJson([Number.NaN, null])).toBe('[null,null]');
});

test('JSON is what JSON.stringify writes', () => {
  const value = { a: [1, { b: 'quote " and \n' }], c: true, d: null, e: undefined, ü: {} };
  expect(toJson(value)).toBe(JSON.stringify(value));
});

test('columns are aligned', () => {
  expect(
    columns([
      ['a', 'bb', 'c'],
      ['aaa', '', 'd'],
    ]),
  ).toBe('a    bb  c\naaa      d');
});

test('columns show control characters by number and leave letters alone', () => {
  expect(
    columns([
      ['\u001b[31m', 'donn\u00e9es'],
      ['\u009b', 'b'],
    ]),
  ).toBe('\\x1b[31m  donn\u00e9es\n\\x9b      b');
});
