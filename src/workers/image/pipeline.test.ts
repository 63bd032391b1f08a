/** The image api in Node with the real engine, on raws and calibs that are written here (raw.fixture.ts). */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { createEngine } from 'astro-fits-wasm';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CalibRef, CalibSet } from '../../core/dataId.ts';
import { AppError, toAppError } from '../../core/errors.ts';
import type { Region } from '../../core/regions/region.ts';
import type {
  ImageKey,
  ImageWorkerApi,
  IsrRecipe,
  OpenedImage,
  OpenProgress,
  OpenRequest,
} from './contract.ts';
import { createImageApi } from './imageApi.ts';
import { AMPLIFIERS, calibFile, HEIGHT, overscanAt, raw, signalOf, WIDTH } from './raw.fixture.ts';

const WASM = new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url);

const files = new Map<string, Buffer>();
const requests: string[] = [];
/** How long each chunk in the last tenth of the file `late` takes to come. */
const LATE_MS = 20;

/** Answers from `files`, in chunks of odd sizes; a "gone" address is 410, others 404. */
const fetchFiles = async (url: string, init: RequestInit): Promise<Response> => {
  requests.push(url);
  const name = url.split('/').pop() ?? '';
  if (name === 'gone')
    return Response.json({ tag: 'Expired', message: 'The file has expired.', detail: {} }, { status: 410 });
  const file = files.get(name);
  if (!file) return new Response('', { status: 404 });
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const isLate = name === 'late' && at > 0.9 * file.length && at < file.length;
      const delay_ms = isLate ? LATE_MS : name === 'slow' ? 20 : 0;
      await new Promise((resolve) => setTimeout(resolve, delay_ms));
      if (init.signal?.aborted) return controller.error(new DOMException('aborted', 'AbortError'));
      if (at >= file.length) return controller.close();
      const size = Math.min(file.length - at, name === 'slow' ? 3000 : 40_000 + (at % 7919));
      controller.enqueue(new Uint8Array(file.subarray(at, at + size)));
      at += size;
    },
  });
  return new Response(body, { headers: { 'content-length': String(file.length) } });
};

const calib = (datasetType: CalibRef['datasetType'], datasetId: string = datasetType): CalibRef => ({
  datasetType,
  datasetId,
  collection: 'LATISS/calib',
  fileBytes: null,
});
const AS_ITS_TYPE_TAKES: IsrRecipe = {
  recipe: 'rapid',
  overscan: 'median-per-row',
  switched: {},
  untrimmed: false,
};
const CALIBS: CalibSet = { bias: calib('bias'), dark: calib('dark'), flat: calib('flat') };
let jobs = 0;
const request = (rawName: string, more: Partial<OpenRequest> = {}): OpenRequest => ({
  jobId: `job-${++jobs}`,
  instrument: 'LATISS',
  detector: 0,
  exposure: 2026112200000 + jobs,
  dayObs: 20261122,
  observationType: 'science',
  physicalFilter: 'SDSSr_65mm~empty',
  rawUrl: `mem:/${rawName}`,
  rawBytes: null,
  fileUrlPrefix: 'mem:/',
  isr: AS_ITS_TYPE_TAKES,
  growing: false,
  ...more,
});

let api: ImageWorkerApi;
const kept: ImageKey[] = [];
const open = async (
  asked: OpenRequest,
  onProgress?: (progress: OpenProgress) => void,
  calibs = CALIBS,
): Promise<OpenedImage> => {
  const opened = await api.open(asked, async () => calibs, onProgress);
  kept.push(opened.key);
  return opened;
};
const failure = async (act: Promise<unknown>): Promise<AppError> =>
  act.then(
    () => Promise.reject(new Error('did not fail')),
    (thrown: unknown) => toAppError(thrown),
  );
const valueAt = async ({ key }: OpenedImage, x: number, y: number) => {
  const readout = await api.readout({ key, at: { x, y } });
  if (!readout) throw new Error('no readout');
  return readout;
};

