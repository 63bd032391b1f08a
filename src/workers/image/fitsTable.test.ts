/** Tables that astropy wrote (fixtures/sources.py), with the numbers that went in. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createEngine, type Engine } from 'astro-fits-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { guessPlaces, placesOf } from '../../core/catalogue/places.ts';
import { numbersOf } from '../../core/catalogue/table.ts';
import { readTable } from './fitsTable.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const file = new Uint8Array(readFileSync(resolve(ROOT, 'fixtures/sources/catalogue.fits')));
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine(new Uint8Array(readFileSync(resolve(ROOT, 'wasm/dist/astro_fits.wasm'))));
});

describe('a FITS table', () => {
  it('becomes columns; cells without a value are NaN, arrays are left out', () => {
    const table = readTable(engine, file);
    expect(table.rows).toBe(3);
    expect(table.columns.map(({ name }) => name)).toEqual([
      'id',
      'coord_ra',
      'coord_dec',
      'name',
      'good',
      'counts',
      'unsigned',
      'mag',
    ]);
    const numbers = (name: string) => [...numbersOf(table, name)!];
    expect(numbers('id')).toEqual([2 ** 53 + 2, -7, 3]);
    expect(numbers('good')).toEqual([1, 0, 1]);
    expect(numbers('counts')).toEqual([5, NaN, 7]);
    expect(numbers('unsigned')).toEqual([NaN, 1, 65535]);
    numbers('mag').forEach((value, i) => expect(value).toBeCloseTo([12.34, 15, 20.5][i]!, 5));
    expect(table.columns[3]).toMatchObject({ kind: 'texts', values: ['one', 'two', ''] });
  });

  it('of radians has places in degrees', () => {
    const table = readTable(engine, file);
    const where = guessPlaces(table)!;
    expect(where.kind).toBe('sky');
    const [ra, dec] = placesOf(table, where);
    expect(ra).toBeCloseTo((1.25 * 180) / Math.PI, 12);
    expect(dec).toBeCloseTo((-0.5 * 180) / Math.PI, 12);
  });

  it('may be packed', () => {
    expect(readTable(engine, new Uint8Array(gzipSync(file)))).toEqual(readTable(engine, file));
  });

  it('is missed with a reason, and leaves no memory behind', () => {
    const image = new Uint8Array(readFileSync(resolve(ROOT, 'fixtures/engine/plain-images.fits')));
    expect(() => readTable(engine, image)).toThrow('no binary table');
    const before = engine.memoryBytes;
    for (let length = 2880; length < file.length - 2880; length += 96) {
      expect(() => readTable(engine, file.slice(0, length))).toThrow(/\w/);
    }
    expect(engine.memoryBytes).toBe(before);
  });
});
