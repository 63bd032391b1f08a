/** The engine's memory over a night: it never shrinks, so that what is left behind, or does not fit a gap, adds up. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { CalibRef } from '../../core/dataId.ts';
import type { ImageKey, ImageWorkerApi, OpenRequest } from './contract.ts';
import { createImageApi } from './imageApi.ts';
import { calibFile, raw } from './raw.fixture.ts';

const WASM = new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url);
const TYPES = ['science', 'bias', 'flat', 'dark', 'science'];
const WARM_AFTER = 5;
const FOLLOWED = 30;
const CHUNK_BYTES = 100_000;

const files = new Map([
  ['raw', raw()],
  ['bias', calibFile(1, 2)],
  ['dark', calibFile(0.5, 1.5)],
  ['flat', calibFile(0.5, 2)],
]);

/** Answers from `files`, in chunks that come late enough for a growing picture. */
async function fetchFiles(url: string): Promise<Response> {
  if (url === 'wasm') return new Response(await readFile(WASM));
  const file = files.get(url.replace('mem:/', ''));
  if (!file) return new Response('', { status: 404 });
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (at >= file.length) return controller.close();
      controller.enqueue(new Uint8Array(file.subarray(at, at + CHUNK_BYTES)));
      at += CHUNK_BYTES;
    },
  });
  return new Response(body, { headers: { 'content-length': String(file.length) } });
}

const calib = (datasetType: CalibRef['datasetType']): CalibRef => ({
  datasetType,
  datasetId: datasetType,
  collection: 'LATISS/calib',
  fileBytes: null,
});
const findCalibs = async () => ({ bias: calib('bias'), dark: calib('dark'), flat: calib('flat') });
const request = (i: number): OpenRequest => ({
  jobId: `job-${i}`,
  instrument: 'LATISS',
  detector: 0,
  exposure: 2026112200000 + i,
  dayObs: 20261122,
  observationType: TYPES[i % TYPES.length] ?? '',
  physicalFilter: 'SDSSr_65mm~empty',
  rawUrl: 'mem:/raw',
  rawBytes: null,
  fileUrlPrefix: 'mem:/',
  isr: { recipe: 'rapid', overscan: 'median-per-row', switched: {}, untrimmed: false },
  growing: i % 2 === 0,
});

/** As a page that follows does: the image before stays until its successor is there. Every seventh is superseded. */
async function followed(api: ImageWorkerApi, i: number, before: ImageKey | undefined) {
  const { jobId, ...rest } = request(i);
  if (i % 7 === 6) {
    const superseded = api.open({ ...rest, jobId: `superseded-${i}`, growing: false }, findCalibs);
    setTimeout(() => void api.cancel(`superseded-${i}`), 20);
    await expect(superseded).rejects.toThrow(/superseded/);
  }
  const pictures: ImageKey[] = [];
  const { key } = await api.open({ jobId, ...rest }, findCalibs, (progress) => {
    if (progress.stage === 'growing') pictures.push(progress.opened.key);
  });
  for (const old of [before, ...pictures]) if (old) await api.release(old);
  return key;
}

it(`is after ${FOLLOWED} exposures what it was after ${WARM_AFTER}, whatever their types`, async () => {
  const api = createImageApi(fetchFiles);
  await api.start({ wasmUrl: 'wasm' });
  let key: ImageKey | undefined;
  let warm = 0;
  for (let i = 0; i < FOLLOWED; i++) {
    key = await followed(api, i, key);
    if (i === WARM_AFTER - 1) warm = (await api.memory()).engineBytes;
  }
  const { engineBytes, images } = await api.memory();
  expect(images).toBe(1);
  expect(engineBytes / warm).toBeLessThan(1.02);
}, 120_000);
