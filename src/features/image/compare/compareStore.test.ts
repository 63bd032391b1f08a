/** What is beside the main image, in step with it, and the difference and the ratio with their own brightness. */
import { describe, expect, it, vi } from 'vitest';
import type { Exposure } from '../../../core/dataId.ts';
import { AppError } from '../../../core/errors.ts';
import { taiFromUnixMs } from '../../../core/time.ts';
import type { ButlerClient } from '../../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../../services/workerPool.ts';
import type {
  CombineRequest,
  ImageWorkerApi,
  IsrRecipe,
  OpenedImage,
  PixelUnit,
  RenderRequest,
  SampledStatistics,
} from '../../../workers/image/contract.ts';
import { QUANTILES } from '../../../workers/image/contract.ts';
import { FIRST_ISR, shownLimits } from '../displayState.ts';
import { FramePump } from '../framePump.ts';
import type { ImageStore } from '../imageState.ts';
import { createImageStore } from '../imageStore.ts';
import { createCompareStore, otherLabel, previousAlike, type CompareStore } from './compareStore.ts';
import { seenImage } from './seenImage.ts';

function exposureOf(seqNum: number, more: Partial<Exposure> = {}): Exposure {
  const closed = taiFromUnixMs(Date.UTC(2026, 10, 22, 4, 0, seqNum));
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
    shutterOpenTai: closed,
    shutterCloseTai: closed,
    raws: [{ datasetId: `raw-${seqNum}`, detector: 0, fileBytes: 1, landedUnixMs: 0, registeredUnixMs: 0 }],
    ...more,
  };
}

const statistics = (zscale: readonly [number, number]): SampledStatistics => ({
  zscale,
  min: -9,
  max: 9,
  median: 0,
  robustSigma: 1,
  quantiles: QUANTILES.map(() => 0),
});

interface Made {
  readonly exposure: number;
  readonly isr: IsrRecipe;
  readonly unit?: PixelUnit;
  readonly zscale?: readonly [number, number];
}

const openedOf = (key: string, { exposure, isr, unit = 'adu', zscale = [100, 200] }: Made): OpenedImage => ({
  key,
  exposure,
  isr: structuredClone(isr),
  preview: null,
  untrimmed: isr.untrimmed,
  width: 4072,
  height: 4000,
  unit,
  steps: [{ name: 'dark', done: true, switchable: true }],
  warnings: [],
  statistics: {
    ...statistics(zscale),
    histogram: { low: 0, high: 10, counts: [1, 2] },
    percentiles: [0, 1],
    amplifiers: [{ name: 'C10', ...statistics(zscale) }],
  },
  amplifiers: [{ name: 'C10', box: { x0: 0, y0: 0, x1: 4072, y1: 4000 } }],
  maskPlanes: {},
  sky: { kind: 'none', reason: 'no WCS: a test' },
  stamps: { fetchStarted: 1, fetched: 2, decoded: 3, reduced: 4 },
  bytes: 1,
});

