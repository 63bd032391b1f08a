/**
 * Which image is on the screen and how it is drawn. The pixels live in the image worker; this store is small and knows
 * three exposures: the one that is wanted, the one the worker holds, and the one whose pixels were last put on the
 * screen. A failure to open the wanted one leaves the other two alone.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { detectorFromDevice, fitView, pannedBy, zoomedAbout } from '../../core/camera/view.ts';
import type { DevicePoint, Size, View } from '../../core/camera/view.ts';
import { exposureLabel, type Exposure, type ExposureId } from '../../core/dataId.ts';
import { AppError, isRetryable, toAppError } from '../../core/errors.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type { LedgerStamps } from '../../core/ledger.ts';
import { unixMsFromTai, type UnixMs } from '../../core/time.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import type { ImageWorker } from '../../services/workerPool.ts';
import type {
  ColourMapName,
  LimitsRule,
  OpenedImage,
  OpenProgress,
  PixelReadout,
  RenderAnswer,
  StretchName,
} from '../../workers/image/contract.ts';

/**
 * - `idle`: nothing was asked for.
 * - `loading`: the wanted exposure is on its way; `shown` may be an older one.
 * - `ready`: the wanted exposure is on the screen.
 * - `stale`: the wanted exposure failed; `shown` is the last good one.
 * - `failed`: the wanted exposure failed and there is nothing else to show.
 */
export type ImageStatus = 'idle' | 'loading' | 'ready' | 'stale' | 'failed';

/** Kept nowhere: every page starts with these. Surfaces may keep stretch, rule, map and inversion. */
export interface ImageState {
  readonly status: ImageStatus;
  readonly wanted: Exposure | null;
  /** Its pixels are on the screen. */
  readonly shown: Exposure | null;
  /** What was done to the pixels on the screen. */
  readonly shownAs: OpenedImage | null;
  /** What the worker holds and draws from. */
  readonly held: { readonly exposure: Exposure; readonly opened: OpenedImage } | null;
  readonly progress: OpenProgress | null;
  readonly error: AppError | null;
  /** Of `shown`. */
  readonly stamps: LedgerStamps;
  readonly view: View | 'fit';
  /** The view and pane of the last frame, in device pixels. */
  readonly drawn: { readonly view: View; readonly pane: Size; readonly drawMs: number } | null;
  readonly stretch: StretchName;
  readonly limitsRule: LimitsRule;
  readonly manualLimits: readonly [number, number];
  readonly colourMap: ColourMapName;
  readonly invert: boolean;
  /** Under the pointer. */
  readonly pointer: DetectorPixel | null;
  readonly readout: PixelReadout | null;
}

export interface ImageStore extends StoreApi<ImageState> {
  /** Asks for an exposure; what was asked for before is cancelled. `seenUnixMs`: when the page learned of it. */
  show(exposure: Exposure, seenUnixMs: UnixMs): void;
  /**
   * For live following: what is loading is finished first, so that images keep coming where the camera is faster than
   * the machine. Of several that wait the last wins.
   */
  follow(exposure: Exposure, seenUnixMs: UnixMs): void;
  /** Tries the wanted exposure again now. */
  retry(): void;
  setStretch(stretch: StretchName): void;
  setLimitsRule(rule: Exclude<LimitsRule, 'manual'>): void;
  setManualLimits(limits: readonly [number, number]): void;
  setColourMap(map: ColourMapName): void;
  toggleInvert(): void;
  fit(): void;
  /** One detector pixel per device pixel, about the middle of the pane. */
  oneToOne(): void;
  /** About a place of the pane in device pixels, or its middle. */
  zoomBy(factor: number, about?: DevicePoint): void;
  panBy(dx: number, dy: number): void;
  /** The pointer moved to this place of the pane (device pixels), or left it. */
  pointAt(place: DevicePoint | null): void;
  valueAt(x: number, y: number): Promise<PixelReadout | undefined>;
  /** Draws what the worker holds; undefined when there is nothing, or it was replaced meanwhile. */
  render(pane: Size): Promise<(RenderAnswer & { readonly exposure: ExposureId }) | undefined>;
  /** The pane put that frame on its canvas. */
  presented(exposure: ExposureId, answer: RenderAnswer, pane: Size): void;
  /** The second animation frame after it was put there. */
  painted(exposure: ExposureId, at: UnixMs): void;
  dispose(): void;
}

export interface ImageStoreParts {
  readonly butler: ButlerClient;
  readonly worker: ImageWorker;
  /** Of the browser, as the worker has it; for tests. */
  readonly now?: () => UnixMs;
}

/** Two opens do not begin within this time: a held arrow key would start and cancel thirty a second. */
const STEPPING_MS = 120;
const RETRY_MS: readonly number[] = [500, 1000, 2000, 4000, 8000, 15_000];

