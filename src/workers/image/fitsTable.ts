/** The columns of a FITS file's first binary table, as numbers and texts. */
import type { Column, Engine, Table } from 'astro-fits-wasm';
import { MOST_ROWS, type TableColumn, type TableColumns } from '../../core/catalogue/table.ts';
import { AppError } from '../../core/errors.ts';

export function readTable(engine: Engine, file: Uint8Array): TableColumns {
  const stream = engine.openStream({ expectedBytes: file.length });
  try {
    stream.push(file);
    stream.end();
    const hdu = stream.hdus.find(({ kind }) => kind === 'bintable');
    if (!hdu) throw new AppError('UnsupportedFits', 'it has no binary table');
    const table = stream.table(hdu);
    try {
      const rows = Math.min(table.rows, MOST_ROWS);
      return { rows, columns: table.columns.flatMap((column) => columnOf(table, column, rows) ?? []) };
    } finally {
      table.free();
    }
  } finally {
    stream.free();
  }
}

function columnOf(table: Table, column: Column, rows: number): TableColumn | undefined {
  const { name, unit, type, variableLength, width } = column;
  if (type === 'A') return { kind: 'texts', name, unit, values: table.strings(name, 0, rows) };
  if (variableLength || width !== 1) return undefined;
  const stored = table.values(name, 0, rows);
  const values = Float64Array.from(stored, Number);
  const empty = emptyValue(column);
  if (empty === null) return { kind: 'numbers', name, unit, values };
  for (const [row, value] of stored.entries()) if (BigInt(value) === empty) values[row] = NaN;
  return { kind: 'numbers', name, unit, values };
}

/** Of integers and logicals; reals have a NaN, scaled integers too. */
function emptyValue({ type, values, zero, undefinedAs }: Column): bigint | null {
  if (type === 'L') return 255n;
  if (undefinedAs === null || values === 'f32' || values === 'f64') return null;
  // It is told of the integers as they are stored, without what makes them unsigned.
  return undefinedAs + BigInt(zero);
}
