import { describe, expect, it, vi } from 'vitest';
import type { CalibSet, Exposure } from '../../core/dataId.ts';
import type { Limits } from '../../core/display/stretch.ts';
import { AppError } from '../../core/errors.ts';
import { taiFromUnixMs } from '../../core/time.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../services/workerPool.ts';
import type {
  FindCalibs,
  ImageWorkerApi,
  IsrRecipe,
  OpenedImage,
  OpenRequest,
  ReduceRequest,
  RenderRequest,
  SampledStatistics,
} from '../../workers/image/contract.ts';
import { QUANTILES } from '../../workers/image/contract.ts';
import type { LimitsRule } from './displayState.ts';
import { FIRST_ISR, limitsOf } from './displayState.ts';
import { FramePump } from './framePump.ts';
import { cannotDraw } from './imageState.ts';
import { createImageStore } from './imageStore.ts';

const CLOSED = Date.UTC(2026, 10, 22, 4, 0, 0);
const NO_CALIBS: CalibSet = { bias: null, dark: null, flat: null };

function exposureOf(seqNum: number, more: Partial<Exposure> = {}): Exposure {
  return {
    instrument: 'LATISS',
    exposure: 2026112200000 + seqNum,
    obsId: `AT_O_20261122_${seqNum}`,
    dayObs: 20261122,
    seqNum,
    observationType: 'science',
    observationReason: '',
    targetName: 'HD 2811',
    scienceProgram: '',
    physicalFilter: 'empty~empty',
    group: '',
    exposureTimeSeconds: 1,
    darkTimeSeconds: 1,
    shutterOpenTai: taiFromUnixMs(CLOSED - 1000),
    shutterCloseTai: taiFromUnixMs(CLOSED),
    raws: [
      {
        datasetId: `raw-${seqNum}`,
        detector: 0,
        fileBytes: 1000,
        landedUnixMs: CLOSED + 2000,
        registeredUnixMs: CLOSED + 2500,
      },
    ],
    ...more,
  };
}

const sampled = (more: Partial<SampledStatistics> = {}): SampledStatistics => ({
  zscale: [1, 2],
  min: 0,
  max: 9,
  median: 5,
  robustSigma: 0.5,
  quantiles: QUANTILES.map((fraction) => fraction * 10),
  ...more,
});

const openedOf = ({ exposure, isr }: Pick<OpenRequest, 'exposure' | 'isr'>, key: string): OpenedImage => ({
  key,
  exposure,
  // As a message brings it.
  isr: structuredClone(isr),
  preview: null,
  untrimmed: false,
  width: 4072,
  height: 4000,
  unit: 'adu',
  steps: [],
  warnings: [],
  statistics: {
    ...sampled(),
    histogram: { low: 0, high: 10, counts: [1, 2] },
    percentiles: Array.from({ length: 101 }, (_, i) => i / 10),
    amplifiers: [{ name: 'C10', ...sampled({ zscale: [3, 4], median: 7 }) }],
  },
  amplifiers: [{ name: 'C10', box: { x0: 0, y0: 0, x1: 4072, y1: 4000 } }],
  maskPlanes: {},
  sky: { kind: 'none', reason: 'no WCS: a test' },
  stamps: { fetchStarted: 10, fetched: 20, decoded: 30, reduced: 40 },
  bytes: 1000,
});