beforeAll(async () => {
  files.set('good', raw());
  files.set('late', raw());
  files.set('zipped', gzipSync(raw()));
  files.set('sections', raw({ dataSection: '[1:509,1:2000]' }));
  files.set('missing', raw({ without: 'Segment14' }));
  files.set('badtile', raw({ badTileIn: 'Segment12' }));
  files.set('truncated', raw().subarray(0, Math.floor(raw().length * 0.6)));
  files.set('notfits', Buffer.from('<html>Service unavailable</html>'.repeat(400)));
  files.set('slow', raw());
  files.set('bias', calibFile(1, 2));
  files.set('dark', calibFile(0.5, 1.5));
  files.set('flat', calibFile(0.5, 2));
  files.set('smallflat', calibFile(1, 1, [100, 100]));
  const wasm = await readFile(WASM);
  api = createImageApi(async (url, init) => (url === 'wasm' ? new Response(wasm) : fetchFiles(url, init)));
  await api.start({ wasmUrl: 'wasm' });
}, 60_000);

afterEach(async () => {
  for (const key of kept.splice(0)) await api.release(key);
});

describe('open', () => {
  it('does the whole recipe, each calib the right way up', async () => {
    const progress: OpenProgress[] = [];
    const opened = await open(request('good'), (p) => progress.push(p));
    expect([opened.width, opened.height]).toEqual([WIDTH, HEIGHT]);
    expect(opened.steps.filter(({ done }) => done).map(({ name }) => name)).toEqual([
      'saturation',
      'serial-overscan',
      'parallel-overscan',
      'assemble',
      'bias',
      'dark',
      'flat',
    ]);
    expect(opened.steps).toHaveLength(15);
    expect(opened.warnings).toEqual([]);
    const c03 = AMPLIFIERS.findIndex((a) => a.name === 'C03');
    const c14 = AMPLIFIERS.findIndex((a) => a.name === 'C14');
    // (signal - bias - dark * 10 s) / flat
    const low = await valueAt(opened, 1700, 500);
    expect(low).toMatchObject({ amplifier: 'C03', saturated: false });
    expect(low.valueAdu).toBeCloseTo((signalOf(c03) - 1 - 5) / 0.5, 3);
    const high = await valueAt(opened, 2200, 3000);
    expect(high.amplifier).toBe('C14');
    expect(high.valueAdu).toBeCloseTo((signalOf(c14) - 2 - 15) / 2, 3);
    // Raw row 999 of C14 is at y = 3999 - 999.
    expect(high.rawAdu).toBe(overscanAt(c14, 999) + signalOf(c14));
    const { fetchStarted, fetched, decoded, reduced } = opened.stamps;
    expect(fetchStarted).toBeLessThanOrEqual(fetched);
    expect(fetched).toBeLessThanOrEqual(decoded);
    expect(decoded).toBeLessThan(reduced);
    expect(Math.abs(reduced - Date.now())).toBeLessThan(60_000);
    expect(progress.length).toBeGreaterThan(0);
  });

  it('tells when the last segment was decoded, not the first', async () => {
    const { stamps } = await open(request('late'), () => {});
    expect(stamps.fetched - stamps.fetchStarted).toBeGreaterThan(LATE_MS);
    expect(stamps.decoded).toBeGreaterThanOrEqual(stamps.fetched);
    expect(stamps.reduced).toBeGreaterThan(stamps.decoded);
  });

  it('puts the first-read pixels at the outer edges of the detector', async () => {
    const opened = await open(request('good', { observationType: 'bias' }));
    const c17 = AMPLIFIERS.findIndex((a) => a.name === 'C17');
    expect((await valueAt(opened, 4071, 3999)).valueAdu).toBe(signalOf(c17) + 5000);
    expect((await valueAt(opened, 4071, 2000)).valueAdu).toBe(signalOf(c17));
    const c00 = AMPLIFIERS.findIndex((a) => a.name === 'C00');
    expect((await valueAt(opened, 508, 0)).valueAdu).toBe(signalOf(c00) + 5000);
    expect(await valueAt(opened, 508, 1)).toMatchObject({ rawAdu: 150_000, saturated: true, mask: ['SAT'] });
    expect(await valueAt(opened, 508, 0)).toMatchObject({ mask: [], ampRaw: { x: 3, y: 0 } });
    expect(await api.readout({ key: opened.key, at: { x: 4080, y: 0 } })).toBeUndefined();
    expect(await api.readout({ key: 'none', at: { x: 0, y: 0 } })).toBeUndefined();
  });

  it('fetches no calib that the image type does not take, and each other one only once', async () => {
    requests.length = 0;
    const opened = await open(request('good', { observationType: 'flat' }));
    expect(opened.steps.find((s) => s.name === 'flat')?.skippedBecause).toBe('FLAT frames take no flat');
    expect(requests).toEqual(['mem:/good']);
  });

  it('reads a gzip-wrapped raw', async () => {
    const opened = await open(request('zipped'));
    expect((await valueAt(opened, 508, 0)).rawAdu).toBe(overscanAt(15, 0) + signalOf(15) + 5000);
  });

  it('notes a header DATASEC that differs, and trusts the geometry', async () => {
    const opened = await open(request('sections', { observationType: 'bias' }));
    expect(opened.warnings).toHaveLength(1);
    expect(opened.warnings[0]).toContain('[1:509,1:2000]');
    expect((await valueAt(opened, 508, 0)).valueAdu).toBe(signalOf(15) + 5000);
  });

  it('fetches the raw while its calibs are looked up, and ends with the lookup', async () => {
    let found: ((calibs: CalibSet) => void) | undefined;
    const looking = new Promise<CalibSet>((resolve) => (found = resolve));
    const before = requests.length;
    const opening = api.open(request('good'), () => looking);
    await expect.poll(() => requests.slice(before)).toEqual(['mem:/good']);
    found?.({ bias: null, dark: null, flat: null });
    const { key, steps } = await opening;
    kept.push(key);
    expect(steps.find(({ name }) => name === 'bias')).toMatchObject({ done: false });
    const busy = new AppError('RegistryBusy', 'The registry is locked.');
    const refused = await failure(api.open(request('slow'), () => Promise.reject(busy)));
    expect(refused).toMatchObject({ tag: 'RegistryBusy', message: 'The registry is locked.' });
  });

  it('goes on without a calib that is not certified, gone, or of the wrong size, and says so', async () => {
    const calibs = { bias: null, dark: calib('dark', 'gone'), flat: calib('flat', 'smallflat') };
    const opened = await open(request('good'), undefined, calibs);
    const skipped = opened.steps.filter(({ name, done }) => !done && name in calibs);
    expect(skipped.map((s) => s.name)).toEqual(['bias', 'dark', 'flat']);
    expect(skipped[0]?.skippedBecause).toBe('no bias for this exposure');
    expect(skipped[1]?.skippedBecause).toContain('expired');
    expect(skipped[2]?.skippedBecause).toContain('100 x 100');
    expect(opened.warnings).toHaveLength(2);
  });
});

