/** Pictures that come before the pixels, by the image api in Node with the real engine. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { toAppError } from '../../core/errors.ts';
import type { ImageWorkerApi, OpenedImage, OpenRequest } from './contract.ts';
import { createImageApi } from './imageApi.ts';
import { HEIGHT, raw, WIDTH } from './raw.fixture.ts';

const WASM = new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url);
const BIN_PX = 8;
const [COLUMNS, ROWS] = [Math.ceil(WIDTH / BIN_PX), Math.ceil(HEIGHT / BIN_PX)];
const RAW = raw();

/** Chunks that come one by one, so slowly that the reduction waits for each. */
function slowly(file: Buffer, breaksOffAt = file.length): Response {
  const CHUNKS = 40;
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (at >= breaksOffAt) return controller.error(new TypeError('network error'));
      const size = Math.ceil(file.length / CHUNKS);
      controller.enqueue(new Uint8Array(file.subarray(at, at + size)));
      at += size;
      if (at >= file.length) controller.close();
    },
  });
  return new Response(body, { headers: { 'content-length': String(file.length) } });
}

const cells = new Float32Array(COLUMNS * ROWS).map((_, i) => (i === 0 ? Number.NaN : i));
const previewHead = (more: Record<string, string> = {}) => ({
  'x-preview-size': `${COLUMNS} ${ROWS}`,
  'x-preview-bin': String(BIN_PX),
  'x-preview-steps': 'saturation,serial-overscan,assemble',
  ...more,
});
const ANSWERS: Readonly<Record<string, () => Response>> = {
  'mem:/slow': () => slowly(RAW),
  'mem:/broken': () => slowly(RAW, RAW.length * 0.6),
  'mem:/small/preview': () => new Response(cells.buffer, { headers: previewHead() }),
  'mem:/small/preview?bias=b-1&dark=d-1': () =>
    new Response(cells.buffer, {
      headers: previewHead({ 'x-preview-steps': 'serial-overscan,assemble,bias' }),
    }),
  'mem:/other/preview': () => new Response(cells, { headers: previewHead({ 'x-preview-size': '4 4' }) }),
  'mem:/cut/preview': () => new Response(cells.slice(0, 1000), { headers: previewHead() }),
};

const noCalibs = async () => ({ bias: null, dark: null, flat: null });
let jobs = 0;
const request = (name: string, more: Partial<OpenRequest> = {}): OpenRequest => ({
  jobId: `job-${++jobs}`,
  instrument: 'LATISS',
  detector: 0,
  exposure: 2026112200000 + jobs,
  dayObs: 20261122,
  observationType: 'bias',
  physicalFilter: 'empty~empty',
  rawUrl: `mem:/${name}`,
  rawBytes: null,
  fileUrlPrefix: 'mem:/',
  isr: { recipe: 'rapid', overscan: 'median-per-row', switched: {}, untrimmed: false },
  growing: true,
  ...more,
});

let api: ImageWorkerApi;
beforeAll(async () => {
  const wasm = await readFile(WASM);
  api = createImageApi(async (url) =>
    url === 'wasm' ? new Response(wasm) : (ANSWERS[url]?.() ?? new Response('', { status: 404 })),
  );
  await api.start({ wasmUrl: 'wasm' });
});

const at = async ({ key }: OpenedImage, x: number, y: number) =>
  (await api.readout({ key, at: { x, y } }))?.value;

