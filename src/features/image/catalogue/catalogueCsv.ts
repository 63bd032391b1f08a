/** A catalogue as CSV. */
import { csvText } from '../../../core/csv.ts';
import type { ShownCatalogue } from './catalogueStore.ts';

/** The chosen rows, or all when none is. */
export function catalogueCsv({ table }: Pick<ShownCatalogue, 'table'>, chosen: ReadonlySet<number>): string {
  const { columns, rows } = table;
  const wanted =
    chosen.size > 0 ? [...chosen].toSorted((a, b) => a - b) : Array.from({ length: rows }, (_, i) => i);
  const head = columns.map(({ name, unit }) => (unit ? `${name} [${unit}]` : name));
  return csvText([head, ...wanted.map((row) => columns.map(({ values }) => values[row] ?? null))]);
}