describe('bad raws', () => {
  it.each([
    ['truncated', 'MalformedFits', /Segment1|truncated|end/i],
    ['notfits', 'MalformedFits', /FITS/],
    ['badtile', 'MalformedFits', /Segment12/],
    ['missing', 'MalformedFits', /Segment14/],
    ['gone', 'Expired', /expired/],
    ['nothing', 'NotFound', /not in the repository/],
  ] as const)('%s is %s', async (name, tag, sentence) => {
    const error = await failure(open(request(name)));
    expect(error.tag).toBe(tag);
    expect(error.message).toMatch(sentence);
  });

  it('names HDU and tile of a bad tile', async () => {
    const error = await failure(open(request('badtile')));
    expect(error.detail).toMatchObject({ hduIndex: 3, tile: 17 });
  });

  it('leaves the image before it as it was', async () => {
    const opened = await open(request('good', { observationType: 'bias' }));
    await failure(open(request('badtile')));
    const readout = await valueAt(opened, 508, 0);
    expect(readout.valueAdu).toBe(signalOf(15) + 5000);
    expect(readout.rawAdu).toBe(overscanAt(15, 0) + signalOf(15) + 5000);
  });

  it.each([
    [1, 1],
    [16_384, 16_384],
  ])('refuses segments of %d x %d px, and tells which would do', async (width, height) => {
    files.set('othersize', raw({ size: [width, height] }));
    const error = await failure(open(request('othersize')));
    expect(error.message).toContain('Segment10');
    expect(error.message).toContain(`${width} x ${height}`);
    expect(error.message).toContain('576 x 2048');
  });

  it('refuses an instrument that it does not know', async () => {
    expect((await failure(open(request('good', { instrument: 'HSC' })))).tag).toBe('UnsupportedFits');
  });
});

