/** Files written by the built module, read again by it; astropy reads them in the Python tests. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine, FitsHeader, Plane } from './index.ts';
import { FitsError, createEngine } from './index.ts';
import type { CardToWrite, ImageToWrite } from './writer.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine(
    new Uint8Array(readFileSync(resolve(import.meta.dirname, 'dist/astro_fits.wasm'))),
  );
});

/** The raw fixture's first segment. */
function somePlane(): Plane {
  const stream = engine.openStream();
  stream.push(new Uint8Array(readFileSync(resolve(import.meta.dirname, '../fixtures/engine/raw-rice.fits'))));
  const decoding = stream.decode(stream.hdus[1]!);
  while (!decoding.step(100));
  stream.free();
  return decoding.plane;
}

async function written(plane: Plane, options: ImageToWrite): Promise<Uint8Array<ArrayBuffer>> {
  const writer = await engine.write();
  try {
    const writing = writer.image(plane, options);
    expect(() => writer.bytes()).toThrow(FitsError);
    while (!writing.step(5));
    return writer.bytes();
  } finally {
    writer.free();
  }
}

function readBack(bytes: Uint8Array): { header: FitsHeader; pixels: number[] } {
  const stream = engine.openStream({ expectedBytes: bytes.length });
  stream.push(bytes);
  stream.end();
  const hdu = stream.hdus.find(({ width }) => width > 0)!;
  const decoding = stream.decode(hdu);
  while (!decoding.step(100));
  const pixels = Array.from(decoding.plane.view(), Number);
  engine.free(decoding.plane);
  stream.free();
  return { header: hdu.header, pixels };
}

describe('writing', () => {
  test.each(['none', 'RICE_1', 'GZIP_2'] as const)(
    'an image with compression %s reads back',
    async (compression) => {
      const plane = somePlane();
      const pixels = Array.from(plane.view(), Number);
      const cards: CardToWrite[] = [
        { keyword: 'OBJECT', value: "Barnard's star", comment: 'target' },
        { keyword: 'NAXIS1', value: 12 },
        { keyword: 'SEEING', value: null },
        { keyword: 'COMMENT', comment: 'x'.repeat(100) },
      ];
      const back = readBack(await written(plane, { compression, name: 'REDUCED', cards }));
      expect(back.pixels).toEqual(pixels);
      expect(back.header.text('OBJECT')).toBe("Barnard's star");
      expect(back.header.text('EXTNAME')).toBe('REDUCED');
      expect(back.header.cards.find((c) => c.keyword === 'SEEING')?.value).toBeNull();
      expect(back.header.cards.filter((c) => c.keyword === 'COMMENT')).toHaveLength(2);
      engine.free(plane);
    },
  );

  test('every value of a card comes back as it was', async () => {
    const plane = somePlane();
    const ascii = fc.string({
      unit: fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)),
      maxLength: 200,
    });
    const value = fc.oneof(
      ascii.map((text) => text.trimEnd()),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(value, async (wanted) => {
        const { header } = readBack(await written(plane, { cards: [{ keyword: 'VALUE', value: wanted }] }));
        const got = header.cards.find((card) => card.keyword === 'VALUE')?.value;
        const small =
          typeof wanted === 'bigint' &&
          BigInt(Number(wanted)) === wanted &&
          Number.isSafeInteger(Number(wanted));
        expect(got).toEqual(small ? Number(wanted) : wanted === 0 ? 0 : wanted);
      }),
      { numRuns: 300 },
    );
    engine.free(plane);
  });

  test('cards that FITS cannot hold are refused by name', async () => {
    const plane = somePlane();
    const refused = (card: CardToWrite) => expect(written(plane, { cards: [card] })).rejects;
    await refused({ keyword: 'SEEING', value: Number.NaN }).toThrow(/SEEING/);
    await refused({ keyword: 'OBSERVER', value: 'Zoë' }).toThrow(/OBSERVER/);
    await refused({ keyword: 'OBSERVER', value: 'Z\0' }).toThrow(/OBSERVER/);
    await refused({ keyword: 'SEEING' }).toThrow(/no value/);
    await refused({ keyword: 'COUNT', value: 2n ** 63n }).toThrow(/COUNT.*64 bits/);
    await refused({ keyword: 'CONTINUE', value: 'x' }).toThrow(/no value/);
    const compression = 'PLIO_1' as 'RICE_1';
    await expect(written(plane, { compression })).rejects.toThrow(/PLIO_1; there are: none, RICE_1, GZIP_2/);
    engine.free(plane);
  });

  test('the cards of a file can be passed as they are, the bad ones without a value', async () => {
    const cards = [
      'SIMPLE  = T',
      'BITPIX  = 8',
      'NAXIS   = 0',
      'BADCARD = what is this',
      'NOVALUE some text',
    ];
    const stream = engine.openStream();
    const text = [...cards, 'END'].map((card) => card.padEnd(80)).join('');
    stream.push(new TextEncoder().encode(text.padEnd(2880)));
    const plane = somePlane();
    const { header } = readBack(await written(plane, { cards: stream.hdus[0]!.header.cards }));
    expect(header.raw).toContain('BADCARD what is this'.padEnd(80));
    expect(header.raw).toContain('NOVALUE some text'.padEnd(80));
    expect(header.problems).toEqual([]);
    stream.free();
    engine.free(plane);
  });

  test('a table larger than any memory is refused', async () => {
    const stream = engine.openStream();
    const cards = [
      'SIMPLE  = T',
      'BITPIX  = -64',
      'NAXIS   = 2',
      'NAXIS1  = 1',
      `NAXIS2  = ${1 << 20}`,
      'END',
    ];
    stream.push(
      new TextEncoder().encode(
        cards
          .map((card) => card.padEnd(80))
          .join('')
          .padEnd(2880),
      ),
    );
    stream.push(new Uint8Array(Math.ceil((8 << 20) / 2880) * 2880));
    stream.end();
    const decoding = stream.decode(stream.hdus[0]!, 'physical');
    while (!decoding.step(1 << 20));
    const writer = await engine.write();
    // 512 columns of 2^23 bytes, which 32 bits would take for none.
    const columns = Array.from({ length: 512 }, (_, i) => ({ name: `c${i}`, values: decoding.plane }));
    expect(() => writer.table(columns)).toThrow(/larger than any memory/);
    writer.free();
    stream.free();
    engine.free(decoding.plane);
  });

  test('a refused image leaves nothing for the next one', async () => {
    const plane = somePlane();
    const writer = await engine.write();
    const cards = [{ keyword: 'LEFT', value: 1 }];
    expect(() => writer.image(plane, { name: 'é', cards })).toThrow(/extension name/);
    expect(() => writer.table([{ name: 'é', values: plane }], { cards })).toThrow(/column name/);
    const writing = writer.image(plane);
    while (!writing.step(100));
    expect(writing.step(100)).toBe(true);
    const { header, pixels } = readBack(writer.bytes());
    expect(header.cards.some(({ keyword }) => keyword === 'LEFT')).toBe(false);
    expect(pixels).toHaveLength(plane.width * plane.height);
    writer.free();
    engine.free(plane);
  });

  test('a plane that was freed meanwhile is not read', async () => {
    const plane = somePlane();
    const writer = await engine.write();
    const writing = writer.image(plane);
    expect(writing.step(1)).toBe(false);
    engine.free(plane);
    expect(() => writing.step(1)).toThrow(/freed/);
    expect(() => writing.step(1)).toThrow(/failed/);
    writer.free();
  });
});
