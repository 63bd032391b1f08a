import { describe, expect, it, vi } from 'vitest';
import type { CalibSet, Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import { taiFromUnixMs } from '../../core/time.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../services/workerPool.ts';
import type { ImageWorkerApi, OpenedImage, OpenRequest, RenderAnswer } from '../../workers/image/contract.ts';
import { FramePump } from './framePump.ts';
import { createImageStore, limitsOf } from './imageStore.ts';

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

const openedOf = (request: OpenRequest): OpenedImage => ({
  exposure: request.exposure,
  width: 4072,
  height: 4000,
  unit: 'adu',
  steps: [],
  warnings: [],
  zscale: [1, 2],
  minmax: [0, 9],
  percentile99: [0.5, 3],
  stamps: { fetchStarted: 10, fetched: 20, decoded: 30, reduced: 40 },
  bytes: 1000,
});

/** A worker whose opens end when the test says so. */
function harness() {
  const opens: { request: OpenRequest; resolve: () => void; reject: (error: unknown) => void }[] = [];
  const cancelled: string[] = [];
  const rendered: number[] = [];
  let renderFailure: AppError | undefined;
  const answer: RenderAnswer = {
    bitmap: { close: () => undefined } as ImageBitmap,
    view: { centre: { x: 2036, y: 2000 }, devicePixelsPerPixel: 0.2 },
    drawMs: 1,
  };
  const api: ImageWorkerApi = {
    start: async () => ({ engineVersion: 'test' }),
    open: (request) =>
      new Promise((resolve, reject) => {
        opens.push({ request, resolve: () => resolve(openedOf(request)), reject });
      }),
    render: async ({ exposure }) => {
      rendered.push(exposure);
      if (renderFailure) throw renderFailure.toWire();
      return answer;
    },
    readout: async ({ at }) => ({ at, amplifier: 'C10', valueAdu: at.x, rawAdu: at.y, saturated: false }),
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
    const drawn = await store.render({ width: 800, height: 800 });
    if (!drawn) return;
    store.presented(drawn.exposure, drawn, { width: 800, height: 800 });
    store.painted(drawn.exposure, 55);
  };
  const opened = async (count: number) => {
    await vi.waitFor(() => expect(opens).toHaveLength(count), { timeout: 3000 });
    return opens[count - 1]!;
  };
  return {
    store,
    opens,
    opened,
    cancelled,
    rendered,
    paint,
    fail: (e: AppError | undefined) => (renderFailure = e),
  };
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('imageStore', () => {
  it('is loading until the wanted image is on the screen, then has all stamps', async () => {
    const { store, opened, paint } = harness();
    expect(store.getState().status).toBe('idle');
    store.show(exposureOf(1), 15);
    const open = await opened(1);
    expect(open.request).toMatchObject({
      rawUrl: 'https://summit/files/raw-1',
      detector: 0,
      calibs: NO_CALIBS,
    });
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

  it('takes the limits that the rule says', async () => {
    const opened = openedOf({ exposure: 1 } as OpenRequest);
    const limits = (limitsRule: 'zscale' | 'minmax' | 'percentile99' | 'manual') =>
      limitsOf({ limitsRule, manualLimits: [7, 8] }, opened);
    expect(['zscale', 'minmax', 'percentile99', 'manual'].map((r) => limits(r as 'zscale'))).toEqual([
      [1, 2],
      [0, 9],
      [0.5, 3],
      [7, 8],
    ]);
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
});
