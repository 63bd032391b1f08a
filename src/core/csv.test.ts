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

test('what is not known is empty, never zero', () => {
  expect(csvText([[null, Number.NaN, Infinity, 0]])).toBe(',,,0\r\n');
});