/** A worker whose opens and reductions end when the test says so. */
function harness() {
  const opens: {
    request: OpenRequest;
    findCalibs: FindCalibs;
    resolve: () => void;
    reject: (error: unknown) => void;
  }[] = [];
  const reductions: { request: ReduceRequest; resolve: () => void; reject: (error: unknown) => void }[] = [];
  const cancelled: string[] = [];
  const rendered: RenderRequest[] = [];
  const held = new Set<string>();
  let renderFailure: AppError | undefined;
  let made = 0;
  const make = (from: Pick<OpenRequest, 'exposure' | 'isr'>) => {
    const opened = openedOf(from, `image-${++made}`);
    held.add(opened.key);
    return opened;
  };
  const api: ImageWorkerApi = {
    start: async () => ({ engineVersion: 'test' }),
    open: (request, findCalibs) =>
      new Promise((resolve, reject) => {
        opens.push({ request, findCalibs, resolve: () => resolve(make(request)), reject });
      }),
    reduce: (request) =>
      new Promise((resolve, reject) => {
        const { exposure } = store.getState().held!.opened;
        const { isr } = request;
        reductions.push({ request, resolve: () => resolve(make({ exposure, isr })), reject });
      }),
    preview: async () => Promise.reject(new Error('no test asks')),
    receivedBytes: async () => 0,
    combine: async () => make({ exposure: exposureOf(1).exposure, isr: FIRST_ISR }),
    survey: async () => ({ min: -3, max: 99 }),
    region: async () => Promise.reject(new Error('no test asks')),
    cross: async () => Promise.reject(new Error('no test asks')),
    examine: async () => ({ star: null, failed: 'no star', camera: null }),
    sources: async () => Promise.reject(new Error('no test asks')),
    pixelsOfSky: async () => Promise.reject(new Error('no test asks')),
    fitsTable: async () => Promise.reject(new Error('no test asks')),
    health: async () => ({ amplifiers: [], correlation: { names: [], matrix: [], strongest: {} } }),
    fits: async () => new Uint8Array(0),
    headers: async () => [],
    release: async (key) => void held.delete(key),
    memory: async () => ({ engineBytes: 0, textureBytes: 0, images: held.size }),
    render: async (request) => {
      rendered.push(request);
      if (renderFailure) throw renderFailure.toWire();
      return { bitmap: { close: () => undefined } as ImageBitmap, drawMs: 1 };
    },
    readout: async ({ at }) => ({
      at,
      amplifier: 'C10',
      part: 'data',
      ampRaw: { x: 1, y: 2 },
      value: at.x,
      unit: 'adu',
      valueAdu: at.x,
      valueElectron: null,
      rawAdu: at.y,
      saturated: false,
      sky: null,
      mask: [],
    }),
    cancel: async (jobId) => {
      cancelled.push(jobId);
      opens
        .find((o) => o.request.jobId === jobId)
        ?.reject({ tag: 'Cancelled', message: 'superseded', detail: {} });
    },
  };
  const worker = new ImageWorker({ call: (act) => act(api as never), dispose: () => undefined });
  const butler: ButlerClient = {
    source: 'OODS',
    fileUrlPrefix: 'https://summit/files/',
    watch: () => undefined,
    findCalibs: async () => NO_CALIBS,
    findExposure: async () => exposureOf(1),
  };
  const store = createImageStore({ butler, worker });
  const paint = async () => {
    const frame = await store.render({ width: 800, height: 800 });
    if (!frame) return;
    store.presented(frame);
    store.painted(frame.opened.exposure, 55);
  };
  const opened = async (count: number) => {
    await vi.waitFor(() => expect(opens).toHaveLength(count), { timeout: 3000 });
    return opens[count - 1]!;
  };
  /** An exposure on the screen. */
  const show = async (seqNum: number) => {
    store.show(exposureOf(seqNum), 0);
    (await opened(opens.length + 1)).resolve();
    await tick();
    await paint();
    await tick();
  };
  return {
    store,
    opens,
    opened,
    reductions,
    cancelled,
    rendered,
    held,
    paint,
    show,
    fail: (e: AppError | undefined) => (renderFailure = e),
  };
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('a browser that cannot draw', () => {
  const cannot = new AppError('UnsupportedBrowser', 'This browser offers no WebGL2.');
  const storeWhose = (failure: () => AppError) => {
    let asked = 0;
    const butler: ButlerClient = {
      source: 'OODS',
      fileUrlPrefix: 'https://summit/files/',
      watch: () => undefined,
      findCalibs: async () => {
        asked += 1;
        return NO_CALIBS;
      },
      findExposure: async () => exposureOf(1),
    };
    let calls = 0;
    const call = () => {
      calls += 1;
      return Promise.reject(failure());
    };
    const worker = new ImageWorker({ call, dispose: () => undefined });
    return { store: createImageStore({ butler, worker }), worker, asked: () => asked, calls: () => calls };
  };

  it('says so before there is an exposure, and asks for nothing when one comes', async () => {
    const { store, worker, asked, calls } = storeWhose(() => cannot);
    store.prepare(worker.warmUp());
    await tick();
    expect(store.getState()).toMatchObject({ status: 'failed', wanted: null, error: cannot });
    store.follow(exposureOf(1), 0);
    store.show(exposureOf(2), 0);
    await tick();
    expect(store.getState()).toMatchObject({ status: 'failed', error: cannot });
    expect(store.getState().wanted?.seqNum).toBe(2);
    expect(asked()).toBe(0);
    // Nor is the worker started again.
    expect(calls()).toBe(1);
  });

  it('is asked again by who tries again, before there is an exposure and after', async () => {
    let failure: AppError | null = cannot;
    const { store, worker, asked } = storeWhose(() => failure ?? new AppError('Unreachable', 'A test.'));
    store.prepare(worker.warmUp());
    await tick();
    store.retry();
    await tick();
    expect(store.getState()).toMatchObject({ status: 'failed', wanted: null, error: cannot });
    failure = null;
    store.retry();
    await tick();
    expect(store.getState()).toMatchObject({ status: 'idle', wanted: null, error: null });
    failure = cannot;
    store.prepare(worker.warmUp());
    await tick();
    store.show(exposureOf(1), 0);
    expect(asked()).toBe(0);
    store.retry();
    expect(store.getState()).toMatchObject({ status: 'loading', error: null });
    await vi.waitFor(() => expect(asked()).toBe(1));
    store.dispose();
  });

  it('is no matter of a failure that may pass', async () => {
    const { store, worker } = storeWhose(
      () => new AppError('Unreachable', 'The FITS engine cannot be loaded.'),
    );
    store.prepare(worker.warmUp());
    await tick();
    expect(store.getState()).toMatchObject({ status: 'idle', error: null });
  });
});

describe('imageStore', () => {
  it('opens the next exposure although the one before could no longer be drawn', async () => {
    const { store, opened, opens, show, paint, fail } = harness();
    await show(1);
    fail(new AppError('UnsupportedBrowser', 'This browser offers no WebGL2.'));
    await paint();
    expect(store.getState()).toMatchObject({ status: 'stale', shown: { seqNum: 1 } });
    expect(cannotDraw(store.getState())).toBe(false);
    fail(undefined);
    store.follow(exposureOf(2), 0);
    (await opened(opens.length + 1)).resolve();
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ status: 'ready', shown: { seqNum: 2 }, error: null });
  });

  it('is loading until the wanted image is on the screen, then has all stamps', async () => {
    const { store, opened, paint } = harness();
    expect(store.getState().status).toBe('idle');
    store.show(exposureOf(1), 15);
    const open = await opened(1);
    expect(open.request).toMatchObject({
      rawUrl: 'https://summit/files/raw-1',
      detector: 0,
    });
    expect(await open.findCalibs()).toEqual(NO_CALIBS);
    open.resolve();
    await tick();
    expect(store.getState()).toMatchObject({ status: 'loading', shown: null });
    await paint();
    expect(store.getState()).toMatchObject({ status: 'ready', shown: exposureOf(1) });
    expect(store.getState().stamps).toEqual({
      shutterClosed: CLOSED,
      landed: CLOSED + 2000,
      registered: CLOSED + 2500,
      seen: 15,
      fetched: 20,
      decoded: 30,
      reduced: 40,
      painted: 55,
    });
  });

  it('cancels what is superseded, and shows only the last of many quick steps', async () => {
    const { store, opens, opened, cancelled, paint } = harness();
    store.show(exposureOf(1), 0);
    await opened(1);
    for (const seqNum of [2, 3, 4, 5, 6]) store.show(exposureOf(seqNum), 0);
    expect(cancelled).toEqual([opens[0]!.request.jobId]);
    const last = await opened(2);
    expect(last.request.exposure).toBe(exposureOf(6).exposure);
    last.resolve();
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ status: 'ready', shown: exposureOf(6), error: null });
    expect(opens).toHaveLength(2);
  });

  it('finishes what is loading before it follows to the newest, and skips those between', async () => {
    const { store, opened, paint, cancelled } = harness();
    store.follow(exposureOf(1), 0);
    const first = await opened(1);
    store.follow(exposureOf(2), 0);
    store.follow(exposureOf(3), 0);
    first.resolve();
    await tick();
    await paint();
    expect(store.getState().shown).toEqual(exposureOf(1));
    const second = await opened(2);
    expect(second.request.exposure).toBe(exposureOf(3).exposure);
    expect(cancelled).toEqual([]);
  });

  it('goes on to the newest when what was loading fails', async () => {
    const { store, opened } = harness();
    store.follow(exposureOf(1), 0);
    const first = await opened(1);
    store.follow(exposureOf(2), 0);
    first.reject(new AppError('MalformedFits', 'truncated').toWire());
    expect((await opened(2)).request.exposure).toBe(exposureOf(2).exposure);
  });

  it('keeps the last good image when the next one fails', async () => {
    const { store, opened, paint } = harness();
    store.show(exposureOf(1), 0);
    (await opened(1)).resolve();
    await tick();
    await paint();
    store.show(exposureOf(2), 0);
    (await opened(2)).reject({ tag: 'MalformedFits', message: 'bad tile', detail: { hduIndex: 3, tile: 4 } });
    await tick();
    const state = store.getState();
    expect(state).toMatchObject({ status: 'stale', shown: exposureOf(1), wanted: exposureOf(2) });
    expect(state.error?.detail).toEqual({ hduIndex: 3, tile: 4, exposure: exposureOf(2).exposure });
    await paint();
    expect(store.getState()).toMatchObject({ status: 'stale', shown: exposureOf(1) });
    store.show(exposureOf(1), 0);
    expect(store.getState()).toMatchObject({ status: 'ready', error: null });
  });

  it('fails when there was nothing before, and says when there is no raw', async () => {
    const { store } = harness();
    store.show(exposureOf(1, { raws: [] }), 0);
    await tick();
    expect(store.getState()).toMatchObject({ status: 'failed', shown: null });
    expect(store.getState().error?.tag).toBe('Expired');
    expect(store.getState().error?.message).toContain('20261122 1');
  });

  it('tries again by itself when the server was unreachable, and not when the file is bad', async () => {
    const { store, opens, opened } = harness();
    store.show(exposureOf(1), 0);
    (await opened(1)).reject({ tag: 'Unreachable', message: 'no answer', detail: {} });
    await tick();
    expect(store.getState().status).toBe('failed');
    (await opened(2)).reject({ tag: 'MalformedFits', message: 'not FITS', detail: {} });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(opens).toHaveLength(2);
  });

  it('opens the image again when the worker no longer has it', async () => {
    const { store, opened, paint, fail } = harness();
    store.show(exposureOf(1), 0);
    (await opened(1)).resolve();
    await tick();
    await paint();
    fail(new AppError('NotFound', 'not held'));
    await paint();
    fail(undefined);
    (await opened(2)).resolve();
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ status: 'ready', shown: exposureOf(1) });
  });

  it('reads the pixel under the pointer, and none outside of the detector', async () => {
    const { store, opened, paint } = harness();
    store.show(exposureOf(1), 0);
    (await opened(1)).resolve();
    await tick();
    await paint();
    store.setView({
      centre: { x: 2036, y: 2000 },
      devicePixelsPerPixel: 0.2,
      rotationDeg: 0,
      mirrored: false,
    });
    await paint();
    // 0.2 device pixels each about (2036, 2000) in the middle of 800 x 800.
    store.pointAt({ x: 500, y: 300 });
    await tick();
    expect(store.getState().readout?.at).toEqual({ x: 2536, y: 2500 });
    store.pointAt({ x: 0, y: 0 });
    await tick();
    // y would be 4000, above the last row.
    expect(store.getState().readout).toBeNull();
    store.pointAt(null);
    await tick();
    expect(store.getState().readout).toBeNull();
  });

  it('takes the limits that the rule says', () => {
    const { statistics } = openedOf({ exposure: 1, isr: FIRST_ISR }, 'image-1');
    const rules: readonly [LimitsRule, Limits][] = [
      [{ rule: 'zscale' }, [1, 2]],
      [{ rule: 'minmax' }, [0, 9]],
      [{ rule: 'percentile', percent: 90 }, [0.5, 9.5]],
      [{ rule: 'percentile', percent: 99 }, [0.05, 9.95]],
      [{ rule: 'sigma', sigmas: 3 }, [3.5, 6.5]],
      [{ rule: 'manual', limits: [7, 8] }, [7, 8]],
    ];
    for (const [rule, limits] of rules) {
      const [low, high] = limitsOf(rule, statistics);
      expect(low).toBeCloseTo(limits[0], 9);
      expect(high).toBeCloseTo(limits[1], 9);
    }
    expect(limitsOf({ rule: 'minmax' }, statistics, { min: -3, max: 99 })).toEqual([-3, 99]);
  });

  it('draws each amplifier between its own limits when asked to, but for manual ones', async () => {
    const { store, show, paint, rendered } = harness();
    await show(1);
    expect(rendered.at(-1)?.limits).toEqual([1, 2]);
    store.togglePerAmplifier();
    await paint();
    expect(rendered.at(-1)?.limits).toEqual([[3, 4]]);
    store.setLimits({ rule: 'manual', limits: [7, 8] });
    await paint();
    expect(rendered.at(-1)?.limits).toEqual([7, 8]);
  });
});