const START: ImageState = {
  status: 'idle',
  wanted: null,
  shown: null,
  shownAs: null,
  held: null,
  progress: null,
  error: null,
  stamps: {},
  view: 'fit',
  drawn: null,
  stretch: 'linear',
  limitsRule: 'zscale',
  manualLimits: [0, 1],
  colourMap: 'grey',
  invert: false,
  pointer: null,
  readout: null,
};

export function createImageStore(parts: ImageStoreParts): ImageStore {
  const { butler, worker } = parts;
  const now = parts.now ?? (() => performance.timeOrigin + performance.now());
  const store = createStore<ImageState>(() => START);
  const { getState: get, setState: set } = store;
  let loading: AbortController | undefined;
  let lastBegun = Number.NEGATIVE_INFINITY;
  let seen = new Map<ExposureId, UnixMs>();
  /** Stamps of `held`; they become the shown ones with its first frame. */
  let heldStamps: LedgerStamps = {};
  let reading = false;
  let next: Exposure | undefined;

  const begin = (wanted: Exposure) => {
    next = undefined;
    loading?.abort();
    loading = new AbortController();
    set({ wanted, status: 'loading', progress: null, error: null });
    void load(wanted, loading.signal);
  };

  const beginNext = () => {
    if (next) begin(next);
  };

  const remember = (exposure: ExposureId, seenUnixMs: UnixMs) => {
    if (seen.has(exposure)) return;
    // Only the newest few are ever asked for again.
    if (seen.size > 2000) seen = new Map();
    seen.set(exposure, seenUnixMs);
  };

  const load = async (wanted: Exposure, signal: AbortSignal) => {
    // The first one begins at once: only steps in quick succession wait.
    await sleep(Math.max(0, lastBegun + STEPPING_MS - now()), signal);
    for (let attempt = 0; !signal.aborted; attempt++) {
      lastBegun = now();
      try {
        await openOnce(wanted, signal);
        return;
      } catch (thrown) {
        const error = toAppError(thrown);
        if (signal.aborted || error.tag === 'Cancelled') return;
        const named = new AppError(
          error.tag,
          error.message,
          { ...error.detail, exposure: wanted.exposure },
          { cause: error },
        );
        set(({ shown }) => ({ error: named, progress: null, status: shown ? 'stale' : 'failed' }));
        if (next) return beginNext();
        if (!isRetryable(error)) return;
        await sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0, signal);
      }
    }
  };

  const openOnce = async (wanted: Exposure, signal: AbortSignal) => {
    const [raw] = wanted.raws;
    if (!raw) {
      const message = `${exposureLabel(wanted)} has no raw in ${butler.source}: it has not landed yet or has expired.`;
      throw new AppError('Expired', message);
    }
    const calibs = await butler.findCalibs(wanted.exposure, raw.detector, signal);
    const opened = await worker.open(
      {
        instrument: wanted.instrument,
        detector: raw.detector,
        exposure: wanted.exposure,
        observationType: wanted.observationType,
        physicalFilter: wanted.physicalFilter,
        rawUrl: absolute(butler.fileUrlPrefix + raw.datasetId),
        rawBytes: raw.fileBytes,
        calibs,
        fileUrlPrefix: absolute(butler.fileUrlPrefix),
      },
      { signal, onProgress: (progress) => !signal.aborted && set({ progress }) },
    );
    if (signal.aborted) return;
    const { fetched, decoded, reduced } = opened.stamps;
    heldStamps = { ...recordStamps(wanted, seen.get(wanted.exposure)), fetched, decoded, reduced };
    set({ held: { exposure: wanted, opened }, progress: null, error: null });
  };

  const setView = (make: (view: View, image: Size, pane: Size) => View | 'fit') => {
    const { held, drawn, view } = get();
    if (!held || !drawn) return;
    const current = view === 'fit' ? fitView(held.opened, drawn.pane) : view;
    set({ view: make(current, held.opened, drawn.pane) });
  };

  /** One question at a time, and the last place wins. */
  const readPointer = async () => {
    if (reading) return;
    reading = true;
    try {
      for (;;) {
        const { pointer } = get();
        const readout = pointer ? ((await valueAt(pointer.x, pointer.y)) ?? null) : null;
        set({ readout });
        if (get().pointer === pointer) return;
      }
    } finally {
      reading = false;
    }
  };

  const valueAt = async (x: number, y: number): Promise<PixelReadout | undefined> => {
    const { shown } = get();
    if (!shown) return undefined;
    // No value is an answer here; what is wrong with the image is said elsewhere.
    return worker.readout({ exposure: shown.exposure, at: { x, y } }).catch(() => undefined);
  };

  /** The worker was restarted, or holds an image whose opening was cancelled too late. */
  const openAgain = () => {
    const { wanted, status } = get();
    if (wanted && status !== 'loading') begin(wanted);
  };

  const show = (exposure: Exposure, seenUnixMs: UnixMs): void => {
    const { wanted, held, shown, status } = get();
    remember(exposure.exposure, seenUnixMs);
    next = undefined;
    const same = wanted?.exposure === exposure.exposure;
    if (same && (status === 'loading' || status === 'ready')) return;
    if (held?.exposure.exposure === exposure.exposure) {
      loading?.abort();
      const onScreen = shown?.exposure === exposure.exposure;
      set({ wanted: exposure, status: onScreen ? 'ready' : 'loading', error: null, progress: null });
      return;
    }
    begin(exposure);
  };

  return {
    ...store,
    valueAt,
    show,
    follow(exposure, seenUnixMs) {
      const { wanted, status } = get();
      if (status !== 'loading' || wanted?.exposure === exposure.exposure) return show(exposure, seenUnixMs);
      remember(exposure.exposure, seenUnixMs);
      next = exposure;
    },
    retry() {
      const { wanted } = get();
      if (wanted) begin(wanted);
    },
    setStretch: (stretch) => set({ stretch }),
    setLimitsRule: (limitsRule) => set({ limitsRule }),
    setManualLimits: (manualLimits) => set({ limitsRule: 'manual', manualLimits }),
    setColourMap: (colourMap) => set({ colourMap }),
    toggleInvert: () => set(({ invert }) => ({ invert: !invert })),
    fit: () => set({ view: 'fit' }),
    oneToOne: () => setView((view) => ({ centre: view.centre, devicePixelsPerPixel: 1 })),
    zoomBy: (factor, about) =>
      setView((view, image, pane) =>
        zoomedAbout(about ?? { x: pane.width / 2, y: pane.height / 2 }, factor, view, image, pane),
      ),
    panBy: (dx, dy) => setView((view, image) => pannedBy(dx, dy, view, image)),
    pointAt(place) {
      const { drawn, held } = get();
      const at = place && drawn ? detectorFromDevice(place, drawn.view, drawn.pane) : null;
      const inside = at && held && isInside(at, held.opened);
      set({ pointer: inside ? at : null });
      void readPointer();
    },
    async render(pane) {
      const state = get();
      const { held } = state;
      if (!held || pane.width < 1 || pane.height < 1) return undefined;
      const { exposure } = held.exposure;
      try {
        const answer = await worker.render({
          exposure,
          paneWidth: pane.width,
          paneHeight: pane.height,
          view: state.view,
          stretch: state.stretch,
          limits: limitsOf(state, held.opened),
          colourMap: state.colourMap,
          invert: state.invert,
        });
        return { ...answer, exposure };
      } catch (thrown) {
        const error = toAppError(thrown);
        if (get().held !== held || error.tag === 'Cancelled') return undefined;
        if (error.tag === 'NotFound') openAgain();
        else set({ error, status: get().shown ? 'stale' : 'failed' });
        return undefined;
      }
    },
    presented(exposure, { view, drawMs }, pane) {
      const { held, wanted, shown, status } = get();
      set({ drawn: { view, pane, drawMs } });
      if (held?.exposure.exposure !== exposure) return;
      const isWanted = wanted?.exposure === exposure;
      if (shown === held.exposure && !(isWanted && status === 'loading')) return;
      set({
        shown: held.exposure,
        shownAs: held.opened,
        stamps: shown === held.exposure ? get().stamps : heldStamps,
      });
      if (isWanted) set({ status: 'ready', error: null });
      // What is under a resting pointer has changed.
      if (get().pointer) void readPointer();
    },
    painted(exposure, at) {
      const { shown, stamps } = get();
      if (shown?.exposure !== exposure || stamps.painted !== undefined) return;
      set({ stamps: { ...stamps, painted: at } });
      beginNext();
    },
    dispose() {
      loading?.abort();
    },
  };
}