describe('a raw that comes slowly', () => {
  it('is seen as it grows, in means of the pixels that are there', async () => {
    const pictures: OpenedImage[] = [];
    const opened = await api.open(request('slow'), noCalibs, (progress) => {
      if (progress.stage === 'growing') pictures.push(progress.opened);
    });
    expect(pictures.length).toBeGreaterThan(1);
    const shares = pictures.map(({ preview }) => preview?.share ?? Number.NaN);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(new Set(shares).size).toBe(shares.length);
    expect(shares.every((share) => share > 0 && share < 1)).toBe(true);
    expect(opened.preview).toBeNull();
    for (const picture of pictures) {
      expect([picture.width, picture.height, picture.unit]).toEqual([WIDTH, HEIGHT, opened.unit]);
      const there = Math.round((picture.preview?.share ?? 0) * 16);
      let values = 0;
      // The upper amplifiers come first, from the left.
      for (let i = 0; i < 16; i++) {
        const [x, y] = [509 * (i % 8) + 240, i < 8 ? 3000 : 1000];
        const value = await at(picture, x, y);
        if (Number.isNaN(value)) continue;
        values += 1;
        expect(value).toBeCloseTo((await at(opened, x, y)) ?? Number.NaN, 3);
      }
      expect(values).toBe(there);
    }
    // The first pixel of each amplifier that was read out is 5000 above its neighbours: a mean of 64 pixels has a 64th.
    const last = pictures.at(-1)!;
    const corner = (await at(last, WIDTH - 1, HEIGHT - 1)) ?? Number.NaN;
    const flat = (await at(last, WIDTH - 20, HEIGHT - 1)) ?? Number.NaN;
    if (!Number.isNaN(corner)) expect(corner).toBeGreaterThan(flat + 50);
    for (const { key } of [...pictures, opened]) await api.release(key);
    expect((await api.memory()).images).toBe(0);
  });

  it('comes without pictures where nobody wants them', async () => {
    const stages = new Set<string>();
    const { key } = await api.open(request('slow', { growing: false }), noCalibs, ({ stage }) =>
      stages.add(stage),
    );
    expect(stages.has('growing')).toBe(false);
    expect(stages.has('fetching')).toBe(true);
    await api.release(key);
  });

  it('leaves its pictures to who was told of them when it breaks off', async () => {
    const pictures: OpenedImage[] = [];
    const opening = api.open(request('broken'), noCalibs, (progress) => {
      if (progress.stage === 'growing') pictures.push(progress.opened);
    });
    expect(await opening.catch((thrown: unknown) => toAppError(thrown).tag)).toBe('Unreachable');
    expect(pictures.length).toBeGreaterThan(0);
    expect((await api.memory()).images).toBe(pictures.length);
    for (const { key } of pictures) await api.release(key);
  });
});

describe("the service's preview", () => {
  it('is read cell by cell at the places of its pixels, and not measured', async () => {
    const opened = await api.preview(request('small'), noCalibs);
    expect(opened).toMatchObject({
      preview: { binPx: 8, share: 1 },
      width: WIDTH,
      height: HEIGHT,
      unit: 'adu',
    });
    expect(opened.steps.filter(({ done }) => done).map(({ name }) => name)).toEqual([
      'saturation',
      'serial-overscan',
      'assemble',
    ]);
    expect(await at(opened, 0, 0)).toBeNaN();
    expect(await at(opened, 7, 8)).toBe(COLUMNS);
    expect(await at(opened, 8, 7)).toBe(1);
    expect(await at(opened, WIDTH - 1, HEIGHT - 1)).toBe(COLUMNS * ROWS - 1);
    expect(await at(opened, WIDTH, 0)).toBeUndefined();
    expect(await api.survey(opened.key)).toEqual({ min: 1, max: COLUMNS * ROWS - 1 });
    for (const measure of [
      () => api.headers(opened.key),
      () => api.health(opened.key),
      () => api.fits(opened.key),
      () => api.examine({ key: opened.key, at: { x: 9, y: 9 } }),
      () => api.reduce({ jobId: 'again', key: opened.key, isr: opened.isr }),
    ]) {
      const message = await measure().catch((thrown: unknown) => toAppError(thrown).message);
      expect(message).toMatch(/Only a preview/);
    }
    await api.release(opened.key);
  });

  it('is asked for with the masters that the exposure takes, and tells those that it was made with', async () => {
    const calib = (datasetType: 'bias' | 'dark' | 'flat', datasetId: string) => ({
      datasetType,
      datasetId,
      collection: 'LATISS/calib',
      fileBytes: null,
    });
    const findCalibs = async () => ({
      bias: calib('bias', 'b-1'),
      dark: calib('dark', 'd-1'),
      flat: calib('flat', 'f-1'),
    });
    const opened = await api.preview(request('small', { observationType: 'flat' }), findCalibs);
    const step = (name: string) => opened.steps.find((each) => each.name === name);
    expect(step('bias')).toMatchObject({ done: true, with: 'LATISS/calib', dataset: 'b-1' });
    expect(step('dark')).toMatchObject({ done: false, skippedBecause: 'not in the preview' });
    expect(step('flat')).toMatchObject({ done: false, skippedBecause: 'FLAT frames take no flat' });
    await api.release(opened.key);
  });

  it.each([
    ['other', /another detector/],
    ['cut', /did not arrive whole/],
    ['gone', /is not in the repository/],
  ])('that cannot be used is refused: %s', async (name, words) => {
    const message = await api
      .preview(request(name), noCalibs)
      .catch((thrown: unknown) => toAppError(thrown).message);
    expect(message).toMatch(words);
    expect((await api.memory()).images).toBe(0);
  });
});
