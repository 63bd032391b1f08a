/** Rows of the table as text: CSV for a file (RFC 4180), tab-separated for the clipboard. */
import { EXPOSURE_COLUMNS, type ColumnId } from '../../core/exposureColumns.ts';
import type { TableColumns } from './tableColumns.ts';

/**
 * A spreadsheet takes a cell that begins like this for a formula and runs it. Texts here come from headers and scripts
 * of other people (OWASP, "CSV injection"): an apostrophe in front keeps them texts.
 */
const FORMULA = /^[=+\-@\t\r]/;

function cellText(columns: TableColumns, id: ColumnId, row: number): string {
  const column = columns.texts(id);
  if (column) {
    const text = column.get(row);
    return FORMULA.test(text) ? `'${text}` : text;
  }
  const value = columns.numbers(id)?.[row] ?? NaN;
  // All digits that the number has; nothing for one that is not known.
  return Number.isNaN(value) ? '' : String(value);
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** With a line end after every line. */
export function csvLines(columns: TableColumns, ids: readonly ColumnId[], rows: Uint32Array): string {
  let text = '';
  for (const row of rows) {
    // A line of one empty cell would be a line of no cell.
    text += `${ids.map((id) => quoted(cellText(columns, id, row))).join(',') || '""'}\r\n`;
  }
  return text;
}

export function csvHead(ids: readonly ColumnId[]): string {
  return `${ids.join(',')}\r\n`;
}

/** Tabs and line ends within a text become spaces: the clipboard has no way to quote them. */
export function tsvLines(columns: TableColumns, ids: readonly ColumnId[], rows: Uint32Array): string {
  const isText = ids.map((id) => EXPOSURE_COLUMNS[id].kind === 'text');
  return Array.from(rows, (row) =>
    ids
      .map((id, i) => {
        const cell = cellText(columns, id, row);
        return isText[i] ? cell.replace(/[\t\r\n]+/g, ' ') : cell;
      })
      .join('\t'),
  ).join('\n');
}
