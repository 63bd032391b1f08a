/** Tables, verification and released data through the built module; columns against astropy are tested in Python. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine, FitsStream } from './index.ts';
import { FitsError, createEngine } from './index.ts';

const MODULE = resolve(import.meta.dirname, 'dist/astro_fits.wasm');
const FIXTURES = resolve(import.meta.dirname, '../fixtures/engine');
const BLOCK = 2880;

let engine: Engine;
beforeAll(async () => {
  if (!existsSync(MODULE)) throw new Error('The engine is not built: run `node wasm/build.mjs`.');
  engine = await createEngine(new Uint8Array(readFileSync(MODULE)));
});

const padded = (text: string): string => text.padEnd(Math.ceil(text.length / BLOCK) * BLOCK, ' ');
const header = (cards: readonly string[]): string =>
  padded([...cards, 'END'].map((card) => card.padEnd(80)).join(''));
const PRIMARY = header(['SIMPLE  = T', 'BITPIX  = 8', 'NAXIS   = 0']);

type Cards = Readonly<Record<string, string | number>>;
const STRUCTURE: Cards = { XTENSION: "'BINTABLE'", BITPIX: 8, NAXIS: 2 };
const COLUMNS: Cards = {
  TFIELDS: 3,
  TFORM1: "'J'",
  TTYPE1: "'Number'",
  TUNIT1: "'adu'",
  TFORM2: "'4A'",
  TTYPE2: "'text'",
  TFORM3: "'PE'",
  TTYPE3: "'list'",
};
/** Two rows of 16 bytes and 12 of heap: 7, 'ab', [1.5, -2] and -1, ' c', []. */
const DATA = Uint8Array.of(
  ...[0, 0, 0, 7, 0x61, 0x62, 0x20, 0x20, 0, 0, 0, 2, 0, 0, 0, 4],
  ...[0xff, 0xff, 0xff, 0xff, 0x20, 0x63, 0, 0x78, 0, 0, 0, 0, 0, 0, 0, 0],
  ...[9, 9, 9, 9, 0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0],
);

function file(cards: Cards = {}, data: Uint8Array = DATA): Uint8Array {
  const all = { ...STRUCTURE, NAXIS1: 16, NAXIS2: 2, PCOUNT: 12, GCOUNT: 1, ...COLUMNS, ...cards };
  const text = Object.entries(all).map(([keyword, value]) => `${keyword.padEnd(8)}= ${value}`);
  const head = Buffer.from(PRIMARY + header(text), 'latin1');
  const bytes = new Uint8Array(head.length + Math.ceil(data.length / BLOCK) * BLOCK);
  bytes.set(head);
  bytes.set(data, head.length);
  return bytes;
}

function open(bytes: Uint8Array, memoryLimit = 0): FitsStream {
  const stream = engine.openStream({ memoryLimit });
  try {
    stream.push(bytes);
    stream.end();
  } catch (error) {
    stream.free();
    throw error;
  }
  return stream;
}

/** Everything there is in the table of HDU 1. */
function readAll(bytes: Uint8Array, memoryLimit = 0): unknown[] {
  const stream = open(bytes, memoryLimit);
  try {
    const hdu = stream.hdus[1];
    if (!hdu) return []; // what follows the primary HDU does not begin with XTENSION
    const table = stream.table(hdu);
    try {
      return table.columns.map(({ name, variableLength }) =>
        variableLength
          ? Array.from({ length: table.rows }, (_, row) => [...table.cell(name, row)])
          : [...table.values(name)],
      );
    } finally {
      table.free();
    }
  } finally {
    stream.free();
  }
}

function failure(action: () => unknown): FitsError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FitsError);
    return error as FitsError;
  }
  throw new Error('nothing was thrown');
}