describe('another set of steps', () => {
  const without = (step: 'bias' | 'dark'): IsrRecipe => ({ ...FIRST_ISR, switched: { [step]: false } });

  it('is reduced from what is there, one at a time, and the last switch wins', async () => {
    const { store, show, paint, reductions, held } = harness();
    await show(1);
    const { key } = store.getState().held!.opened;
    for (const step of ['bias', 'dark', 'bias', 'dark'] as const) store.setIsr(without(step));
    expect(reductions.map(({ request }) => request)).toEqual([
      { jobId: expect.any(String), key, isr: without('bias') },
    ]);
    expect(store.getState().reducing).toBe(true);
    reductions[0]!.resolve();
    await vi.waitFor(() => expect(reductions).toHaveLength(2));
    expect(reductions[1]!.request.isr).toEqual(without('dark'));
    reductions[1]!.resolve();
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ reducing: false, status: 'ready', shown: exposureOf(1) });
    expect(store.getState().shownAs?.isr).toEqual(without('dark'));
    // What was shown before, and what nobody ever saw, is given back.
    expect([...held]).toEqual([store.getState().shownAs?.key]);
  });

  it('keeps the stamps of the first picture, and tells the exact range anew', async () => {
    const { store, show, paint, reductions } = harness();
    await show(1);
    const { stamps, survey } = store.getState();
    expect(survey).toEqual({ min: -3, max: 99 });
    store.setIsr(without('bias'));
    reductions[0]!.resolve();
    await tick();
    expect(store.getState().survey).toBeNull();
    await paint();
    await tick();
    expect(store.getState().stamps).toEqual(stamps);
    expect(store.getState().survey).toEqual({ min: -3, max: 99 });
  });

  it('is taken by the exposures that follow', async () => {
    const { store, show, opens, reductions } = harness();
    store.setIsr(without('dark'));
    await show(1);
    expect(opens[0]!.request.isr).toEqual(without('dark'));
    expect(reductions).toHaveLength(0);
  });

  it('that came while an exposure was loading is followed when that is there', async () => {
    const { store, opened, reductions } = harness();
    store.show(exposureOf(1), 0);
    const open = await opened(1);
    store.setIsr(without('dark'));
    open.resolve();
    await vi.waitFor(() => expect(reductions).toHaveLength(1));
    expect(reductions[0]!.request.isr).toEqual(without('dark'));
  });

  it('that fails leaves the picture and its switches as they were', async () => {
    const { store, show, reductions, held } = harness();
    await show(1);
    store.setIsr(without('bias'));
    reductions[0]!.reject({ tag: 'WasmFailed', message: 'the engine is out of memory', detail: {} });
    await tick();
    const state = store.getState();
    expect(state).toMatchObject({ reducing: false, status: 'stale', shown: exposureOf(1), isr: FIRST_ISR });
    expect(state.error?.message).toContain('out of memory');
    expect(held.size).toBe(1);
  });
});

