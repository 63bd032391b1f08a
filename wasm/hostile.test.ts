/** Files made to do harm, read by the built module: errors of the right kind, no trap, memory within the caller's limit. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from './index.ts';
import { FitsError, createEngine } from './index.ts';

const MODULE = new WebAssembly.Module(readFileSync(resolve(import.meta.dirname, 'dist/astro_fits.wasm')));
const LIMIT = 64 << 20;
const BLOCK = 2880;

let engine: Engine;
beforeEach(async () => {
  engine = await createEngine(MODULE);
});

type Cards = Readonly<Record<string, string | number | boolean>>;

function header(cards: Cards): Buffer {
  const lines = Object.entries(cards).map(([keyword, value]) => {
    const text =
      typeof value === 'string'
        ? `'${value}'`
        : typeof value === 'boolean'
          ? value
            ? 'T'
            : 'F'
          : `${value}`;
    return `${keyword.padEnd(8)}= ${text.padStart(20)}`.padEnd(80);
  });
  return padded(Buffer.from(`${lines.join('')}${'END'.padEnd(80)}`, 'latin1'), 0x20);
}

function padded(bytes: Buffer, fill = 0): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK, fill)]);
}

const EMPTY_PRIMARY = header({ SIMPLE: true, BITPIX: 8, NAXIS: 0 });

function image(width: number, height: number): Buffer[] {
  const data = Buffer.from(Uint8Array.from({ length: 2 * width * height }, (_, i) => (i * 37) & 0x3f));
  return [
    header({ XTENSION: 'IMAGE', BITPIX: 16, NAXIS: 2, NAXIS1: width, NAXIS2: height, PCOUNT: 0, GCOUNT: 1 }),
    padded(data),
  ];
}

/** Rows of pixels in RICE_1 tiles that say with a single code per block that all differences are 0. */
function compressed(width: number, height: number, more: Cards = {}): Buffer[] {
  // The first pixel in four bytes, then five bits of 0 for each block of 32 pixels.
  const tile = Buffer.alloc(4 + Math.ceil((Math.ceil(width / 32) * 5) / 8));
  tile.writeInt32BE(1234, 0);
  const rows = Math.min(Number(more['NAXIS2'] ?? height), height);
  const table = Buffer.alloc(8 * rows);
  for (let row = 0; row < rows; row++) table.writeUInt32BE(tile.length, 8 * row);
  const cards = {
    XTENSION: 'BINTABLE',
    BITPIX: 8,
    NAXIS: 2,
    NAXIS1: 8,
    NAXIS2: height,
    PCOUNT: tile.length,
    GCOUNT: 1,
    TFIELDS: 1,
    TTYPE1: 'COMPRESSED_DATA',
    TFORM1: '1PB',
    ZIMAGE: true,
    ZCMPTYPE: 'RICE_1',
    ZBITPIX: 32,
    ZNAXIS: 2,
    ZNAXIS1: width,
    ZNAXIS2: height,
    ZTILE1: width,
    ZTILE2: 1,
    ZNAME1: 'BLOCKSIZE',
    ZVAL1: 32,
    ZNAME2: 'BYTEPIX',
    ZVAL2: 4,
  };
  return [header({ ...cards, ...more }), padded(Buffer.concat([table, tile]))];
}

/** All images read in both forms; throws what the engine throws. */
function read(bytes: Uint8Array, chunk = 1 << 20, memoryLimit = LIMIT): number {
  const stream = engine.openStream({ memoryLimit });
  try {
    for (let at = 0; at < bytes.length; at += chunk) stream.push(bytes.subarray(at, at + chunk));
    stream.end();
    for (const hdu of stream.hdus.filter(({ width, kind }) => width > 0 || kind === 'compressed-image')) {
      for (const form of ['working', 'physical'] as const) {
        const decoding = stream.decode(hdu, form);
        try {
          while (!decoding.step(64));
          engine.free(decoding.plane);
        } finally {
          decoding.free();
        }
      }
    }
    return stream.hdus.length;
  } finally {
    stream.free();
  }
}

