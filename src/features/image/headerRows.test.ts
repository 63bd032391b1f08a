import { describe, expect, it } from 'vitest';
import type { HduHeader } from '../../workers/image/contract.ts';
import { cardText, headerRows, type HeaderRow } from './headerRows.ts';

/** Of keywords, values and, behind a slash, comments. */
function hdu(...cards: readonly (readonly [keyword: string, value: string, comment?: string])[]): HduHeader {
  return {
    index: 0,
    name: '',
    kind: 'image',
    cards: cards.map(([keyword, value, comment = '']) => ({ keyword, value, comment })),
  };
}

/** "KEYWORD: here | there" */
const told = (rows: readonly HeaderRow[]) =>
  rows.map(({ card, other }) => {
    const named = card ?? other;
    const text = (each: typeof card) => (each ? cardText(each) : 'absent');
    return `${named?.keyword}: ${text(card)} | ${text(other)}`;
  });

describe('the cards of two headers', () => {
  const here = hdu(['EXPTIME', '30.', 'seconds'], ['OBJECT', 'HD 2811'], ['ROTPA', '12.5']);

  it('are compared where both have them, and named where one has not', () => {
    const there = hdu(['OBJECT', 'HD 2811'], ['EXPTIME', '5.'], ['FOCUSZ', '0.04', 'mm']);
    expect(told(headerRows(here, there, '', false))).toEqual([
      'EXPTIME: 30. | 5.',
      'OBJECT: HD 2811 | HD 2811',
      'ROTPA: 12.5 | absent',
      'FOCUSZ: absent | 0.04',
    ]);
    expect(told(headerRows(here, there, '', true))).toEqual([
      'EXPTIME: 30. | 5.',
      'ROTPA: 12.5 | absent',
      'FOCUSZ: absent | 0.04',
    ]);
  });

  it('of an HDU that only the other has are all absent here', () => {
    expect(told(headerRows(undefined, hdu(['EXTNAME', 'Segment17']), '', true))).toEqual([
      'EXTNAME: absent | Segment17',
    ]);
  });

  it('are searched on both sides', () => {
    const there = hdu(['EXPTIME', '5.'], ['FOCUSZ', '0.04', 'mm']);
    expect(told(headerRows(here, there, 'mm', false))).toEqual(['FOCUSZ: absent | 0.04']);
    expect(told(headerRows(here, undefined, 'seconds exp', false))).toEqual(['EXPTIME: 30. | absent']);
  });
});

describe('a keyword that comes several times', () => {
  const history = (...lines: readonly string[]) =>
    hdu(...lines.map((line) => ['HISTORY', '', line] as const));

  it('differs in the line that was put in, not in those behind it', () => {
    const rows = headerRows(
      history('bias', 'dark', 'flat'),
      history('bias', 'crosstalk', 'dark', 'flat'),
      '',
      true,
    );
    expect(told(rows)).toEqual(['HISTORY: absent | crosstalk']);
  });

  it('is paired in order where it says something else, and as often as it comes', () => {
    const rows = headerRows(history('a', 'a', 'b', 'c'), history('a', 'x', 'c'), '', false);
    expect(told(rows)).toEqual(['HISTORY: a | a', 'HISTORY: a | x', 'HISTORY: b | absent', 'HISTORY: c | c']);
  });

  it('is never taken for another keyword', () => {
    const rows = headerRows(hdu(['COMMENT', '', 'one']), hdu(['HISTORY', '', 'one']), '', false);
    expect(told(rows)).toEqual(['COMMENT: one | absent', 'HISTORY: absent | one']);
  });
});
