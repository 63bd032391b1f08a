/** What is asked of an image in which no pixel has a value: each question has an answer or a sentence. */
import { readFile } from 'node:fs/promises';
import { createEngine } from 'astro-fits-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Region } from '../../core/regions/region.ts';
import type { ImageWorkerApi, OpenedImage } from './contract.ts';
import { createImageApi } from './imageApi.ts';
import { HEIGHT, valueless, WIDTH } from './raw.fixture.ts';

const WASM = new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url);
const AT = { x: 2036, y: 1000 };
const SHAPES: readonly Partial<Region>[] = [
  { kind: 'point', centre: AT },
  { kind: 'line', from: AT, to: { x: 2136, y: 1020 }, widthPx: 3 },
  { kind: 'circle', centre: AT, radiusPx: 20 },
  { kind: 'ellipse', centre: AT, semiMajorPx: 20, semiMinorPx: 10, angleDeg: 30 },
  { kind: 'box', centre: AT, widthPx: 30, heightPx: 20, angleDeg: 10 },
  { kind: 'annulus', centre: AT, innerPx: 10, outerPx: 20 },
];

describe.each([
  ['NaN', Number.NaN],
  ['infinite', Infinity],
  ['BLANK', 'BLANK'],
] as const)('an image whose pixels are all %s', (name, value) => {
  let api: ImageWorkerApi;
  let opened: OpenedImage;

  beforeAll(async () => {
    const [wasm, raw] = [await readFile(WASM), valueless(value)];
    api = createImageApi(async (url) => new Response(url === 'wasm' ? wasm : new Uint8Array(raw)));
    await api.start({ wasmUrl: 'wasm' });
    opened = await api.open(
      {
        ...{ jobId: name, instrument: 'LATISS', detector: 0, exposure: 2026112200001, dayObs: 20261122 },
        ...{ observationType: 'science', physicalFilter: 'SDSSr_65mm~empty' },
        ...{ rawUrl: 'mem:/raw', rawBytes: null, fileUrlPrefix: 'mem:/', growing: false },
        isr: { recipe: 'rapid', overscan: 'median-per-row', switched: {}, untrimmed: false },
      },
      async () => ({ bias: null, dark: null, flat: null }),
    );
  }, 60_000);

  afterAll(() => api.release(opened.key));

  it('is opened at its size, with limits that are known to be none', async () => {
    expect([opened.width, opened.height]).toEqual([WIDTH, HEIGHT]);
    expect(opened.statistics.zscale).toEqual([Number.NaN, Number.NaN]);
    expect(opened.statistics.histogram.counts.every((count) => count === 0)).toBe(true);
    const { min, max } = await api.survey(opened.key);
    expect([min, max].some(Number.isFinite)).toBe(false);
    const readout = await api.readout({ key: opened.key, at: AT });
    expect(Number.isFinite(readout?.value)).toBe(false);
  });

  it.each(SHAPES)('has a $kind without values', async (shape) => {
    const region = { id: 'a', label: '', colour: 'green', ...shape } as Region;
    const { statistics, histogram, cut } = await api.region({ key: opened.key, region });
    expect(statistics.n).toBe(0);
    expect(Number.isFinite(statistics.median)).toBe(false);
    expect(histogram.counts.every((count) => count === 0)).toBe(true);
    if (shape.kind === 'line') expect(cut).toMatchObject({ width: null });
  });

  it.each(['mean', 'median'] as const)('has rows and columns without values, by the %s', async (how) => {
    for (const widthPx of [1, 21, 1e6]) {
      const { row, column } = await api.cross({ key: opened.key, at: AT, widthPx, how });
      expect([row.length, column.length]).toEqual([WIDTH, HEIGHT]);
      expect([...row, ...column].some(Number.isFinite)).toBe(false);
    }
  });

  it('has no sources, and no star at a place', async () => {
    expect((await api.sources(opened.key)).sources).toEqual([]);
    const { star, failed } = await api.examine({ key: opened.key, at: AT });
    expect(star).toBeNull();
    expect(failed).toContain('only 0 usable pixels');
  });

  it('has amplifiers of whose health nothing is known', async () => {
    const { amplifiers, correlation } = await api.health(opened.key);
    expect(amplifiers).toHaveLength(16);
    for (const { biasLevelAdu, overscanNoiseAdu, medianAdu, robustSigmaAdu, rowNoiseAdu } of amplifiers)
      expect([biasLevelAdu, overscanNoiseAdu, medianAdu, robustSigmaAdu, rowNoiseAdu]).toEqual(
        Array(5).fill(null),
      );
    expect(Object.values(correlation.strongest).every((pair) => pair === null)).toBe(true);
  });

  it('is saved, and read back without values', async () => {
    const file = await api.fits(opened.key);
    const engine = await createEngine(await readFile(WASM));
    const stream = engine.openStream({ expectedBytes: file.length });
    stream.push(file);
    stream.end();
    expect(stream.hdus.map(({ name: hdu }) => hdu)).toEqual(['', 'IMAGE', 'MASK', 'VARIANCE']);
    const decoding = stream.decode(stream.hdus[1]!);
    while (!decoding.step(512));
    expect(decoding.plane.view().some((pixel) => Number.isFinite(Number(pixel)))).toBe(false);
    stream.free();
  });
});
