import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numbersOf } from '../../../core/catalogue/table.ts';
import { catalogueCsv } from './catalogueCsv.ts';
import { readCsv, type ReadTable } from './readCsv.ts';

function read(text: string): ReadTable {
  const answer = readCsv(text);
  if ('problem' in answer) throw new Error(answer.problem);
  return answer;
}

describe('a CSV file', () => {
  it.each([
    ['commas', 'x,y,name\n1,2,a\n3,4,b\n'],
    ['semicolons', 'x;y;name\r\n1;2;a\r\n3;4;b'],
    ['tabs', 'x\ty\tname\n1\t2\ta\n3\t4\tb'],
    ['blanks, aligned', '  x   y name\n  1   2    a\n  3   4    b\n'],
    ['comments', '# made by hand\nx,y,name\n# the first\n1,2,a\n3,4,b\n'],
    ['quotes', '"x","y","name"\n"1",2,"a"\n3,4,b\n'],
  ])('with %s', (_, text) => {
    const { table, note } = read(text);
    expect(note).toBeNull();
    expect(table.rows).toBe(2);
    expect([...numbersOf(table, 'x')!]).toEqual([1, 3]);
    expect([...numbersOf(table, 'y')!]).toEqual([2, 4]);
    expect(table.columns[2]).toMatchObject({ kind: 'texts', name: 'name', values: ['a', 'b'] });
  });

  it('has units in brackets, and cells without a value', () => {
    const { table } = read('ra [deg],flux\n10.5,\n11,7\n');
    expect(table.columns[0]).toMatchObject({ name: 'ra', unit: 'deg' });
    expect([...numbersOf(table, 'flux')!]).toEqual([NaN, 7]);
  });

  it('with lines that are cut off says how many', () => {
    const { table, note } = read('x,y\n1,2\n3\n5,6\n');
    expect([...numbersOf(table, 'x')!]).toEqual([1, 5]);
    expect(note).toMatch(/^1 line/);
  });

  it.each([
    ['', 'no columns'],
    ['just words\n', 'no rows'],
    ['x\n1\n2\n', 'no columns'],
    ['x,y\n', 'no rows'],
  ])('%j is refused with the reason', (text, words) => {
    const answer = readCsv(text);
    expect('problem' in answer && answer.problem).toContain(words);
  });

  it('never throws, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        readCsv(text);
      }),
    );
  });

  it('that was saved is read as it was', () => {
    const value = fc
      .oneof(fc.double({ noDefaultInfinity: true }), fc.constant(NaN))
      .map((v) => (Object.is(v, -0) ? 0 : v));
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 20 }), (rows) => {
        fc.pre(rows.some(([x, y]) => !Number.isNaN(x) && !Number.isNaN(y)));
        const columns = [0, 1].map((i) => ({
          kind: 'numbers' as const,
          name: `c${i}, "quoted"`,
          unit: 'px',
          values: Float64Array.from(rows, (row) => row[i]!),
        }));
        const { table } = read(catalogueCsv({ table: { rows: rows.length, columns } }, new Set()));
        // A line with nothing in it is no line.
        const some = rows.filter(([x, y]) => !Number.isNaN(x) || !Number.isNaN(y));
        expect(table.rows).toBe(some.length);
        columns.forEach(({ name }, i) =>
          expect([...(numbersOf(table, name) ?? [])]).toEqual(some.map((row) => row[i])),
        );
      }),
    );
  });
});

it('saves the chosen rows', () => {
  const table = read('x,y\n1,2\n3,4\n5,6\n').table;
  expect(catalogueCsv({ table }, new Set([2, 0]))).toBe('x,y\r\n1,2\r\n5,6\r\n');
});

it('saves texts without formulas', () => {
  const { table } = read('x,y,name\n1,2,=cmd()\n');
  expect(catalogueCsv({ table }, new Set())).toBe("x,y,name\r\n1,2,'=cmd()\r\n");
});
