/** A catalogue as RFC 4180; what is not known is empty. */
import type { ShownCatalogue } from './catalogueStore.ts';

/** The chosen rows, or all when none is. */
export function catalogueCsv({ table }: Pick<ShownCatalogue, 'table'>, chosen: ReadonlySet<number>): string {
  const { columns, rows } = table;
  const wanted =
    chosen.size > 0 ? [...chosen].toSorted((a, b) => a - b) : Array.from({ length: rows }, (_, i) => i);
  const head = columns.map(({ name, unit }) => quoted(unit ? `${name} [${unit}]` : name)).join(',');
  const lines = wanted.map((row) => columns.map((column) => quoted(cell(column.values[row]))).join(','));
  return [head, ...lines].join('\r\n');
}

function cell(value: number | string | undefined): string {
  return value === undefined || Number.isNaN(value) ? '' : String(value);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
