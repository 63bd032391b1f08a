/** An image store whose images are preceded by previews, with openings that end when the test says so. */
import { describe, expect, it, vi } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import { taiFromUnixMs } from '../../core/time.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../services/workerPool.ts';
import type { OpenedImage, Preview } from '../../workers/image/contract.ts';
import { createImageStore } from './imageStore.ts';
import type { OpenAsk } from './opening.ts';

const exposureOf = (seqNum: number) =>
  ({
    exposure: seqNum,
    obsId: `AT_O_${seqNum}`,
    dayObs: 20261122,
    seqNum,
    shutterCloseTai: taiFromUnixMs(0),
    raws: [],
  }) as unknown as Exposure;

function harness() {
  const opens: {
    readonly of: number;
    readonly ask: OpenAsk;
    resolve(opened: OpenedImage): void;
    reject(why: unknown): void;
  }[] = [];
  const held = new Set<string>();
  let made = 0;
  const image = (exposure: number, preview: Preview | null): OpenedImage => {
    const key = `${preview ? 'preview' : 'image'}-${++made}`;
    held.add(key);
    const statistics = { zscale: [0, 1], quantiles: [], amplifiers: [] };
    const stamps = { fetchStarted: 1, fetched: 2, decoded: 3, reduced: 4 };
    const { isr } = store.getState();
    const size = { width: 4072, height: 4000 };
    return {
      key,
      exposure,
      preview,
      isr,
      statistics,
      stamps,
      amplifiers: [],
      ...size,
    } as unknown as OpenedImage;
  };
  const api = {
    render: async () => ({ bitmap: { close: () => undefined }, drawMs: 1 }),
    release: async (key: string) => void held.delete(key),
    survey: async () => ({ min: 0, max: 1 }),
    reduce: () => new Promise(() => undefined),
    region: async () => 'measured',
  };
  const worker = new ImageWorker({ call: (act) => act(api as never), dispose: () => undefined });
  const store = createImageStore({
    butler: { source: 'OODS' } as ButlerClient,
    worker,
    opening: (exposure, ask) =>
      new Promise((resolve, reject) => opens.push({ of: exposure.exposure, ask, resolve, reject })),
  });
  const paint = async () => {
    const frame = await store.render({ width: 800, height: 800 });
    if (!frame) return;
    store.presented(frame);
    store.painted(frame.opened.exposure, 55);
    await tick();
  };
  const nextOpen = async () => {
    const count = opens.length + 1;
    await vi.waitFor(() => expect(opens).toHaveLength(count), { timeout: 3000 });
    return opens[count - 1]!;
  };
  return { store, image, paint, nextOpen, held, opens };
}

const tick = () => new Promise((resolve) => setTimeout(resolve));
const PREVIEW: Preview = { binPx: 8, share: 1 };
const GROWING: Preview = { binPx: 8, share: 0.4 };

/** Number 1 on the screen, and number 2 on its way. */
async function onTheWay() {
  const made = harness();
  const { store, image, paint, nextOpen } = made;
  store.show(exposureOf(1), 0);
  (await nextOpen()).resolve(image(1, null));
  await tick();
  await paint();
  store.show(exposureOf(2), 0);
  return { ...made, second: await nextOpen() };
}