describe('what waits for the screen', () => {
  it('goes on when a frame of the present settings is there, not before', async () => {
    const { store, show, paint } = harness();
    await show(1);
    await store.settled();
    store.setStretch('log');
    let settled = false;
    const waiting = store.settled().then(() => (settled = true));
    await tick();
    expect(settled).toBe(false);
    await paint();
    await waiting;
    store.setView({ ...store.getState().drawn!.view, devicePixelsPerPixel: 2 });
    const again = store.settled();
    await paint();
    await again;
  });

  it('does not wait where there is no image', async () => {
    await harness().store.settled();
  });
});

describe('FramePump', () => {
  it('asks for one frame at a time and one more for all changes meanwhile', async () => {
    const { store, opened, rendered } = harness();
    const presented: ImageBitmap[] = [];
    let paints = 0;
    const pump = new FramePump(store, {
      size: () => ({ width: 800, height: 800 }),
      present: (bitmap) => presented.push(bitmap),
      afterPaint: (callback) => {
        paints += 1;
        callback(99);
      },
    });
    store.show(exposureOf(1), 0);
    (await opened(1)).resolve();
    await vi.waitFor(() => expect(store.getState().status).toBe('ready'));
    rendered.length = 0;
    for (let i = 0; i < 50; i++) store.zoomBy(1.01);
    store.setStretch('log');
    await vi.waitFor(() => expect(rendered.length).toBeGreaterThan(0));
    await tick();
    expect(rendered.length).toBeLessThanOrEqual(2);
    // Only the first frame of an image is its painted stamp.
    expect(paints).toBe(1);
    expect(store.getState().stamps.painted).toBe(99);
    pump.dispose();
    const before = presented.length;
    store.setStretch('linear');
    await tick();
    expect(presented).toHaveLength(before);
  });

  it('draws beside the picture in another view, which changes nothing of it', async () => {
    const { store, show, rendered } = harness();
    await show(1);
    store.setDisplay({ smoothSigmaPx: 2, bin: 4 });
    store.setView({ centre: { x: 7, y: 8 }, devicePixelsPerPixel: 3, rotationDeg: 0, mirrored: false });
    const before = store.getState();
    const display = { ...before.display, smoothSigmaPx: 0, bin: 1 as const };
    const frame = await store.render({ width: 100, height: 100 }, { view: 'fit', display });
    expect(rendered.at(-1)).toMatchObject({ paneWidth: 100, smoothSigmaPx: 0, bin: 1 });
    expect(frame?.view.devicePixelsPerPixel).toBeCloseTo(100 / 4072, 9);
    expect(store.getState()).toEqual(before);
    await store.render({ width: 800, height: 800 });
    expect(rendered.at(-1)).toMatchObject({ smoothSigmaPx: 2, bin: 4, view: { centre: { x: 7, y: 8 } } });
  });
});