describe('cancel', () => {
  it('ends an open that waits for the network, and keeps the image before it', async () => {
    const opened = await open(request('good', { observationType: 'bias' }));
    const next = request('slow');
    const error = failure(open(next));
    await new Promise((resolve) => setTimeout(resolve, 60));
    const begin = performance.now();
    await api.cancel(next.jobId);
    expect((await error).tag).toBe('Cancelled');
    expect(performance.now() - begin).toBeLessThan(40);
    expect((await valueAt(opened, 508, 0)).amplifier).toBe('C00');
  });

  it('ignores ids that it does not know', async () => {
    await expect(api.cancel('nobody')).resolves.toBeUndefined();
  });
});

describe('another set of steps', () => {
  const switched = (steps: IsrRecipe['switched'], more: Partial<IsrRecipe> = {}): IsrRecipe => ({
    ...AS_ITS_TYPE_TAKES,
    ...more,
    switched: steps,
  });
  const reduce = async ({ key }: OpenedImage, isr: IsrRecipe): Promise<OpenedImage> => {
    const opened = await api.reduce({ jobId: `job-${++jobs}`, key, isr });
    kept.push(opened.key);
    return opened;
  };

  it('gives the pixels of a raw that was opened with it, and leaves the first image alone', async () => {
    const first = await open(request('good'));
    const before = (await valueAt(first, 2200, 3000)).value;
    for (const isr of [
      switched({ dark: false, flat: false }),
      switched({ 'serial-overscan': false, 'parallel-overscan': false }),
      switched({}, { overscan: 'mean' }),
    ]) {
      const again = await reduce(first, isr);
      const afresh = await open(request('good', { isr }));
      expect(again.steps).toEqual(afresh.steps);
      expect(again.statistics).toEqual(afresh.statistics);
      for (const [x, y] of [
        [2200, 3000],
        [1700, 500],
        [508, 0],
        [4071, 3999],
      ] as const) {
        expect(await valueAt(again, x, y)).toEqual(await valueAt(afresh, x, y));
      }
    }
    expect((await valueAt(first, 2200, 3000)).value).toBe(before);
  });

  it('with every step off shows what was read out', async () => {
    const first = await open(request('good'));
    const off = Object.fromEntries(
      first.steps.filter(({ switchable }) => switchable).map(({ name }) => [name, false]),
    );
    const raws = await reduce(first, switched(off));
    const { value, rawAdu } = await valueAt(raws, 1700, 500);
    expect(value).toBe(rawAdu);
    expect(raws.steps.filter(({ done }) => done).map(({ name }) => name)).toEqual(['assemble']);
  });

  it('gives electrons with the gain, and the readout has both units either way', async () => {
    const first = await open(request('good', { observationType: 'bias' }));
    const inElectrons = await reduce(first, switched({ gain: true }));
    expect([first.unit, inElectrons.unit]).toEqual(['adu', 'electron']);
    const [adu, electron] = [await valueAt(first, 1700, 500), await valueAt(inElectrons, 1700, 500)];
    expect(electron.value).toBe(electron.valueElectron);
    expect(electron.valueAdu).toBeCloseTo(adu.value, 3);
    expect(adu.valueElectron).toBeCloseTo(electron.value, 3);
    expect(adu.valueElectron! / adu.value).toBeGreaterThan(1.03);
    const region: Region = { kind: 'point', id: 'a', label: '', colour: 'red', centre: { x: 1700, y: 500 } };
    const told = await api.region({ key: first.key, region, unit: 'electron' });
    expect([told.unit, told.statistics.n]).toEqual(['electron', 1]);
    expect(told.statistics.sum).toBeCloseTo(adu.valueElectron!, 3);
    expect((await api.region({ key: first.key, region })).statistics.sum).toBe(adu.value);
  });

  it('knows what no switch can bring about', async () => {
    const opened = await open(request('good'), undefined, { ...CALIBS, flat: null });
    const step = (name: string) => opened.steps.find((each) => each.name === name);
    expect(step('flat')).toMatchObject({ switchable: false, skippedBecause: 'no flat for SDSSr_65mm~empty' });
    expect(step('crosstalk')).toMatchObject({ switchable: false, done: false });
    expect(step('assemble')).toMatchObject({ switchable: false, done: true });
    expect(step('cosmic-rays')).toMatchObject({ switchable: true, done: false, skippedBecause: 'off' });
  });

  it('can put a flat on a flat when that is asked for', async () => {
    const isr = switched({ flat: true });
    const opened = await open(request('good', { observationType: 'flat', isr }));
    expect(opened.steps.find(({ name }) => name === 'flat')?.done).toBe(true);
  });
});