describe('tables', () => {
  test('columns, values, cells and strings', () => {
    const stream = open(file());
    const table = stream.table(stream.hdus[1]!);
    expect(table.rows).toBe(2);
    expect(
      table.columns.map(({ name, unit, type, variableLength, values, width }) => [
        name,
        unit,
        type,
        variableLength,
        values,
        width,
      ]),
    ).toEqual([
      ['Number', 'adu', 'J', false, 'i32', 1],
      ['text', '', 'A', false, 'u8', 4],
      ['list', '', 'E', true, 'f32', 0],
    ]);
    expect(table.values('NUMBER')).toEqual(Int32Array.of(7, -1));
    expect(table.values('Number', 1)).toEqual(Int32Array.of(-1));
    expect(table.values('Number', 2)).toEqual(new Int32Array(0));
    expect(table.strings('text')).toEqual(['ab', ' c']);
    expect(table.cell('list', 0)).toEqual(Float32Array.of(1.5, -2));
    expect(table.cell('list', 1)).toEqual(new Float32Array(0));
    expect(failure(() => table.values('list')).message).toMatch('cell by cell');
    expect(failure(() => table.values('nothing')).message).toMatch('there are: Number, text, list');
    expect(failure(() => table.values('Number', 1, 2)).message).toMatch('no such row');
    expect(failure(() => table.cell('list', 2)).message).toMatch('no such row');
    table.free();
    expect(failure(() => table.values('Number')).message).toMatch('freed');
    stream.free();
  });

  test('the table of a compressed image can be read, its pixels aside', () => {
    const stream = open(new Uint8Array(readFileSync(resolve(FIXTURES, 'raw-rice.fits'))));
    const table = stream.table(stream.hdus[1]!);
    expect(table.columns[0]).toMatchObject({ name: 'COMPRESSED_DATA', type: 'B', variableLength: true });
    expect(table.cell('COMPRESSED_DATA', 0).length).toBeGreaterThan(10);
    expect(failure(() => stream.table(stream.hdus[0]!)).tag).toBe('UnsupportedFits');
    table.free();
    stream.free();
  });

  test.each([
    ['TFIELDS', -1, 'MalformedFits'],
    ['TFIELDS', 1000, 'MalformedFits'],
    ['TFIELDS', 2 ** 40, 'MalformedFits'],
    ['TFORM1', "'1099511627776J'", 'MalformedFits'],
    ['TFORM1', "'99999999999999999999999999J'", 'MalformedFits'],
    ['TFORM1', "'5J'", 'MalformedFits'],
    ['TFORM1', "'Y'", 'MalformedFits'],
    ['TFORM3', "'QE'", 'MalformedFits'],
    ['TFORM3', "'PP'", 'MalformedFits'],
    ['TFORM3', "'PM'", 'MalformedFits'],
    ['THEAP', 0, 'MalformedFits'],
    ['THEAP', -1, 'MalformedFits'],
    ['THEAP', 2 ** 40, 'MalformedFits'],
    ['NAXIS1', 2 ** 40, 'UnsupportedFits'],
    ['NAXIS2', 2 ** 40, 'UnsupportedFits'],
    ['NAXIS2', '9223372036854775807', 'UnsupportedFits'],
    ['PCOUNT', 2 ** 40, 'UnsupportedFits'],
    ['GCOUNT', 2 ** 40, 'UnsupportedFits'],
    ['GCOUNT', 0, 'MalformedFits'],
    ['NAXIS', 1, 'MalformedFits'],
  ])('%s = %s is refused', (keyword, value, tag) => {
    const before = engine.memoryBytes;
    expect(failure(() => readAll(file({ [keyword]: value }))).tag).toBe(tag);
    expect(engine.memoryBytes - before).toBeLessThan(1 << 20);
  });

  test('zero rows, zero columns, empty cells', () => {
    expect(readAll(file({ NAXIS2: 0, PCOUNT: 0 }, new Uint8Array(0)))).toEqual([[], [], []]);
    expect(readAll(file({ TFIELDS: 0 }))).toEqual([]);
    expect(
      readAll(
        file(
          { NAXIS1: 0, NAXIS2: 2147483647, PCOUNT: 0, TFORM1: "'0J'", TFORM2: "'0A'", TFORM3: "'0D'" },
          new Uint8Array(0),
        ),
      ),
    ).toEqual([[], [], []]);
  });

  test('a cut anywhere is malformed, and never read', () => {
    const whole = file();
    for (let length = 0; length < PRIMARY.length * 2 + DATA.length; length += 40) {
      if (length === BLOCK) continue; // the primary HDU alone is a whole file
      expect(failure(() => readAll(whole.subarray(0, length))).tag).toBe('MalformedFits');
    }
  });

  test('flipped bits end with a table or an error of the right kind', () => {
    const whole = file();
    for (let bit = 0; bit < DATA.length * 8 + 1200 * 8; bit += 5) {
      const bytes = whole.slice();
      const at = bit < DATA.length * 8 ? 2 * BLOCK + (bit >> 3) : BLOCK + ((bit >> 3) - DATA.length);
      bytes[at]! ^= 1 << (bit & 7);
      try {
        readAll(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FitsError);
        expect((error as FitsError).tag).not.toBe('WasmFailed');
      }
    }
  });

  test('values larger than the memory limit are refused, parts of them are not', () => {
    const bits = file(
      { NAXIS1: 1250, NAXIS2: 100, PCOUNT: 0, TFIELDS: 1, TFORM1: "'10000X'" },
      new Uint8Array(125000),
    );
    expect(failure(() => readAll(bits, 500_000)).message).toMatch('read fewer rows');
    const stream = open(bits, 500_000);
    const table = stream.table(stream.hdus[1]!);
    expect(table.values('Number', 10, 20)).toHaveLength(200_000);
    table.free();
    stream.free();
  });
});

