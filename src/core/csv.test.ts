import { expect, test } from 'vitest';
import { csvText } from './csv.ts';

test('texts are quoted where they must be, and none is a formula', () => {
  expect(
    csvText([
      ['name', 'level (adu)'],
      ['a, "b"', 1.25],
      ['=cmd()', -3],
    ]),
  ).toBe('name,level (adu)\r\n"a, ""b""",1.25\r\n\'=cmd(),-3\r\n');
});

test.each(['-12 30 00.5', '+04:10:11', '-0.5'])('the number %s is no formula', (text) => {
  expect(csvText([[text]])).toBe(`${text}\r\n`);
});

test.each(['-12+cmd()', '@sum', '+', '-1e'])('%s could be one', (text) => {
  expect(csvText([[text]])).toBe(`'${text}\r\n`);
});

test('what is not known is empty, never zero', () => {
  expect(csvText([[null, Number.NaN, Infinity, 0]])).toBe(',,,0\r\n');
});