describe('statistics for the display', () => {
  it('are those of the pixels, for the whole and for each amplifier', async () => {
    const opened = await open(request('good', { observationType: 'bias' }));
    const { statistics, amplifiers } = opened;
    expect(amplifiers.map(({ name }) => name).toSorted()).toEqual(
      AMPLIFIERS.map(({ name }) => name).toSorted(),
    );
    for (const each of statistics.amplifiers) {
      const i = AMPLIFIERS.findIndex(({ name }) => name === each.name);
      expect([each.median, each.robustSigma]).toEqual([signalOf(i), 0]);
    }
    expect(statistics.median).toBeGreaterThanOrEqual(signalOf(0));
    expect(statistics.quantiles.every((v, i) => v >= 100 && v <= 115 && i >= 0)).toBe(true);
    const { counts } = statistics.histogram;
    expect(counts.filter((count) => count > 0).length).toBe(16);
    // Marked pixels are few: the sample may miss them, the survey never does.
    expect(await api.survey(opened.key)).toEqual({ min: 100, max: 150_000 - overscanAt(0, 1) });
  });

  it('has the header of every HDU', async () => {
    const headers = await api.headers((await open(request('good'))).key);
    expect(headers).toHaveLength(17);
    expect(headers[0]?.cards.find(({ keyword }) => keyword === 'INSTRUME')?.value).toBe('LATISS');
    expect(headers[1]).toMatchObject({ index: 1, name: 'Segment10' });
  });

  it('saves image, mask and variance, which are read back as they are', async () => {
    const opened = await open(request('good'));
    const bytes = await api.fits(opened.key);
    const engine = await createEngine(await readFile(WASM));
    const stream = engine.openStream({ expectedBytes: bytes.length });
    stream.push(bytes);
    stream.end();
    expect(stream.hdus.map(({ name }) => name)).toEqual(['', 'IMAGE', 'MASK', 'VARIANCE']);
    const image = stream.hdus[1]!;
    expect(image.header.text('BUNIT')).toBe('adu');
    const history = image.header.cards.filter(({ keyword }) => keyword === 'HISTORY');
    expect(history.map(({ comment }) => comment)).toContain('ISR bias: done, LATISS/calib');
    const planeOf = (i: number) => {
      const decoding = stream.decode(stream.hdus[i]!);
      while (!decoding.step(512));
      return decoding.plane;
    };
    const [pixels, mask, variance] = [planeOf(1), planeOf(2), planeOf(3)];
    for (const [x, y] of [
      [1700, 500],
      [2200, 3000],
      [508, 1],
    ] as const) {
      expect(pixels.at(x, y)).toBe((await valueAt(opened, x, y)).value);
      expect(variance.at(x, y)).toBeGreaterThan(0);
    }
    expect(mask.at(508, 1) & (1 << opened.maskPlanes['SAT']!)).not.toBe(0);
    stream.free();
  });

  it('takes one image from another, and divides by it', async () => {
    const science = await open(request('good'));
    const bias = await open(request('good', { observationType: 'bias', exposure: science.exposure + 1000 }));
    for (const [how, compute] of [
      ['difference', (a: number, b: number) => a - b],
      ['ratio', (a: number, b: number) => a / b],
    ] as const) {
      const both = await api.combine({ of: science.key, by: bias.key, how });
      kept.push(both.key);
      const [a, b] = [await valueAt(science, 1700, 500), await valueAt(bias, 1700, 500)];
      expect((await valueAt(both, 1700, 500)).value).toBe(Math.fround(compute(a.value, b.value)));
      expect(both.unit).toBe(how === 'ratio' ? 'ratio' : 'adu');
    }
    const electrons = await open(
      request('good', { isr: { ...AS_ITS_TYPE_TAKES, switched: { gain: true } } }),
    );
    const error = await failure(api.combine({ of: science.key, by: electrons.key, how: 'ratio' }));
    expect(error.message).toMatch(/adu.*electron/);
  });

  it('saves a difference as it is, and says in the header of what', async () => {
    const science = await open(request('good'));
    const bias = await open(request('good', { observationType: 'bias', exposure: science.exposure + 1000 }));
    const both = await api.combine({ of: science.key, by: bias.key, how: 'difference' });
    // Given up while it is written, as when the next exposure comes.
    await import('./exportFits.ts');
    const saving = api.fits(both.key);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await api.release(both.key);
    const bytes = await saving;
    const engine = await createEngine(await readFile(WASM));
    const stream = engine.openStream({ expectedBytes: bytes.length });
    stream.push(bytes);
    stream.end();
    expect(stream.hdus.map(({ name }) => name)).toEqual(['', 'IMAGE']);
    const image = stream.hdus[1]!;
    expect(image.header.text('BUNIT')).toBe('adu');
    const history = image.header.cards.filter(({ keyword }) => keyword === 'HISTORY');
    const lines = history.map(({ comment }) => comment);
    expect(lines[0]).toBe('difference of two exposures: A minus B, by astro-fits-wasm');
    expect(lines[1]).toContain(String(science.exposure));
    const second = lines.findIndex((line) => line === `B is exposure ${bias.exposure}`);
    const [flatOfA, flatOfB] = [lines.slice(0, second), lines.slice(second)].map((part) =>
      part.find((line) => line.startsWith('ISR flat:')),
    );
    expect(flatOfA).toMatch(/: done/);
    expect(flatOfB).toMatch(/: not done/);
    const decoding = stream.decode(image);
    while (!decoding.step(512));
    const [a, b] = [await valueAt(science, 1700, 500), await valueAt(bias, 1700, 500)];
    expect(decoding.plane.at(1700, 500)).toBe(Math.fround(a.value - b.value));
    stream.free();
  });

  it('fetches and decodes a raw that is there only once', async () => {
    const first = request('good');
    const opened = await open(first);
    requests.length = 0;
    const again = await open({ ...first, jobId: 'again', observationType: 'bias' });
    expect(requests).toEqual([]);
    expect(again.key).not.toBe(opened.key);
  });

  it('gives images back', async () => {
    const opened = await open(request('good'));
    const { images } = await api.memory();
    await api.release(opened.key);
    expect((await api.memory()).images).toBe(images - 1);
    expect((await failure(api.survey(opened.key))).tag).toBe('NotFound');
    await api.release(opened.key);
  });
});
