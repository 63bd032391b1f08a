/** World coordinates through the TypeScript surface; the projections themselves are checked against astropy in Python. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Engine, Wcs } from './index.ts';
import { createEngine } from './index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine(
    new Uint8Array(readFileSync(resolve(import.meta.dirname, 'dist/astro_fits.wasm'))),
  );
});

/** A file without pixels. Values are written as in a header: 'text' in quotes. */
function wcsOf(cards: Readonly<Record<string, string>>, alternate?: string): Wcs {
  const card = (keyword: string, value: string) => `${keyword.padEnd(8)}= ${value}`.padEnd(80);
  const lines = [card('SIMPLE', 'T'), card('BITPIX', '8'), card('NAXIS', '0')];
  for (const [keyword, value] of Object.entries(cards)) lines.push(card(keyword, value));
  const text = [...lines, 'END'.padEnd(80)].join('').padEnd(2880);
  const stream = engine.openStream();
  try {
    stream.push(new TextEncoder().encode(text));
    return stream.wcs(stream.hdus[0]!, alternate);
  } finally {
    stream.free();
  }
}

const TAN = {
  CTYPE1: "'RA---TAN'",
  CTYPE2: "'DEC--TAN'",
  CRPIX1: '2036.5',
  CRPIX2: '2000.5',
  CRVAL1: '150.1',
  CRVAL2: '-30.2',
  CD1_1: '-5E-5',
  CD1_2: '1.3E-5',
  CD2_1: '1.2E-5',
  CD2_2: '5.1E-5',
  RADESYS: "'FK5'",
};

it('turns pixels into the coordinates that astropy gives, and back', () => {
  const wcs = wcsOf(TAN);
  const { types, frame, equinox, longitudeAxis, distorted } = wcs;
  expect({ types, frame, equinox, longitudeAxis, distorted }).toEqual({
    types: ['RA---TAN', 'DEC--TAN'],
    frame: 'FK5',
    equinox: 2000,
    longitudeAxis: 0,
    distorted: false,
  });
  const pixels = [2035.5, 1999.5, 100, 3900];
  const sky = wcs.toSky(pixels);
  expect([...sky.subarray(0, 2)].map((v) => v.toFixed(9))).toEqual(['150.100000000', '-30.200000000']);
  expect([...sky.subarray(2)].map((v) => v.toFixed(9))).toEqual(['150.240453451', '-30.126225808']);
  wcs.toPixel(sky).forEach((v, i) => expect(v).toBeCloseTo(pixels[i]!, 6));
  wcs.fromIcrs(wcs.toIcrs(sky)).forEach((v, i) => expect(v).toBeCloseTo(sky[i]!, 11));
  expect([...wcs.toPixel([330.1, 30.2])]).toEqual([Number.NaN, Number.NaN]);
  expect(wcs.toSky([])).toHaveLength(0);
  wcs.free();
  wcs.free();
  expect(() => wcs.toSky([0, 0])).toThrow('freed');
});

it('says what a header lacks', () => {
  expect(() => wcsOf({})).toThrow('CTYPE is missing (HDU 0, CTYPE1)');
  expect(() => wcsOf(TAN, 'B')).toThrow('CTYPE1B');
  expect(() => wcsOf(TAN, 'bb')).toThrow('alternates');
  expect(() => wcsOf({ ...TAN, RADESYS: "'FK4'" }).toIcrs([1, 2])).toThrow('not converted to ICRS');
  expect(() => wcsOf(TAN).toSky([1])).toThrow('pairs');
});
