/** Rows of the table as text: CSV for a file (RFC 4180), tab-separated for the clipboard. */
import { csvCell, withoutFormula, type CsvCell } from '../../core/csv.ts';
import type { ColumnId } from '../../core/exposureColumns.ts';
import type { TableColumns } from './tableColumns.ts';

/** Null for a number that is not known. */
function cellOf(columns: TableColumns, id: ColumnId, row: number): CsvCell {
  return columns.texts(id)?.get(row) ?? columns.numbers(id)?.[row] ?? null;
}

/** With a line end after every line. */
export function csvLines(columns: TableColumns, ids: readonly ColumnId[], rows: Uint32Array): string {
  let text = '';
  for (const row of rows) {
    // A line of one empty cell would be a line of no cell.
    text += `${ids.map((id) => csvCell(cellOf(columns, id, row))).join(',') || '""'}\r\n`;
  }
  return text;
}

export function csvHead(ids: readonly ColumnId[]): string {
  return `${ids.join(',')}\r\n`;
}

/** Tabs and line ends within a text become spaces: the clipboard has no way to quote them. */
export function tsvLines(columns: TableColumns, ids: readonly ColumnId[], rows: Uint32Array): string {
  return Array.from(rows, (row) =>
    ids
      .map((id) => {
        const cell = cellOf(columns, id, row);
        return typeof cell === 'string' ? withoutFormula(cell).replace(/[\t\r\n]+/g, ' ') : csvCell(cell);
      })
      .join('\t'),
  ).join('\n');
}
