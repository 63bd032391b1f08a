/**
 * The rows of one topic that were read so far. Time goes on: the next question reads only what is new, and the last
 * seconds again for rows that came late. Older rows may come later still (a back-fill, a repaired replica): the whole
 * is read again in growing intervals, soon while it still grows.
 */
import { keyOf, type RowBlock } from './msgpackRows.ts';
import { nanosecondsOf, type Nanoseconds } from './query.ts';

const LATE_NS = 10_000_000_000n;
const REREAD_MIN_MS = 5_000;
const REREAD_MAX_MS = 300_000;
/** Rows older than this before the end of a question are dropped. */
const KEEP_MS = 26 * 3_600_000;

export interface Rows {
  readonly keys: BigInt64Array;
  /** One per field asked for. */
  readonly columns: readonly Float64Array[];
}

export type ReadRows = (begin: Nanoseconds, end: Nanoseconds) => Promise<readonly RowBlock[]>;

const EMPTY = (fields: number): Rows => ({
  keys: new BigInt64Array(0),
  columns: Array.from({ length: fields }, () => new Float64Array(0)),
});

export class TopicRows {
  private readonly fields: number;
  private rows: Rows;
  private begin: Nanoseconds | null = null;
  private end: Nanoseconds = 0n;
  private rereadAfterMs = REREAD_MIN_MS;
  private lastFullReadAt = -Infinity;

  constructor(fields: number) {
    this.fields = fields;
    this.rows = EMPTY(fields);
  }

  /** Rows with begin <= time < end. `nowMs` is any steady clock. */
  async between(beginMs: number, endMs: number, nowMs: number, read: ReadRows): Promise<Rows> {
    const begin = nanosecondsOf(beginMs);
    const end = nanosecondsOf(endMs);
    const due = nowMs - this.lastFullReadAt >= this.rereadAfterMs;
    if (this.begin === null || begin < this.begin || due) {
      const from = this.begin !== null && this.begin < begin ? this.begin : begin;
      const fresh = joinBlocks(await read(from, end), this.fields);
      const known = this.slice(from, this.end).keys.length;
      const grown = lowerBound(fresh.keys, this.end) !== known;
      this.rereadAfterMs = grown ? REREAD_MIN_MS : Math.min(REREAD_MAX_MS, 2 * this.rereadAfterMs);
      this.lastFullReadAt = nowMs;
      this.rows = fresh;
      this.begin = from;
      this.end = end;
    } else if (end > this.end) {
      const seam = this.end - LATE_NS > this.begin ? this.end - LATE_NS : this.begin;
      const tail = joinBlocks(await read(seam, end), this.fields);
      this.rows = concatenate(this.slice(this.begin, seam), tail);
      this.end = end;
    }
    this.dropBefore(nanosecondsOf(endMs - KEEP_MS));
    return this.slice(begin, end);
  }

  private dropBefore(oldest: Nanoseconds): void {
    if (this.begin === null || this.begin >= oldest) return;
    this.rows = this.slice(oldest, this.end);
    this.begin = oldest;
  }

  private slice(begin: Nanoseconds, end: Nanoseconds): Rows {
    const from = lowerBound(this.rows.keys, begin);
    const to = Math.max(from, lowerBound(this.rows.keys, end));
    return {
      keys: this.rows.keys.subarray(from, to),
      columns: this.rows.columns.map((column) => column.subarray(from, to)),
    };
  }
}

/** Index of the first key that is not below. */
export function lowerBound(keys: BigInt64Array, key: bigint): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as bigint) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function joinBlocks(blocks: readonly RowBlock[], fields: number): Rows {
  const count = blocks.reduce((sum, block) => sum + block.rowCount, 0);
  const keys = new BigInt64Array(count);
  const columns = Array.from({ length: fields }, () => new Float64Array(count).fill(NaN));
  let at = 0;
  for (const block of blocks) {
    for (let row = 0; row < block.rowCount; row++) keys[at + row] = keyOf(block, row);
    columns.forEach((column, i) => {
      const numbers = block.numbers[i];
      if (numbers) column.set(numbers, at);
    });
    at += block.rowCount;
  }
  return { keys, columns };
}

function concatenate(a: Rows, b: Rows): Rows {
  const keys = new BigInt64Array(a.keys.length + b.keys.length);
  keys.set(a.keys);
  keys.set(b.keys, a.keys.length);
  const columns = a.columns.map((column, i) => {
    const joined = new Float64Array(keys.length).fill(NaN);
    joined.set(column);
    const more = b.columns[i];
    if (more) joined.set(more, column.length);
    return joined;
  });
  return { keys, columns };
}