/** A night whose every image is there at once, on panes that draw what their stores say. */
function harness(night: readonly Exposure[] = [4, 3, 2, 1].map((seqNum) => exposureOf(seqNum))) {
  const held = new Map<string, OpenedImage>();
  const combinations: CombineRequest[] = [];
  const rendered = new Map<string, RenderRequest>();
  /** What a reduction of an exposure waits for. */
  const reductions = new Map<number, Promise<void>>();
  const make = (from: Made) => {
    const opened = openedOf(`image-${held.size + 1}`, from);
    held.set(opened.key, opened);
    return opened;
  };
  const api: Pick<
    ImageWorkerApi,
    'open' | 'reduce' | 'combine' | 'survey' | 'render' | 'readout' | 'release'
  > = {
    open: async (request) => make(request),
    async reduce({ key, isr }) {
      const { exposure } = held.get(key)!;
      await reductions.get(exposure);
      return make({ exposure, isr });
    },
    combine: async (request) => {
      combinations.push(request);
      const [of, by] = [held.get(request.of)!, held.get(request.by)!];
      if (of.isr.switched.gain !== by.isr.switched.gain) {
        throw new AppError('UnsupportedFits', 'One image is in adu, the other in electron.');
      }
      const { exposure, isr } = held.get(request.of)!;
      return request.how === 'difference'
        ? make({ exposure, isr, zscale: [-4, 6] })
        : make({ exposure, isr, zscale: [0.9, 1.2], unit: 'ratio' });
    },
    survey: async () => ({ min: -70, max: 90 }),
    render: async (request) => {
      rendered.set(request.key, request);
      return { bitmap: { close: () => undefined } as ImageBitmap, drawMs: 1 };
    },
    readout: async ({ key, at }) => ({ key, at }) as never,
    release: async () => undefined,
  };
  const worker = new ImageWorker({ call: (act) => act(api as never), dispose: () => undefined });
  const butler: ButlerClient = {
    source: 'OODS',
    fileUrlPrefix: 'https://summit/files/',
    watch: () => undefined,
    findCalibs: async () => ({ bias: null, dark: null, flat: null }),
    findExposure: async () => exposureOf(1),
  };
  const main = createImageStore({ butler, worker });
  const compare = createCompareStore({
    main,
    butler,
    worker,
    previousAlike: (exposure) => previousAlike(night, exposure),
  });
  const onPanes = new Set<ImageStore>();
  const paneFor = (image: ImageStore) => {
    if (onPanes.has(image)) return;
    onPanes.add(image);
    new FramePump(image, {
      size: () => ({ width: 800, height: 800 }),
      present: () => undefined,
      afterPaint: (callback) => callback(0),
    });
  };
  paneFor(main);
  compare.subscribe(({ others, combined }) => {
    for (const image of [...others.map((other) => other.image), ...(combined ? [combined] : [])])
      paneFor(image);
  });
  const show = async (seqNum: number) => {
    main.show(exposureOf(seqNum), 0);
    await vi.waitFor(() => expect(main.getState().shown?.seqNum).toBe(seqNum));
  };
  return { main, compare, show, combinations, rendered, reductions };
}

const seqNums = (compare: CompareStore) =>
  compare.getState().others.map(({ image }) => image.getState().shown?.seqNum);

const limitsSeen = (image: ImageStore) => {
  const { display, shownAs, survey } = image.getState();
  return shownAs && shownLimits(display, shownAs.statistics, survey);
};

/** A difference, or a ratio, of 3 and 2. */
async function combining(mode: 'difference' | 'ratio') {
  const all = harness();
  const { compare, main, show } = all;
  await show(3);
  compare.add({ kind: 'previous' });
  compare.setMode(mode);
  await vi.waitFor(() => expect(compare.getState().combined?.getState().status).toBe('ready'));
  return { ...all, seen: () => seenImage(main, compare.getState()) };
}

