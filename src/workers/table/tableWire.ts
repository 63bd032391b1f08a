/** The exposure table as it travels (docs/http-api.md), checked and turned into columns. */
import * as z from 'zod/mini';
import type { ExposureId } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import { COLUMN_IDS, EXPOSURE_COLUMNS, type ColumnId } from '../../core/exposureColumns.ts';
import type { UnixMs } from '../../core/time.ts';

// As on the page: its Content-Security-Policy, which is the worker's too, forbids `new Function`.
z.config({ jitless: true });

/** The columns are looked at one cell at a time further down: a schema for millions of cells would take seconds. */
const Envelope = z.object({
  version: z.number(),
  asOfUnixMs: z.number(),
  reset: z.boolean(),
  rows: z.number(),
  columns: z.record(z.string(), z.unknown()),
  removed: z.array(z.number()),
});

export interface TableChanges {
  readonly version: number;
  readonly asOfUnixMs: UnixMs;
  /** Forget all rows first. */
  readonly reset: boolean;
  readonly rowCount: number;
  /** NaN where nothing is known. */
  readonly numbers: ReadonlyMap<ColumnId, Float64Array>;
  /** Empty where nothing is known. */
  readonly texts: ReadonlyMap<ColumnId, readonly string[]>;
  readonly removed: readonly ExposureId[];
}

/** What a row cannot do without. Any other column may be missing: a service of another version has other columns. */
const NEEDED: ReadonlySet<ColumnId> = new Set<ColumnId>(['exposure', 'dayObs', 'seqNum']);

export function checkTable(content: unknown): TableChanges {
  const checked = z.safeParse(Envelope, content);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw unexpected(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`, checked.error);
  }
  const { columns, rows: rowCount, ...same } = checked.data;
  const numbers = new Map<ColumnId, Float64Array>();
  const texts = new Map<ColumnId, readonly string[]>();
  for (const id of COLUMN_IDS) {
    const cells = Object.hasOwn(columns, id) ? columns[id] : undefined;
    if (cells === undefined && !NEEDED.has(id)) continue;
    if (!Array.isArray(cells)) throw unexpected(`column ${id}: expected a list`);
    if (cells.length !== rowCount) {
      throw unexpected(`column ${id}: ${cells.length} cells for ${rowCount} rows`);
    }
    const { kind } = EXPOSURE_COLUMNS[id];
    if (kind === 'text') texts.set(id, checkedTexts(id, cells));
    else if (kind === 'flag') texts.set(id, checkedFlags(id, cells));
    else numbers.set(id, NEEDED.has(id) ? checkedIntegers(id, cells) : checkedNumbers(id, cells));
  }
  return { ...same, rowCount, numbers, texts };
}

function checkedNumbers(id: ColumnId, cells: readonly unknown[]): Float64Array {
  return Float64Array.from(cells, (cell, row) => {
    if (cell === null) return NaN;
    // JSON can write numbers that overflow to infinity.
    if (typeof cell !== 'number' || !Number.isFinite(cell)) throw badCell(id, row, 'a finite number or null');
    return cell;
  });
}

function checkedIntegers(id: ColumnId, cells: readonly unknown[]): Float64Array {
  return Float64Array.from(cells, (cell, row) => {
    if (!Number.isSafeInteger(cell)) throw badCell(id, row, 'an integer');
    return cell as number;
  });
}

function checkedTexts(id: ColumnId, cells: readonly unknown[]): string[] {
  return cells.map((cell, row) => {
    if (cell === null) return '';
    if (typeof cell !== 'string') throw badCell(id, row, 'a text or null');
    return cell;
  });
}

/** In words, so that they are filtered, sorted and written as any other text. */
function checkedFlags(id: ColumnId, cells: readonly unknown[]): string[] {
  return cells.map((cell, row) => {
    if (cell === null) return '';
    if (cell !== 0 && cell !== 1) throw badCell(id, row, '0 or 1');
    return cell === 1 ? 'yes' : 'no';
  });
}

function badCell(id: ColumnId, row: number, expected: string): AppError {
  return unexpected(`column ${id}, row ${row}: expected ${expected}`);
}

function unexpected(what: string, cause?: unknown): AppError {
  return new AppError(
    'Bug',
    `The exposure table is not what this version of the page expects (${what}). Reload the page.`,
    {},
    { cause },
  );
}
