/** The built module, as browsers run it, on the fixtures and on broken versions of them. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine, FitsStream, Hdu, PixelForm, Plane } from './index.ts';
import { FitsError, createEngine } from './index.ts';

const FIXTURES = resolve(import.meta.dirname, '../fixtures/engine');
const MODULE = resolve(import.meta.dirname, 'dist/astro_fits.wasm');
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(resolve(FIXTURES, name)));
const expected = JSON.parse(readFileSync(resolve(FIXTURES, 'expected.json'), 'utf8')) as Record<
  string,
  (Record<PixelForm, string> | null)[]
>;

let engine: Engine;
beforeAll(async () => {
  if (!existsSync(MODULE)) throw new Error('The engine is not built: run `node wasm/build.mjs`.');
  engine = await createEngine(new Uint8Array(readFileSync(MODULE)));
});

/** Repeatable numbers from 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function open(bytes: Uint8Array, chunk: () => number = () => bytes.length): FitsStream {
  const stream = engine.openStream();
  for (let at = 0; at < bytes.length;) {
    const size = Math.max(1, Math.floor(chunk()));
    stream.push(bytes.subarray(at, at + size));
    at += size;
  }
  stream.end();
  return stream;
}

function decode(stream: FitsStream, hdu: Hdu, rows = 7, form: PixelForm = 'working'): Plane {
  const decoding = stream.decode(hdu, form);
  while (!decoding.step(rows));
  return decoding.plane;
}

function hashOf(plane: Plane): string {
  const { buffer, byteOffset, byteLength } = plane.view();
  const hash = createHash('sha256').update(new Uint8Array(buffer, byteOffset, byteLength));
  engine.free(plane);
  return hash.digest('hex');
}

function hashes(stream: FitsStream): (Record<PixelForm, string> | null)[] {
  return stream.hdus.map((hdu) =>
    hdu.width === 0
      ? null
      : {
          working: hashOf(decode(stream, hdu)),
          physical: hashOf(decode(stream, hdu, 5, 'physical')),
        },
  );
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

/** Opens, decodes everything, frees; throws what the engine throws. */
function readAll(bytes: Uint8Array): void {
  const stream = engine.openStream();
  try {
    stream.push(bytes);
    stream.end();
    for (const hdu of stream.hdus) {
      if (hdu.width === 0) continue;
      const decoding = stream.decode(hdu);
      try {
        while (!decoding.step(1000));
        engine.free(decoding.plane);
      } finally {
        decoding.free();
      }
    }
  } finally {
    stream.free();
  }
}

describe('reading', () => {
  test.each(Object.keys(expected))('%s has the pixels that astropy reads', (name) => {
    const stream = open(fixture(name));
    expect(hashes(stream)).toEqual(expected[name]);
    stream.free();
  });

  test.each(Object.keys(expected))('%s in chunks of any size is the same', (name) => {
    const random = randomFrom(7);
    for (const largest of [3, 100, 5000]) {
      const stream = open(fixture(name), () => 1 + random() * largest);
      expect(hashes(stream)).toEqual(expected[name]);
      stream.free();
    }
  });

  test('headers are known before the data, and HDUs complete one by one', () => {
    const bytes = fixture('raw-rice.fits');
    const stream = engine.openStream({ expectedBytes: bytes.length });
    const seen: string[] = [];
    for (let at = 0; at < bytes.length; at += 1000) {
      stream.push(bytes.subarray(at, at + 1000));
      seen.push(stream.hdus.map((hdu) => (hdu.complete ? '#' : '.')).join(''));
    }
    expect(seen).toContain('#.');
    expect(seen.at(-1)).toBe('#####');
    expect(stream.hdus.map((hdu) => hdu.name)).toEqual([
      '',
      'Segment10',
      'Segment11',
      'Segment01',
      'Segment00',
    ]);
    expect(stream.hdus[1]).toMatchObject({ index: 1, kind: 'compressed-image', width: 96, height: 24 });
    expect(stream.hdus[0]?.header.boolean('SIMPLE')).toBe(true);
    expect(stream.hdus[2]?.header.text('DATASEC')).toBe('[4:64,1:20]');
    expect(stream.hdus[2]?.header.number('ZNAXIS1')).toBe(96);
    expect(stream.hdus[2]?.header.number('DATASEC')).toBeUndefined();
    stream.free();
  });

  test('a step decodes about the rows it is told', () => {
    const stream = open(fixture('raw-rice.fits'));
    const decoding = stream.decode(stream.hdus[1] as Hdu);
    let steps = 1;
    while (!decoding.step(4)) steps++;
    expect(steps).toBe(6);
    expect(decoding.plane.at(0, 0)).toBe(decoding.plane.view()[0]);
    expect(decoding.plane.at(96, 0)).toBeNaN();
    engine.free(decoding.plane);
    expect(failure(() => decoding.plane.view()).tag).toBe('WasmFailed');
    stream.free();
    expect(failure(() => stream.push(new Uint8Array(1))).message).toContain('freed');
  });
});