export function limitsOf(
  state: Pick<ImageState, 'limitsRule' | 'manualLimits'>,
  opened: OpenedImage,
): readonly [number, number] {
  switch (state.limitsRule) {
    case 'zscale':
      return opened.zscale;
    case 'minmax':
      return opened.minmax;
    case 'percentile99':
      return opened.percentile99;
    case 'manual':
      return state.manualLimits;
  }
}

function recordStamps(exposure: Exposure, seenUnixMs: UnixMs | undefined): LedgerStamps {
  const [raw] = exposure.raws;
  return {
    shutterClosed: unixMsFromTai(exposure.shutterCloseTai),
    ...(raw?.landedUnixMs != null && { landed: raw.landedUnixMs }),
    ...(raw?.registeredUnixMs != null && { registered: raw.registeredUnixMs }),
    ...(seenUnixMs !== undefined && { seen: seenUnixMs }),
  };
}

function isInside(at: DetectorPixel, image: Size): boolean {
  return at.x >= -0.5 && at.y >= -0.5 && at.x < image.width - 0.5 && at.y < image.height - 0.5;
}

/** A worker resolves relative addresses against its own script. */
function absolute(url: string): string {
  return typeof location === 'undefined' ? url : new URL(url, location.href).href;
}

/** Resolves early when the signal aborts. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