function refusal(bytes: Uint8Array, chunk?: number, memoryLimit?: number): FitsError {
  let error: unknown;
  try {
    read(bytes, chunk, memoryLimit);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(FitsError);
  return error as FitsError;
}

const file = (...parts: readonly Buffer[]): Buffer => Buffer.concat([EMPTY_PRIMARY, ...parts]);
const WHOLE = file(...image(20, 9), ...compressed(40, 6));

test('what the other tests break is whole', () => {
  expect(read(WHOLE)).toBe(3);
  expect(read(gzipSync(WHOLE))).toBe(3);
});

describe('truncated', () => {
  const [imageHeader, imageData] = image(20, 9) as [Buffer, Buffer];
  const second = BLOCK + imageHeader.length + imageData.length;
  const third = second + compressed(40, 6)[0]!.length;
  /** Where the file ends, and whether that is the end of an HDU. */
  const boundaries: [string, number, boolean][] = [
    ['nothing', 0, false],
    ['one byte', 1, false],
    ['one card', 80, false],
    ['the first header without its last byte', BLOCK - 1, false],
    ['the first HDU', BLOCK, true],
    ['one byte of the second header', BLOCK + 1, false],
    ['a header without data', 2 * BLOCK, false],
    ['one byte of data', 2 * BLOCK + 1, false],
    ['data without their last byte', 2 * BLOCK + 359, false],
    ['data without padding', 2 * BLOCK + 360, true],
    ['data with padding', second, true],
    ["the tile table's header", third, false],
    ['a tile table without heap', third + 48, false],
    ['a heap without its last byte', third + 48 + 4, false],
    ['all but padding', third + 48 + 6, true],
    ['all', WHOLE.length, true],
  ];

  test.each(boundaries)('%s', (_, length, whole) => {
    const bytes = WHOLE.subarray(0, length);
    for (const chunk of [1 << 20, 77]) {
      if (whole) expect(read(bytes, chunk)).toBeGreaterThan(0);
      else expect(refusal(bytes, chunk)).toMatchObject({ tag: 'MalformedFits' });
    }
  });

  test('a gzip wrapper anywhere', () => {
    const bytes = gzipSync(WHOLE);
    for (let length = 1; length < bytes.length; length++)
      expect(refusal(bytes.subarray(0, length))).toMatchObject({ tag: 'MalformedFits' });
  });
});

test('flipped bits of a header end with pixels or an error', { timeout: 60_000 }, () => {
  let refused = 0;
  const structure = compressed(40, 6)[0]!;
  const begin = WHOLE.length - BLOCK - structure.length;
  const cards = structure.indexOf('END     ') / 80;
  for (let bit = 0; bit < cards * 80 * 8; bit += 7) {
    const bytes = Buffer.from(WHOLE);
    const at = begin + (bit >> 3);
    bytes[at] = bytes[at]! ^ (1 << (bit & 7));
    try {
      read(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FitsError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(200);
});

describe('absurd sizes', () => {
  const huge = 2 ** 40;
  const most = '9223372036854775807';
  const cases: [string, Cards, string[]][] = [
    ['rows of 2^40 bytes', { NAXIS1: huge }, ['limit', 'malformed']],
    ['2^40 rows', { NAXIS2: huge }, ['limit', 'malformed']],
    ['a heap of 2^40 bytes', { PCOUNT: huge }, ['limit', 'malformed']],
    ['a heap of less than nothing', { PCOUNT: -1 }, ['malformed']],
    ['2^40 groups', { GCOUNT: huge }, ['limit', 'malformed']],
    ['2^40 columns', { TFIELDS: huge }, ['malformed']],
    ['no columns', { TFIELDS: 0 }, ['malformed']],
    ['a heap that begins at 2^40', { THEAP: huge }, ['malformed']],
    ['a heap inside the table', { THEAP: 1 }, ['malformed']],
    ['2^40 axes', { NAXIS: huge }, ['malformed']],
    ['an image 2^40 pixels wide', { ZNAXIS1: huge }, ['malformed', 'limit', 'unsupported']],
    ['an image 2^31 - 1 pixels wide', { ZNAXIS1: 2 ** 31 - 1, ZTILE1: 2 ** 31 - 1 }, ['limit']],
    ['an image of 2^40 pixels', { ZNAXIS1: 2 ** 20, ZNAXIS2: 2 ** 20 }, ['limit', 'malformed']],
    ['2^40 axes of the image', { ZNAXIS: huge }, ['malformed']],
    ['tiles without width', { ZTILE1: 0 }, ['malformed']],
    ['tiles of less than nothing', { ZTILE2: -6 }, ['malformed']],
    ['RICE blocks of 2^40 pixels', { ZVAL1: huge }, ['malformed']],
    ['RICE blocks of no pixels', { ZVAL1: 0 }, ['malformed']],
    ['pixels of 2^40 bytes', { ZVAL2: huge }, ['malformed', 'unsupported']],
    ['pixels of 7 bits', { ZBITPIX: 7 }, ['malformed']],
  ];

  test.each(cases)('%s', (_, cards, kinds) => {
    const before = engine.memoryBytes;
    const error = refusal(file(...compressed(40, 6, { NAXIS2: 6, ...cards })));
    expect(kinds, error.message).toContain(error.detail.kind);
    expect(engine.memoryBytes - before).toBeLessThan(2 << 20);
  });

  test('2^63 - 1 in any card of the structure', () => {
    const before = engine.memoryBytes;
    for (const keyword of [
      'NAXIS1',
      'NAXIS2',
      'PCOUNT',
      'GCOUNT',
      'TFIELDS',
      'ZNAXIS1',
      'ZNAXIS2',
      'ZBITPIX',
    ]) {
      const bytes = file(...compressed(40, 6));
      const at = bytes.indexOf(keyword.padEnd(8), BLOCK, 'latin1');
      bytes.write(`${keyword.padEnd(8)}= ${most.padStart(20)}`, at, 'latin1');
      expect(['malformed', 'limit', 'unsupported'], keyword).toContain(refusal(bytes).detail.kind);
    }
    expect(engine.memoryBytes - before).toBeLessThan(2 << 20);
  });
});

describe('bombs within a limit of 64 MB', { timeout: 60_000 }, () => {
  const gzipOf = (begin: Buffer, megabytes: number): Buffer =>
    gzipSync(Buffer.concat([begin, Buffer.alloc(megabytes << 20)]), { level: 1 });
  const plain = (bytes: number): Buffer => header({ SIMPLE: true, BITPIX: 8, NAXIS: 1, NAXIS1: bytes });

  test('gzip: an image larger than the limit', () => {
    const error = refusal(gzipOf(plain(300 << 20), 300));
    expect(error).toMatchObject({ tag: 'UnsupportedFits', detail: { kind: 'limit', hduIndex: 0 } });
    expect(engine.memoryBytes).toBeLessThan(8 << 20);
  });

  test('gzip: zeros without end behind a small file', () => {
    expect(read(gzipOf(plain(5000), 300))).toBe(1);
    expect(engine.memoryBytes).toBeLessThan(8 << 20);
  });

  test('gzip: a header that never ends', () => {
    const error = refusal(gzipSync(Buffer.from('SIMPLE  =                    T'.padEnd(80).repeat(1 << 19))));
    expect(error.detail.kind).toBe('malformed');
    expect(engine.memoryBytes).toBeLessThan(16 << 20);
  });

  test('gzip: HDUs without end', () => {
    const hdu = Buffer.concat(image(1, 1));
    const all = Buffer.concat([EMPTY_PRIMARY, ...Array.from({ length: 8000 }, () => hdu)]);
    const error = refusal(gzipSync(all, { level: 1 }), 1 << 20, 8 << 20);
    expect(error.detail.kind).toBe('limit');
    expect(engine.memoryBytes).toBeLessThan(2 * (8 << 20));
  });

  test('gzip: HDUs that only together are too large', () => {
    const hdu = Buffer.concat(image(2000, 1000));
    const error = refusal(gzipSync(file(...Array.from({ length: 20 }, () => hdu)), { level: 1 }));
    expect(error).toMatchObject({ detail: { kind: 'limit' } });
    expect(error.detail.hduIndex).toBeGreaterThan(10);
    expect(engine.memoryBytes).toBeLessThan(2 * LIMIT);
  });

  test('RICE: a few bytes that say 10^9 pixels', () => {
    const error = refusal(file(...compressed(100_000, 10_000)));
    expect(error.detail).toMatchObject({ kind: 'limit', hduIndex: 1 });
    expect(engine.memoryBytes).toBeLessThan(8 << 20);
  });

  test('RICE: as many pixels as the limit allows are read, and take no more than that', () => {
    expect(read(file(...compressed(4000, 4000)))).toBe(2);
    expect(engine.memoryBytes).toBeLessThan(1.5 * LIMIT);
  });

  test('RICE: one tile as large as the image', () => {
    const bytes = file(...compressed(4000, 4000, { NAXIS2: 1, ZTILE2: 4000 }));
    // Its bits end after the first row.
    const error = refusal(bytes);
    expect(error.detail).toMatchObject({ kind: 'malformed', hduIndex: 1, tile: 0 });
    expect(engine.memoryBytes).toBeLessThan(2.5 * LIMIT);
  });

  test('gzip tiles: more than their pixels', () => {
    const tile = gzipSync(Buffer.alloc(200 << 20), { level: 9 });
    const table = Buffer.alloc(8);
    table.writeUInt32BE(tile.length, 0);
    const [head] = compressed(40, 6, {
      NAXIS2: 1,
      PCOUNT: tile.length,
      ZTILE2: 6,
      ZCMPTYPE: 'GZIP_1',
    }) as [Buffer];
    const error = refusal(file(head, padded(Buffer.concat([table, tile]))));
    expect(error.detail).toMatchObject({ kind: 'malformed', hduIndex: 1, tile: 0 });
    expect(engine.memoryBytes).toBeLessThan(8 << 20);
  });
});