describe('broken files', () => {
  test('something else than FITS is refused with its first bytes', () => {
    for (const text of [
      '<!doctype html>',
      'SIMPLY  =                    T',
      '\x1f\x8b\x08\x00 no gzip at all',
    ]) {
      const stream = engine.openStream();
      const error = failure(() => stream.push(new Uint8Array(Buffer.from(text, 'latin1'))));
      expect(error.tag).toBe('MalformedFits');
      stream.free();
    }
  });

  test('a file cut anywhere is truncated, or whole at the end of an HDU', () => {
    const bytes = fixture('raw-rice.fits');
    let whole = 0;
    for (let length = 1; length < bytes.length; length += 97) {
      const cut = bytes.subarray(0, length);
      const stream = engine.openStream();
      stream.push(cut);
      try {
        stream.end();
        whole++;
        expect(stream.hdus.at(-1)?.complete).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ tag: 'MalformedFits' });
        expect((error as Error).message).toContain('truncated');
      }
      stream.free();
    }
    // Only inside the padding behind an HDU's data.
    expect(whole).toBeLessThan(0.3 * (bytes.length / 97));
  });

  test('a file shorter than its header promises is refused when the header comes', () => {
    const bytes = fixture('raw-rice.fits');
    const stream = engine.openStream({ expectedBytes: 6000 });
    const error = failure(() => stream.push(bytes.subarray(0, 6000)));
    expect(error.message).toContain('truncated');
    expect(error.detail).toMatchObject({ hduIndex: 1 });
    stream.free();
  });

  test('a bad RICE tile names its HDU and tile', () => {
    const bytes = fixture('raw-rice.fits').slice();
    const stream = open(bytes);
    const { hdus } = stream;
    // The table of HDU 2 begins behind its header; a descriptor is two big-endian 32-bit numbers, length and offset.
    const header = Buffer.from(bytes).indexOf('Segment11', 0, 'latin1');
    const table = Math.ceil((Buffer.from(bytes).indexOf('END      ', header, 'latin1') + 80) / 2880) * 2880;
    new DataView(bytes.buffer).setUint32(table + 8 * 13, 5);
    expect(hdus.length).toBe(5);
    stream.free();
    const error = failure(() => readAll(bytes));
    expect(error).toMatchObject({ tag: 'MalformedFits', detail: { hduIndex: 2, tile: 13 } });
    expect(error.message).toContain('RICE');
    // And one that points outside the heap.
    new DataView(bytes.buffer).setUint32(table + 8 * 13 + 4, 0x7fffffff);
    expect(failure(() => readAll(bytes))).toMatchObject({
      tag: 'MalformedFits',
      detail: { hduIndex: 2, tile: 13 },
    });
  });

  test('flipped bytes never trap', () => {
    const random = randomFrom(11);
    let refused = 0;
    for (const name of Object.keys(expected)) {
      const original = fixture(name);
      for (let round = 0; round < 150; round++) {
        const bytes = original.slice();
        for (let flips = 1 + random() * 4; flips > 0; flips--) {
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        }
        try {
          readAll(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(FitsError);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  test('absurd sizes are refused, not allocated', () => {
    const before = engine.memoryBytes;
    for (const [keyword, value] of [
      ['NAXIS1', '1099511627776'],
      ['NAXIS1', '-5'],
      ['PCOUNT', '9000000000000000000'],
      ['BITPIX', '7'],
      ['ZTILE1', '0'],
      ['ZNAXIS1', '2147483647'],
      ['TFIELDS', '1000000'],
      ['THEAP', '12345678901'],
    ] as const) {
      const bytes = fixture('raw-rice.fits').slice();
      const first = Buffer.from(bytes).indexOf('XTENSION', 0, 'latin1');
      const at = Buffer.from(bytes).indexOf(keyword.padEnd(8), first, 'latin1');
      // THEAP is not in the file: it takes the place of a card that does no harm.
      const place = at >= 0 ? at : Buffer.from(bytes).indexOf('DATASEC ', first, 'latin1');
      bytes.set(Buffer.from(`${keyword.padEnd(8)}= ${value.padStart(20)}`.padEnd(80), 'latin1'), place);
      const error = failure(() => readAll(bytes));
      expect(['MalformedFits', 'UnsupportedFits'], `${keyword} = ${value}: ${error.message}`).toContain(
        error.tag,
      );
    }
    expect(engine.memoryBytes - before).toBeLessThan(4e6);
  });
});

test('a decoding does not go on when its stream was freed', () => {
  const stream = open(fixture('raw-rice.fits'));
  const decoding = stream.decode(stream.hdus[1] as Hdu);
  expect(decoding.step(1)).toBe(false);
  stream.free();
  expect(failure(() => decoding.step(1)).message).toBe('the stream was freed');
  decoding.free();
});

test('a decoding does not go on when its data were released', () => {
  const stream = open(fixture('raw-rice.fits'));
  const decoding = stream.decode(stream.hdus[1] as Hdu);
  expect(decoding.step(1)).toBe(false);
  stream.release(stream.hdus[1] as Hdu);
  expect(failure(() => decoding.step(1)).message).toMatch('released');
  decoding.free();
  stream.free();
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('a memory limit of %s is refused', (memoryLimit) => {
  expect(failure(() => engine.openStream({ memoryLimit })).message).toMatch('no number of bytes');
});

test('memory does not grow over 1000 openings, cancellations and decodings', () => {
  const bytes = fixture('raw-rice-in-gzip.fits');
  let settled = 0;
  for (let round = 0; round < 1000; round++) {
    const stream = open(bytes);
    const raws = stream.hdus.slice(1).map((hdu) => decode(stream, hdu, 24));
    const abandoned = stream.decode(stream.hdus[1] as Hdu);
    abandoned.step(4);
    abandoned.free();
    const binned = engine.bin(raws[0] as Plane, 4);
    for (const plane of [...raws, binned]) engine.free(plane);
    stream.free();
    if (round === 20) settled = engine.memoryBytes;
  }
  expect(engine.memoryBytes).toBe(settled);
});

test('the module is small enough to be fetched at once', () => {
  // The budget of a first visit. Cold units can be compiled for size: SMALL in build.mjs.
  expect(gzipSync(readFileSync(MODULE), { level: 9 }).length).toBeLessThanOrEqual(150_000);
});

test('an engine that cannot start says so', async () => {
  await expect(createEngine(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ tag: 'WasmFailed' });
  await expect(createEngine(new Response('gone', { status: 404 }))).rejects.toMatchObject({
    tag: 'WasmFailed',
  });
});
