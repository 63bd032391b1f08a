/** The raw with its overscan, by the real engine, of raws whose every value is known (raw.fixture.ts). */
import { readFile } from 'node:fs/promises';
import { createEngine } from 'astro-fits-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { amplifierAt, ampRawFromDetector, type DetectorGeometry } from '../../core/camera/geometry.ts';
import { untrimmedAt, untrimmedLayout } from '../../core/camera/untrimmed.ts';
import type { ImageWorkerApi, IsrRecipe, OpenedImage, OpenRequest } from './contract.ts';
import { createImageApi } from './imageApi.ts';
import { AMPLIFIERS, overscanAt, raw, signalOf } from './raw.fixture.ts';

const WASM = new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url);
const TRIMMED: IsrRecipe = {
  recipe: 'rapid',
  overscan: 'median-per-row',
  switched: {},
  untrimmed: false,
};
const UNTRIMMED: IsrRecipe = { ...TRIMMED, untrimmed: true };

let api: ImageWorkerApi;
let geometry: DetectorGeometry;
beforeAll(async () => {
  const wasm = await readFile(WASM);
  geometry = (await createEngine(new Uint8Array(wasm))).camera('LATISS', 0);
  const file = new Uint8Array(raw());
  api = createImageApi(async (url) => new Response(url === 'wasm' ? wasm : file));
  await api.start({ wasmUrl: 'wasm' });
}, 60_000);

const noCalibs = async () => ({ bias: null, dark: null, flat: null });
const request = (isr: IsrRecipe): OpenRequest => ({
  jobId: 'job',
  instrument: 'LATISS',
  detector: 0,
  exposure: 2026112200001,
  dayObs: 20261122,
  observationType: 'science',
  physicalFilter: 'empty~empty',
  rawUrl: 'mem:/raw',
  rawBytes: null,
  fileUrlPrefix: 'mem:/',
  isr,
  growing: true,
});

/** What is in the file at a raw pixel of amplifier i. */
function inFile(i: number, x: number, y: number): number {
  if (y === 1 && x === 3) return 150_000;
  const light = x >= 3 && x < 512 && y < 2000 ? signalOf(i) : 0;
  return overscanAt(i, y) + light + (y === 0 && x === 3 ? 5000 : 0);
}

async function checkPixels({ key, width, height }: OpenedImage): Promise<void> {
  const seen = new Set<string>();
  // On both sides of every edge.
  const columns = Array.from({ length: width / 576 }, (_, i) => 576 * i);
  const xs = columns.flatMap((x0) => [0, 2, 3, 63, 64, 300, 511, 512, 572, 573, 575].map((x) => x0 + x));
  for (const y of [0, 1, 2, 999, 1999, 2000, 2047, 2048, 2095, 2096, height - 2, height - 1]) {
    for (const x of xs) {
      const told = (await api.readout({ key, at: { x, y } }))!;
      const i = AMPLIFIERS.findIndex(({ name }) => name === told.amplifier);
      expect(told.value, `${x}, ${y}`).toBe(inFile(i, told.ampRaw.x, told.ampRaw.y));
      expect(told.rawAdu).toBe(told.value);
      const onDetector = told.ampRaw.x >= 3 && told.ampRaw.x < 512 && told.ampRaw.y < 2000;
      expect(told.part === 'data').toBe(onDetector);
      expect(told.at !== null).toBe(onDetector);
      if (told.at) {
        const amplifier = amplifierAt(geometry, told.at)!;
        expect(amplifier.name).toBe(told.amplifier);
        expect(ampRawFromDetector(amplifier, told.at)).toEqual(told.ampRaw);
      }
      seen.add(told.part);
    }
  }
  expect(seen.size).toBe(4);
}

describe('a raw with its overscan', () => {
  it('has the pixels of the file, wherever the detector’s pixels are there', async () => {
    const opened = await api.open(request(UNTRIMMED), noCalibs);
    expect(opened).toMatchObject({ width: 8 * 576, height: 2 * 2048, untrimmed: true, unit: 'adu' });
    expect(opened.steps.filter(({ done }) => done).map(({ name }) => name)).toEqual(['assemble']);
    expect(opened.sky).toEqual({ kind: 'none', reason: 'no WCS: the overscan is shown' });
    await checkPixels(opened);
    expect(await api.readout({ key: opened.key, at: { x: 8 * 576, y: 3 } })).toBeUndefined();
    const trimmed = await api.reduce({ jobId: 'again', key: opened.key, isr: TRIMMED });
    expect(trimmed).toMatchObject({ width: 4072, height: 4000, untrimmed: false });
    await api.release(opened.key);
    await api.release(trimmed.key);
  });

  it('comes from a reduced image and gives its memory back', async () => {
    const trimmed = await api.open(request(TRIMMED), noCalibs);
    const first = await api.reduce({ jobId: 'first', key: trimmed.key, isr: UNTRIMMED });
    await checkPixels(first);
    expect(first.isr).toEqual(UNTRIMMED);
    expect(first.steps.filter(({ done }) => done).map(({ name }) => name)).toEqual(['assemble']);
    await api.release(first.key);
    const { engineBytes, images } = await api.memory();
    for (let round = 0; round < 3; round++) {
      const again = await api.reduce({ jobId: `again ${round}`, key: trimmed.key, isr: UNTRIMMED });
      await api.release(again.key);
    }
    expect(await api.memory()).toMatchObject({ engineBytes, images });
    await api.release(trimmed.key);
  });

  it('is not measured, but for its amplifiers and its header', async () => {
    const { key } = await api.open(request(UNTRIMMED), noCalibs);
    const place = { x: 100, y: 100 };
    for (const act of [
      () => api.examine({ key, at: place }),
      () => api.sources(key),
      () => api.fits(key),
      () => api.region({ key, region: { kind: 'point', id: 'a', label: '', colour: 'red', centre: place } }),
      () => api.combine({ of: key, by: key, how: 'difference' }),
    ]) {
      await expect(act()).rejects.toThrow('overscan is shown');
    }
    expect((await api.health(key)).amplifiers).toHaveLength(16);
    expect((await api.headers(key)).length).toBe(17);
    await api.release(key);
  });
});

it('every segment is whole, beside those that are beside it on the detector', () => {
  const layout = untrimmedLayout(geometry);
  let pixels = 0;
  for (const { amplifier, box, data } of layout.segments) {
    pixels += (box.x1 - box.x0) * (box.y1 - box.y0);
    // The corners of its data are those of its place on the detector, turned alike.
    const { detector } = amplifier;
    for (const [x, y, u, v] of [
      [data.x0, data.y0, detector.x0, detector.y0],
      [data.x1 - 1, data.y1 - 1, detector.x1 - 1, detector.y1 - 1],
    ] as const) {
      const found = untrimmedAt(layout, { x, y })!;
      expect(found.amplifier.name).toBe(amplifier.name);
      expect(found.part).toBe('data');
      expect(found.raw).toEqual(ampRawFromDetector(amplifier, { x: u, y: v }));
    }
  }
  expect(pixels).toBe(layout.width * layout.height);
  expect(untrimmedAt(layout, { x: -1, y: 0 })).toBeUndefined();
});
