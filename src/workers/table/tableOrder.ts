/** Which rows a query shows, and in which order. */
import { COLUMN_IDS, isColumnId, type ColumnId } from '../../core/exposureColumns.ts';
import { numberFilter, occurs, textFilter, textParts, type TextPart } from './cellFilter.ts';
import type { SortKey, TableQuery } from './contract.ts';
import type { TableColumns } from './tableColumns.ts';

export interface Ordered {
  readonly order: Uint32Array;
  readonly problems: { readonly [column in ColumnId]?: string };
}

type RowTest = (row: number) => boolean;

export function orderedRows(columns: TableColumns, query: TableQuery): Ordered {
  const problems: { [column in ColumnId]?: string } = {};
  const tests: RowTest[] = [];
  if (query.night !== null) {
    const days = columns.numbers('dayObs');
    tests.push((row) => days?.[row] === query.night);
  }
  for (const [id, typed] of Object.entries(query.filters)) {
    if (!isColumnId(id)) continue;
    const test = columnTest(columns, id, typed);
    if (typeof test === 'string') problems[id] = test;
    else if (test) tests.push(test);
  }
  for (const part of textParts(query.words)) tests.push(anywhereTest(columns, part));
  // `newestFirst` is shared: sorting works on a copy, which filter makes in any case.
  const order = columns.newestFirst().filter((row) => tests.every((test) => test(row)));
  if (query.sort.length > 0) order.sort(byKeys(columns, query.sort));
  return { order, problems };
}

/** Undefined for an empty filter, a sentence for one that cannot be understood. */
function columnTest(columns: TableColumns, id: ColumnId, typed: string): RowTest | string | undefined {
  const values = columns.numbers(id);
  if (values) {
    const test = numberFilter(typed);
    if (test && 'problem' in test) return test.problem;
    return test && ((row) => test(values[row] ?? NaN));
  }
  const test = textFilter(typed);
  const column = columns.texts(id);
  if (!test || !column) return undefined;
  // Each different text is looked at once.
  const passes = column.words.map(test);
  return (row) => passes[column.codes[row] ?? 0] ?? false;
}

/** The numbers by which people name an exposure are searched like texts. */
const NAMING: readonly ColumnId[] = ['exposure', 'dayObs', 'seqNum'];

function anywhereTest(columns: TableColumns, part: TextPart): RowTest {
  const inTexts: RowTest[] = [];
  for (const id of COLUMN_IDS) {
    const column = columns.texts(id);
    // An empty cell says nothing about the row: an empty pair of quote marks finds nothing here.
    if (!column || part.text === '' || id === 'hasRaw') continue;
    const passes = column.words.map((word) => occurs(part, word));
    if (passes.includes(true)) inTexts.push((row) => passes[column.codes[row] ?? 0] ?? false);
  }
  const naming = /^\d+$/.test(part.text) ? NAMING.map((id) => columns.numbers(id)) : [];
  return (row) =>
    (inTexts.some((test) => test(row)) || naming.some((v) => String(v?.[row]).includes(part.text))) !==
    part.turned;
}

/** Cells that are not known come last in both directions. */
function byKeys(columns: TableColumns, sort: readonly SortKey[]): (a: number, b: number) => number {
  const keys = sort.map(({ column, descending }) => ({
    values: sortable(columns, column),
    sign: descending ? -1 : 1,
  }));
  return (a, b) => {
    for (const { values, sign } of keys) {
      const x = values[a] ?? NaN;
      const y = values[b] ?? NaN;
      if (x === y) continue;
      const unknown = Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      if (unknown !== 0) return unknown;
      if (x < y) return -sign;
      if (x > y) return sign;
    }
    return 0;
  };
}

function sortable(columns: TableColumns, id: ColumnId): Float64Array {
  const column = columns.texts(id);
  if (!column) return columns.numbers(id) ?? new Float64Array(0);
  const ranks = column.ranks();
  return Float64Array.from(column.codes.subarray(0, columns.rowCount), (code) => ranks[code] ?? NaN);
}
