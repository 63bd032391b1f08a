/** Binary tables. */
import type { Column, ColumnType, Table, TableValues } from './api.ts';
import { FitsError } from './api.ts';
import type { Instance } from './layout.ts';
import type { EngineStream } from './stream.ts';
import { Layout, PLANE_TYPES } from './layout.ts';
import { ARRAYS, EnginePlane } from './plane.ts';

/** A column of characters may have no bytes, so that the size of the file does not bound the rows. */
const MOST_STRINGS = 1 << 24;

const LATIN1 = new TextDecoder('latin1');

/** Up to a zero byte, without the blanks behind. */
function trimmed(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return LATIN1.decode(end < 0 ? bytes : bytes.subarray(0, end)).replace(/ +$/, '');
}

function readColumn(instance: Instance, address: number, index: number): Column {
  const { column: layout } = Layout;
  const { view } = instance;
  const text = (at: number, length: number): string =>
    instance.text(instance.u32(address + at), instance.u32(address + length));
  const dimensions = instance.u32(address + layout.dimensions);
  const count = instance.u32(address + layout.dimensionCount);
  return {
    name: text(layout.name, layout.nameLength) || `col${index + 1}`,
    unit: text(layout.unit, layout.unitLength),
    type: String.fromCharCode(instance.u32(address + layout.type)) as ColumnType,
    variableLength: instance.u32(address + layout.pointer) !== 0,
    values: PLANE_TYPES[instance.u32(address + layout.physical)] ?? 'u8',
    width: instance.u32(address + layout.width),
    dimensions: Array.from({ length: count }, (_, i) => instance.u32(dimensions + 4 * i)),
    scale: view.getFloat64(address + layout.scale, true),
    zero: view.getFloat64(address + layout.zero, true),
    undefinedAs: instance.u32(address + layout.hasNull)
      ? view.getBigInt64(address + layout.null, true)
      : null,
  };
}

export class EngineTable implements Table {
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly #instance: Instance;
  readonly #stream: EngineStream;
  #handle: number;

  constructor(instance: Instance, stream: EngineStream, hdu: number) {
    const { routines, error } = instance;
    this.#instance = instance;
    this.#stream = stream;
    this.#handle = routines.af_table_new(stream.address, hdu, error);
    if (this.#handle === 0) instance.fail();
    this.rows = routines.af_table_rows(this.#handle);
    this.columns = Array.from({ length: routines.af_table_column_count(this.#handle) }, (_, i) =>
      instance.withScratch(Layout.column.size, (column) => {
        instance.check(routines.af_table_column(this.#handle, i, column, error));
        return readColumn(instance, column, i);
      }),
    );
  }

  values(name: string, first = 0, count = this.rows - first): TableValues {
    const { routines, error } = this.#instance;
    const index = this.#find(name);
    return this.#taken(index, (out) =>
      routines.af_table_values(this.#open(), index, first, count, out, error),
    );
  }

  cell(name: string, row: number): TableValues {
    const { routines, error } = this.#instance;
    const index = this.#find(name);
    return this.#taken(index, (out) => routines.af_table_cell(this.#open(), index, row, out, error));
  }

  strings(name: string, first = 0, count = this.rows - first): readonly string[] {
    const column = this.columns[this.#find(name)];
    if (column?.type !== 'A') throw new FitsError('WasmFailed', `the column ${name} has no characters`);
    if (count > MOST_STRINGS) {
      const message = `${count} strings at once: read at most ${MOST_STRINGS} rows`;
      throw new FitsError('WasmFailed', message, { kind: 'limit' });
    }
    if (column.variableLength)
      return Array.from({ length: count }, (_, i) => trimmed(this.cell(name, first + i) as Uint8Array));
    const bytes = this.values(name, first, count) as Uint8Array;
    const { width } = column;
    return Array.from({ length: count }, (_, i) => trimmed(bytes.subarray(i * width, (i + 1) * width)));
  }

  free(): void {
    this.#instance.routines.af_table_free(this.#handle);
    this.#handle = 0;
  }

  #open(): number {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the table was freed');
    // Bytes that were freed meanwhile could be anyone's by now.
    this.#stream.requireOpen();
    return this.#handle;
  }

  /** As the standard wants it, capitals do not matter; the first column of that name. */
  #find(name: string): number {
    const index = this.columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
    if (index < 0) {
      const known = this.columns.map((column) => column.name).join(', ');
      throw new FitsError('WasmFailed', `no column ${name}; there are: ${known}`);
    }
    return index;
  }

  /** A copy of the plane that a routine leaves; nothing when it leaves none. */
  #taken(index: number, read: (out: number) => number): TableValues {
    const instance = this.#instance;
    return instance.withScratch(4, (out) => {
      instance.check(read(out));
      const address = instance.u32(out);
      if (address === 0) return new ARRAYS[this.columns[index]?.values ?? 'u8'](0);
      const values = new EnginePlane(instance, address).view().slice();
      instance.routines.af_plane_free(address);
      return values;
    });
  }
}