describe('what is compared', () => {
  it('goes on with the main image where it is the previous one, and stays where it is an exposure', async () => {
    const { compare, show } = harness();
    await show(2);
    compare.add({ kind: 'previous' });
    compare.add({ kind: 'exposure', exposure: exposureOf(1) });
    await vi.waitFor(() => expect(seqNums(compare)).toEqual([1, 1]));
    await show(3);
    await vi.waitFor(() => expect(seqNums(compare)).toEqual([2, 1]));
    await show(4);
    await vi.waitFor(() => expect(seqNums(compare)).toEqual([3, 1]));
  });

  it('passes over exposures of another target, filter or type, and says when there is none', async () => {
    const night = [
      exposureOf(4),
      exposureOf(3, { physicalFilter: 'SDSSr_65mm~empty' }),
      exposureOf(2, { observationType: 'flat' }),
      exposureOf(1),
    ];
    const { compare, main, show } = harness(night);
    await show(4);
    compare.add({ kind: 'previous' });
    await vi.waitFor(() => expect(seqNums(compare)).toEqual([1]));
    main.show(night[1]!, 0);
    await vi.waitFor(() => expect(compare.getState().problem).toMatch(/is the first of its target/));
  });

  it('is between the limits of the main image as long as they are matched', async () => {
    const { compare, main, show } = harness();
    await show(2);
    compare.add({ kind: 'previous' });
    await vi.waitFor(() => expect(seqNums(compare)).toEqual([1]));
    const limits = () => compare.getState().others[0]!.image.getState().display.limits;
    main.setLimits({ rule: 'manual', limits: [5, 50] });
    expect(limits()).toEqual({ rule: 'manual', limits: [5, 50] });
    main.setLimits({ rule: 'zscale' });
    expect(limits()).toEqual({ rule: 'manual', limits: [100, 200] });
    compare.setMatched(false);
    expect(limits()).toEqual({ rule: 'zscale' });
    compare.setMatched(true);
    main.togglePerAmplifier();
    expect(limits()).toEqual({ rule: 'zscale' });
  });

  it('is pointed at as soon as it is there, and so is the difference of it', async () => {
    const { compare, main, show } = harness();
    await show(2);
    const at = { x: 700, y: 1200 };
    main.lookAt(at, true);
    compare.add({ kind: 'previous' });
    const pointedAt = (image: ImageStore | undefined | null) =>
      vi.waitFor(() =>
        expect(image?.getState()).toMatchObject({
          crosshair: true,
          pointer: at,
          readout: { key: image?.getState().shownAs?.key, at },
        }),
      );
    await pointedAt(compare.getState().others[0]?.image);
    compare.setMode('difference');
    await vi.waitFor(() => expect(compare.getState().combined).not.toBeNull());
    await pointedAt(compare.getState().combined);
  });

  it('has one step switched the other way where its effect is asked for', async () => {
    const { compare, show } = harness();
    await show(2);
    compare.add({ kind: 'without', step: 'dark' });
    const [other] = compare.getState().others;
    await vi.waitFor(() => expect(other!.image.getState().shown?.seqNum).toBe(2));
    expect(other!.image.getState().shownAs?.isr).toEqual({ ...FIRST_ISR, switched: { dark: false } });
    expect(otherLabel(other!)).toBe('dark switched');
  });

  it('is at most nine images, is removed one by one, and ends', async () => {
    const { compare, show } = harness();
    await show(1);
    for (let i = 0; i < 8; i++) compare.add({ kind: 'exposure', exposure: exposureOf(1) });
    expect(compare.getState()).toMatchObject({ problem: null });
    compare.add({ kind: 'exposure', exposure: exposureOf(1) });
    expect(compare.getState().others).toHaveLength(8);
    expect(compare.getState().problem).toBe('At most 9 images at once: close one first.');
    const [first, second] = compare.getState().others;
    compare.remove(first!.id);
    expect(compare.getState()).toMatchObject({ problem: null });
    expect(compare.getState().others).toHaveLength(7);
    expect(compare.getState().others[0]).toBe(second);
    compare.clear();
    expect(compare.getState().others).toEqual([]);
    // Another beginning is at once as the first was.
    compare.add({ kind: 'exposure', exposure: exposureOf(1) });
    expect(compare.getState().others).toHaveLength(1);
  });
});

