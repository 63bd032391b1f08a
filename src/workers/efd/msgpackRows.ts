/**
 * Reads InfluxDB's msgpack answers into columns while they arrive.
 *
 * With `epoch=ns` a row's time is an int64 of nanoseconds, which no double holds: it is kept as two halves, exact, and
 * serves as the row's key. Everything else is small. Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { AppError } from '../../core/errors.ts';

/** A run of rows of one series. The first column is always `time`. */
export interface RowBlock {
  /** Which statement of the request it answers, from 0. */
  readonly statement: number;
  readonly measurement: string;
  readonly columns: readonly string[];
  readonly rowCount: number;
  /** Row keys: nanoseconds UTC = high * 2^32 + low. */
  readonly timeHigh: Int32Array;
  readonly timeLow: Uint32Array;
  /** One per column after `time`; NaN where the row has no number. */
  readonly numbers: readonly Float64Array[];
  /** One per column after `time`; null for columns without text. */
  readonly texts: readonly (readonly (string | null)[] | null)[];
}

/** Thrown inside when a value goes on beyond the bytes that have come; never leaves this module. */
const NEED_MORE = Symbol('need more bytes');

type Plain = null | boolean | number | string | bigint | Plain[] | { [key: string]: Plain };

interface MutableBlock {
  statement: number;
  measurement: string;
  columns: string[];
  rowCount: number;
  timeHigh: Int32Array;
  timeLow: Uint32Array;
  numbers: Float64Array[];
  texts: ((string | null)[] | null)[];
}

const text = new TextDecoder('utf-8', { fatal: false });

/** `nanoseconds` as milliseconds, to the microsecond that a double resolves today. */
export function unixMsOfKey(high: number, low: number): number {
  return (high * 4_294_967_296 + low) / 1e6;
}

export function keyOf(block: RowBlock, row: number): bigint {
  return (BigInt(block.timeHigh[row] ?? 0) << 32n) | BigInt(block.timeLow[row] ?? 0);
}

/**
 * Feed it chunks as the network gives them; whole answers come out as blocks of rows. One HTTP answer is a sequence of
 * msgpack maps, one per chunk of up to `chunk_size` rows. A map that is cut by a chunk's end is read again from its
 * beginning, but only when its known bytes have doubled, so the work stays linear.
 */
export class MsgpackRowReader {
  private pending = new Uint8Array(0);
  private retryAtBytes = 0;

  push(chunk: Uint8Array): RowBlock[] {
    if (this.pending.length === 0) this.pending = chunk.slice();
    else {
      const joined = new Uint8Array(this.pending.length + chunk.length);
      joined.set(this.pending);
      joined.set(chunk, this.pending.length);
      this.pending = joined;
    }
    return this.pending.length < this.retryAtBytes ? [] : this.read();
  }

  /** After the last chunk. Throws when the answer was cut off. */
  end(): RowBlock[] {
    const blocks = this.read();
    if (this.pending.length > 0) {
      throw new AppError('Unreachable', 'The answer of the EFD was cut off; it is asked again.');
    }
    return blocks;
  }

  private read(): RowBlock[] {
    const blocks: RowBlock[] = [];
    const cursor = new Cursor(this.pending);
    let done = 0;
    try {
      while (cursor.at < this.pending.length) {
        readAnswer(cursor, blocks);
        done = cursor.at;
      }
    } catch (thrown) {
      if (thrown !== NEED_MORE) throw thrown;
    }
    this.pending = this.pending.subarray(done);
    this.retryAtBytes = done > 0 ? 0 : 2 * this.pending.length;
    return blocks;
  }
}

class Cursor {
  at = 0;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** The halves of the last 64-bit integer read. */
  high = 0;
  low = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves over `count` bytes and gives where they begin. */
  take(count: number): number {
    const at = this.at;
    if (at + count > this.bytes.length) throw NEED_MORE;
    this.at = at + count;
    return at;
  }

  byte(): number {
    return this.bytes[this.take(1)] as number;
  }

  string(length: number): string {
    const at = this.take(length);
    return text.decode(this.bytes.subarray(at, at + length));
  }

  int64(): number {
    const at = this.take(8);
    this.high = this.view.getInt32(at);
    this.low = this.view.getUint32(at + 4);
    return this.high * 4_294_967_296 + this.low;
  }
}

function broken(what: string): AppError {
  return new AppError('Bug', `The answer of the EFD is not what InfluxDB 1.x sends: ${what}.`);
}

/** Length of the array or map that follows, or a refusal. */
function arrayLength(c: Cursor): number {
  const code = c.byte();
  if (code >= 0x90 && code <= 0x9f) return code & 0x0f;
  if (code === 0xdc) return c.view.getUint16(c.take(2));
  if (code === 0xdd) return c.view.getUint32(c.take(4));
  throw broken(`0x${code.toString(16)} where an array begins`);
}

function mapLength(c: Cursor): number {
  const code = c.byte();
  if (code >= 0x80 && code <= 0x8f) return code & 0x0f;
  if (code === 0xde) return c.view.getUint16(c.take(2));
  if (code === 0xdf) return c.view.getUint32(c.take(4));
  throw broken(`0x${code.toString(16)} where a map begins`);
}