describe('a preview', () => {
  it('is on the screen while the pixels are on their way, and is no painted image', async () => {
    const { store, image, paint, held, second } = await onTheWay();
    second.ask.onPreview(image(2, PREVIEW));
    await paint();
    expect(store.getState()).toMatchObject({ status: 'loading', shown: { exposure: 2 }, stamps: {} });
    expect(store.getState().shownAs?.preview).toEqual(PREVIEW);
    second.resolve(image(2, null));
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ status: 'ready', shown: { exposure: 2 } });
    expect(store.getState().stamps).toMatchObject({ decoded: 3, painted: 55 });
    expect([...held]).toEqual([store.getState().shownAs?.key]);
  });

  it('is followed by the next one, and all are given back', async () => {
    const { store, image, paint, held, second } = await onTheWay();
    for (const share of [0.2, 0.5, 0.8]) {
      second.ask.onPreview(image(2, { binPx: 8, share }));
      await paint();
    }
    // The last good image, and the picture on the screen.
    expect(held.size).toBe(2);
    second.resolve(image(2, null));
    await tick();
    await paint();
    expect([...held]).toEqual([store.getState().shownAs?.key]);
  });

  it('of some amplifiers makes way for the last good image when the raw breaks off', async () => {
    const { store, image, paint, held, second } = await onTheWay();
    second.ask.onPreview(image(2, GROWING));
    await paint();
    second.reject(new AppError('MalformedFits', 'the file is cut off'));
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ status: 'stale', shown: { exposure: 1 } });
    expect(store.getState().shownAs?.preview).toBeNull();
    expect([...held]).toEqual([store.getState().shownAs?.key]);
  });

  it('of all of the detector stays when the raw breaks off, with what is wrong', async () => {
    const { store, image, paint, second } = await onTheWay();
    second.ask.onPreview(image(2, PREVIEW));
    await paint();
    second.reject(new AppError('MalformedFits', 'the file is cut off'));
    await tick();
    await paint();
    expect(store.getState().shown?.exposure).toBe(2);
    expect(store.getState().error?.message).toContain('cut off');
  });

  it('instead of the pixels is what was asked for, and the pixels come on request', async () => {
    const { store, image, paint, nextOpen, second } = await onTheWay();
    second.resolve(image(2, PREVIEW));
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ status: 'ready', shown: { exposure: 2 } });
    store.openFull();
    const full = await nextOpen();
    expect(full).toMatchObject({ of: 2, ask: { full: true } });
    full.resolve(image(2, null));
    await tick();
    await paint();
    expect(store.getState()).toMatchObject({ status: 'ready', shownAs: { preview: null } });
  });

  it('is not measured', async () => {
    const { store, image, paint, second } = await onTheWay();
    second.ask.onPreview(image(2, PREVIEW));
    await paint();
    const place = { at: { x: 1, y: 1 }, widthPx: 1, how: 'mean' } as const;
    await expect(store.cross(place)).rejects.toMatchObject({
      message: expect.stringMatching(/Only a preview/),
    });
    await expect(store.fits()).rejects.toMatchObject({ message: expect.stringMatching(/Only a preview/) });
  });

  it('lets a newer exposure go on at once while following', async () => {
    const { store, image, paint, nextOpen, second } = await onTheWay();
    second.ask.onPreview(image(2, PREVIEW));
    await paint();
    store.follow(exposureOf(3), 0);
    expect((await nextOpen()).of).toBe(3);
    expect(second.ask.signal.aborted).toBe(true);
  });

  it('of some amplifiers does not', async () => {
    const { store, image, paint, opens, second } = await onTheWay();
    second.ask.onPreview(image(2, GROWING));
    await paint();
    store.follow(exposureOf(3), 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(opens).toHaveLength(2);
    second.resolve(image(2, null));
    await tick();
    await paint();
    await vi.waitFor(() => expect(opens.at(-1)?.of).toBe(3));
  });

  it('that comes too late is given back', async () => {
    const { store, image, held, nextOpen, second } = await onTheWay();
    store.show(exposureOf(3), 0);
    await nextOpen();
    second.ask.onPreview(image(2, PREVIEW));
    second.resolve(image(2, null));
    await tick();
    expect([...held]).toEqual([store.getState().shownAs?.key]);
  });

  it('left for another exposure and come back to is opened again', async () => {
    const { store, image, paint, nextOpen, second } = await onTheWay();
    second.ask.onPreview(image(2, PREVIEW));
    await paint();
    store.show(exposureOf(3), 0);
    await nextOpen();
    store.show(exposureOf(2), 0);
    expect((await nextOpen()).of).toBe(2);
    expect(store.getState().status).toBe('loading');
  });
});