describe('a difference or a ratio', () => {
  it('is of the main image and the first other, and named by what is on the screen', async () => {
    const { compare, main, show, combinations } = await combining('difference');
    const key = (image: ImageStore) => image.getState().shownAs!.key;
    expect(combinations).toEqual([
      { of: key(main), by: key(compare.getState().others[0]!.image), how: 'difference' },
    ]);
    expect(compare.getState().combinedName).toMatch(/ 3 − .* 2$/);
    const before = compare.getState().combined;
    await show(4);
    await vi.waitFor(() => expect(compare.getState().combinedName).toMatch(/ 4 − .* 3$/));
    expect(compare.getState().combined).toBe(before);
    expect(compare.getState().combinedOf).toMatchObject({
      how: 'difference',
      of: { key: key(main) },
      by: { shown: { seqNum: 3 }, shownAs: { key: key(compare.getState().others[0]!.image) } },
    });
    expect(combinations.at(-1)).toEqual({
      of: key(main),
      by: key(compare.getState().others[0]!.image),
      how: 'difference',
    });
    compare.setMode('ratio');
    await vi.waitFor(() => expect(compare.getState().combinedName).toMatch(/ 4 ÷ .* 3$/));
    expect(combinations.at(-1)?.how).toBe('ratio');
    expect(compare.getState().combined?.getState().shownAs?.unit).toBe('ratio');
  });

  it('is made anew when the main image is reduced in another way', async () => {
    const { main, combinations, compare } = await combining('difference');
    main.setIsr({ ...FIRST_ISR, switched: { dark: false } });
    await vi.waitFor(() => {
      const last = combinations.at(-1);
      expect(last?.of).toBe(main.getState().shownAs?.key);
      expect(main.getState().shownAs?.isr.switched).toEqual({ dark: false });
      expect(last?.by).toBe(compare.getState().others[0]!.image.getState().shownAs?.key);
    });
  });

  it('is drawn as far to both sides of zero at first, a ratio between limits of its own', async () => {
    const { main, seen, compare, rendered } = await combining('difference');
    expect(limitsSeen(seen())).toEqual([-6, 6]);
    const drawn = () => rendered.get(seen().getState().shownAs?.key ?? '')?.limits;
    expect(drawn()).toEqual([-6, 6]);
    expect(limitsSeen(main)).toEqual([100, 200]);
    compare.setMode('ratio');
    await vi.waitFor(() => expect(drawn()).toEqual([0.9, 1.2]));
  });

  it('takes limits and stretch for itself, keeps them from exposure to exposure, and leaves the image its own', async () => {
    const { main, seen, compare, show, rendered } = await combining('difference');
    main.setDisplay({ stretch: 'log', limits: { rule: 'manual', limits: [7, 77] } });
    expect(limitsSeen(seen())).toEqual([-6, 6]);
    expect(seen().getState().display.stretch).toBe('linear');
    seen().setLimits({ rule: 'manual', limits: [-2.5, 2.5] });
    seen().setColourMap('viridis');
    await show(4);
    await vi.waitFor(() => expect(seen().getState().shown?.seqNum).toBe(4));
    expect(limitsSeen(seen())).toEqual([-2.5, 2.5]);
    await vi.waitFor(() =>
      expect(rendered.get(seen().getState().shownAs!.key)).toMatchObject({
        limits: [-2.5, 2.5],
        colourMap: 'viridis',
        stretch: 'linear',
      }),
    );
    compare.setMode('ratio');
    await vi.waitFor(() => expect(limitsSeen(seen())).toEqual([0.9, 1.2]));
    compare.setMode('difference');
    await vi.waitFor(() => expect(limitsSeen(seen())).toEqual([-2.5, 2.5]));
    compare.clear();
    expect(seen()).toBe(main);
    expect(main.getState().display).toMatchObject({ stretch: 'log', colourMap: 'grey' });
    expect(limitsSeen(main)).toEqual([7, 77]);
  });

  it('is drawn from its minimum to its maximum as the whole of it is known', async () => {
    const { seen, rendered } = await combining('difference');
    seen().setLimits({ rule: 'minmax' });
    await vi.waitFor(() => expect(rendered.get(seen().getState().shownAs!.key)?.limits).toEqual([-70, 90]));
  });

  it('ends where the overscan is shown, says why, and is there again when it is trimmed', async () => {
    const { main, seen, compare } = await combining('difference');
    seen().setLimits({ rule: 'manual', limits: [-2.5, 2.5] });
    main.setIsr({ ...FIRST_ISR, untrimmed: true });
    await vi.waitFor(() => expect(main.getState().shownAs?.untrimmed).toBe(true));
    expect(seen()).toBe(main);
    expect(compare.getState()).toMatchObject({
      combined: null,
      combinedOf: null,
      notCombined: 'No difference while the overscan is shown: v trims the images again.',
    });
    main.setIsr(FIRST_ISR);
    await vi.waitFor(() => expect(compare.getState().combined?.getState().status).toBe('ready'));
    expect(compare.getState()).toMatchObject({ notCombined: null });
    expect(limitsSeen(seen())).toEqual([-2.5, 2.5]);
  });

  it('is gone where the two can no longer be combined, and says why', async () => {
    const { main, seen, compare } = await combining('difference');
    compare.add({ kind: 'without', step: 'gain' });
    const [previous] = compare.getState().others;
    await vi.waitFor(() => expect(seqNums(compare)).toEqual([2, 3]));
    compare.remove(previous!.id);
    await vi.waitFor(() =>
      expect(compare.getState()).toMatchObject({
        combined: null,
        combinedName: '',
        notCombined: 'One image is in adu, the other in electron.',
      }),
    );
    expect(seen()).toBe(main);
    compare.setMode('tile');
    expect(compare.getState()).toMatchObject({ notCombined: null });
  });

  it('stays while first one and then the other of the two is reduced in another unit', async () => {
    const { main, compare, combinations, reductions } = await combining('difference');
    const before = compare.getState().combined!;
    let goOn = () => undefined as void;
    reductions.set(exposureOf(2).exposure, new Promise<void>((resolve) => (goOn = resolve)));
    main.setIsr({ ...FIRST_ISR, switched: { gain: true } });
    // It is refused at first.
    await vi.waitFor(() => expect(before.getState().error?.tag).toBe('UnsupportedFits'));
    expect(combinations).toHaveLength(2);
    expect(compare.getState().combined).toBe(before);
    goOn();
    await vi.waitFor(() => {
      expect(compare.getState().combinedOf?.of.isr.switched).toEqual({ gain: true });
      expect(compare.getState().combinedOf?.by.shownAs.isr.switched).toEqual({ gain: true });
    });
    expect(compare.getState().combined).toBe(before);
  });

  it('is looked at as the main image is', async () => {
    const { main, seen } = await combining('difference');
    const view = { centre: { x: 9, y: 8 }, devicePixelsPerPixel: 2, rotationDeg: 0, mirrored: false };
    main.setView(view);
    main.setDisplay({ smoothSigmaPx: 2 });
    main.setOverlays({ amplifiers: true });
    expect(seen().getState()).toMatchObject({ view, overlays: { amplifiers: true } });
    expect(seen().getState().display.smoothSigmaPx).toBe(2);
  });

  it.each(['pixel', 'amplifier'] as const)('follows a drag by its view alone, locked by %s', async (lock) => {
    const { main, seen, compare } = await combining('difference');
    compare.setLock(lock);
    const views = [1, 2, 3].map((x) => ({
      centre: { x, y: 8 },
      devicePixelsPerPixel: 2,
      rotationDeg: 0,
      mirrored: false,
    }));
    const images = [seen(), ...compare.getState().others.map(({ image }) => image)];
    const lookOf = (image: ImageStore) => {
      const { display, overlays, maskLooks, isr } = image.getState();
      return [display, overlays, maskLooks, isr];
    };
    const before = images.map(lookOf);
    for (const view of views) {
      main.setView(view);
      images.forEach((image, i) => {
        expect(image.getState().view).toMatchObject({ devicePixelsPerPixel: 2, centre: view.centre });
        lookOf(image).forEach((part, k) => expect(part).toBe(before[i]![k]));
      });
    }
  });
});