/** One value that is no array or map. 64-bit integers come as doubles; the cursor keeps their exact halves. */
function readScalar(c: Cursor): number | string | boolean | null {
  const code = c.byte();
  if (code <= 0x7f) return code;
  if (code >= 0xe0) return code - 256;
  if (code >= 0xa0 && code <= 0xbf) return c.string(code & 0x1f);
  switch (code) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xca:
      return c.view.getFloat32(c.take(4));
    case 0xcb:
      return c.view.getFloat64(c.take(8));
    case 0xcc:
      return c.byte();
    case 0xcd:
      return c.view.getUint16(c.take(2));
    case 0xce:
      return c.view.getUint32(c.take(4));
    case 0xcf:
    case 0xd3:
      return c.int64();
    case 0xd0:
      return c.view.getInt8(c.take(1));
    case 0xd1:
      return c.view.getInt16(c.take(2));
    case 0xd2:
      return c.view.getInt32(c.take(4));
    case 0xd9:
      return c.string(c.byte());
    case 0xda:
      return c.string(c.view.getUint16(c.take(2)));
    case 0xdb:
      return c.string(c.view.getUint32(c.take(4)));
    default:
      throw broken(`type 0x${code.toString(16)}`);
  }
}

function readPlain(c: Cursor): Plain {
  const code = c.bytes[c.at];
  if (code === undefined) throw NEED_MORE;
  if ((code >= 0x80 && code <= 0x8f) || code === 0xde || code === 0xdf) {
    const map: { [key: string]: Plain } = {};
    for (let n = mapLength(c); n > 0; n--) {
      const key = readScalar(c);
      map[String(key)] = readPlain(c);
    }
    return map;
  }
  if ((code >= 0x90 && code <= 0x9f) || code === 0xdc || code === 0xdd) {
    const array: Plain[] = [];
    for (let n = arrayLength(c); n > 0; n--) array.push(readPlain(c));
    return array;
  }
  return readScalar(c);
}

function refuse(error: Plain): never {
  const said = typeof error === 'string' ? error : JSON.stringify(error);
  // Both come with HTTP status 200, at times after thousands of good rows.
  if (/timeout|max-concurrent|too many/i.test(said)) {
    throw new AppError('Unreachable', `InfluxDB is overloaded (${said}); the EFD is asked again.`);
  }
  if (/database not found/i.test(said)) {
    throw new AppError('Unreachable', `The EFD is not set up yet (${said}); it is asked again.`);
  }
  throw new AppError('Bug', `InfluxDB refuses the query: ${said}`);
}

function readAnswer(c: Cursor, out: RowBlock[]): void {
  // Rows of an answer that turns out to be cut off are read again: they count only once the map is whole.
  const blocks: RowBlock[] = [];
  for (let n = mapLength(c); n > 0; n--) {
    const key = readScalar(c);
    if (key === 'results') for (let r = arrayLength(c); r > 0; r--) readResult(c, blocks);
    else {
      const value = readPlain(c);
      if (key === 'error') refuse(value);
    }
  }
  out.push(...blocks);
}

function readResult(c: Cursor, blocks: RowBlock[]): void {
  const own: MutableBlock[] = [];
  let statement = 0;
  let error: Plain = null;
  for (let n = mapLength(c); n > 0; n--) {
    const key = readScalar(c);
    if (key === 'series') for (let s = arrayLength(c); s > 0; s--) own.push(readSeries(c));
    else {
      const value = readPlain(c);
      if (key === 'statement_id' && typeof value === 'number') statement = value;
      if (key === 'error') error = value;
    }
  }
  if (error !== null) refuse(error);
  for (const block of own) {
    block.statement = statement;
    blocks.push(block);
  }
}

function readSeries(c: Cursor): MutableBlock {
  const block: MutableBlock = {
    statement: 0,
    measurement: '',
    columns: [],
    rowCount: 0,
    timeHigh: new Int32Array(0),
    timeLow: new Uint32Array(0),
    numbers: [],
    texts: [],
  };
  for (let n = mapLength(c); n > 0; n--) {
    const key = readScalar(c);
    if (key === 'values') readValues(c, block);
    else {
      const value = readPlain(c);
      if (key === 'name' && typeof value === 'string') block.measurement = value;
      if (key === 'columns' && Array.isArray(value)) {
        block.columns = value.filter((name) => typeof name === 'string');
      }
    }
  }
  return block;
}

function readValues(c: Cursor, block: MutableBlock): void {
  const rows = arrayLength(c);
  // A row takes two bytes at least: refuses a length that would only fill the memory.
  if (rows > c.bytes.length) throw NEED_MORE;
  block.rowCount = rows;
  block.timeHigh = new Int32Array(rows);
  block.timeLow = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const cells = arrayLength(c);
    for (let cell = 0; cell < cells; cell++) {
      const value = cell === 0 ? readTime(c) : readScalar(c);
      if (cell === 0) {
        block.timeHigh[row] = c.high;
        block.timeLow[row] = c.low;
        continue;
      }
      const column = cell - 1;
      const numbers = (block.numbers[column] ??= new Float64Array(rows).fill(NaN));
      block.texts[column] ??= null;
      if (typeof value === 'number') numbers[row] = value;
      else if (typeof value === 'boolean') numbers[row] = value ? 1 : 0;
      else if (typeof value === 'string') {
        const texts = (block.texts[column] ??= Array<string | null>(rows).fill(null));
        texts[row] = value;
      }
    }
  }
}

/** The row's key in the cursor's halves, also when the encoder chose a shorter integer. */
function readTime(c: Cursor): null {
  const code = c.bytes[c.at];
  const value = readScalar(c);
  if (code !== 0xd3 && code !== 0xcf) {
    // SHOW statements have text in their first column and no times: the key stays 0.
    const nanoseconds = typeof value === 'number' ? value : 0;
    c.high = Math.floor(nanoseconds / 4_294_967_296);
    c.low = nanoseconds - c.high * 4_294_967_296;
  }
  return null;
}