describe('verification', () => {
  test('tells bad cards, the structure, and checksums', () => {
    const sound = open(file());
    expect(sound.verify()).toMatchObject([
      { problems: [], checksum: 'absent', datasum: 'absent' },
      { problems: [], checksum: 'absent', datasum: 'absent' },
    ]);
    const datasum = sound.verify()[1]!.computedDatasum;
    sound.free();

    const right = open(file({ DATASUM: `'${datasum}'` }));
    expect(right.verify()[1]).toMatchObject({ datasum: 'good', problems: [] });
    right.free();

    const bad = open(file({ DATASUM: "'1'", CHECKSUM: "'abcdabcdabcdabcd'", BAD: "'open", TFORM2: "'3A'" }));
    const [, verified] = bad.verify();
    expect(verified).toMatchObject({ datasum: 'bad', checksum: 'bad', computedDatasum: datasum });
    expect(verified?.problems.map(({ card, text }) => [card, text])).toEqual([
      [18, 'a string without a closing quote'],
      [0, expect.stringMatching('narrower than a row')],
    ]);
    expect(bad.hdus[1]!.header.raw[17]).toBe("BAD     = 'open".padEnd(80));
    expect(bad.hdus[1]!.header.raw).toHaveLength(19);
    bad.free();
  });

  test('released data cannot be read any more, headers can', () => {
    const stream = open(file());
    stream.release(stream.hdus[1]!);
    stream.release(stream.hdus[1]!);
    expect(failure(() => stream.table(stream.hdus[1]!))).toMatchObject({
      tag: 'WasmFailed',
      detail: { hduIndex: 1 },
    });
    expect(failure(() => stream.verify()).message).toMatch('released');
    expect(stream.hdus[1]!.header.text('TTYPE1')).toBe('Number');
    stream.free();
  });

  test('a table does not outlive the data of its HDU, nor its stream', () => {
    const stream = open(file());
    const [kept, late] = [stream.table(stream.hdus[1]!), stream.table(stream.hdus[1]!)];
    stream.release(stream.hdus[1]!);
    expect(failure(() => kept.values('Number')).message).toMatch('released');
    expect(failure(() => kept.cell('list', 0)).message).toMatch('released');
    stream.free();
    expect(failure(() => late.values('Number')).message).toBe('the stream was freed');
    kept.free();
    late.free();
  });

  test('more strings than can be held are refused, whatever the size of the file', () => {
    const cards = { NAXIS1: 0, NAXIS2: 200_000_000, PCOUNT: 0, TFIELDS: 1, TFORM1: "'0A'", TTYPE1: "'none'" };
    const stream = open(file(cards, new Uint8Array(0)));
    const table = stream.table(stream.hdus[1]!);
    expect(failure(() => table.strings('none')).detail.kind).toBe('limit');
    expect(table.strings('none', 7, 3)).toEqual(['', '', '']);
    table.free();
    stream.free();
  });
});
