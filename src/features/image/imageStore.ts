/**
 * Which image is on the screen and how it is drawn. The pixels live in the image worker; this store is small and knows
 * three exposures: the one that is wanted, the one the worker holds, and the one whose pixels were last put on the
 * screen. A failure to open the wanted one leaves the other two alone.
 */
import { createStore } from 'zustand/vanilla';
import type { Size, View } from '../../core/camera/view.ts';
import { detectorFromDevice, fitView, oriented, pannedBy, zoomedAbout } from '../../core/camera/view.ts';
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import { AppError, isRetryable, toAppError } from '../../core/errors.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type { LedgerStamps } from '../../core/ledger.ts';
import type { UnixMs } from '../../core/time.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import type { ImageWorker } from '../../services/workerPool.ts';
import type { OpenedImage, PixelReadout } from '../../workers/image/contract.ts';
import { drawnLimits, sameIsr } from './displayState.ts';
import type { Frame, ImageState, ImageStore } from './imageState.ts';
import { cannotDraw, FIRST_STATE } from './imageState.ts';
import { lookOf, maskColours } from './maskLooks.ts';
import { measuring } from './measuring.ts';
import { type Opening, rawOpening } from './opening.ts';
import { recordStamps } from './recordStamps.ts';
import { sleep } from './sleep.ts';

export interface ImageStoreParts {
  readonly butler: ButlerClient;
  readonly worker: ImageWorker;
  /** Of the browser, as the worker has it; for tests. */
  readonly now?: () => UnixMs;
  /** How an exposure becomes an image, where not from its whole raw. */
  readonly opening?: Opening;
  /** It is reduced as its makers say, not as this store does. */
  readonly reducedElsewhere?: boolean;
}

/** Two opens do not begin within this time: a held arrow key would start and cancel thirty a second. */
const STEPPING_MS = 120;
const RETRY_MS: readonly number[] = [500, 1000, 2000, 4000, 8000, 15_000];

export function createImageStore(parts: ImageStoreParts): ImageStore {
  const { butler, worker, opening = rawOpening(butler, worker), reducedElsewhere = false } = parts;
  const now = parts.now ?? (() => performance.timeOrigin + performance.now());
  const store = createStore<ImageState>(() => FIRST_STATE);
  const { getState: get, setState: set } = store;
  let loading: AbortController | undefined;
  let lastBegun = Number.NEGATIVE_INFINITY;
  let seen = new Map<ExposureId, UnixMs>();
  /** Stamps of `held`; they become the shown ones with its first frame. */
  let heldStamps: LedgerStamps = {};
  let reading = false;
  let next: Exposure | undefined;
  /** Its last opening has not ended: more than a preview is to come. */
  let pending: ExposureId | undefined;
  /** What comes back when the image that was on its way does not come whole. */
  let lastWhole: ImageState['held'] = null;

  const begin = (wanted: Exposure, full = false) => {
    // What cannot be drawn is not fetched either.
    if (cannotDraw(get())) return set({ wanted });
    next = undefined;
    loading?.abort();
    loading = new AbortController();
    set({ wanted, status: 'loading', progress: null, error: null });
    void load(wanted, full, loading.signal);
  };

  const beginNext = () => {
    if (next) begin(next);
  };

  /** All of the wanted exposure is on the screen, if coarsely: a newer one need not wait for its pixels. */
  const isPreviewed = () => {
    const { wanted, shown, shownAs } = get();
    return shown?.exposure === wanted?.exposure && shownAs?.preview?.share === 1;
  };

  const remember = (exposure: ExposureId, seenUnixMs: UnixMs) => {
    if (seen.has(exposure)) return;
    // Only the newest few are ever asked for again.
    if (seen.size > 2000) seen = new Map();
    seen.set(exposure, seenUnixMs);
  };

  const load = async (wanted: Exposure, full: boolean, signal: AbortSignal) => {
    // The first one begins at once: only steps in quick succession wait.
    await sleep(Math.max(0, lastBegun + STEPPING_MS - now()), signal);
    for (let attempt = 0; !signal.aborted; attempt++) {
      lastBegun = now();
      try {
        await openOnce(wanted, full, signal);
        return;
      } catch (thrown) {
        const error = toAppError(thrown);
        if (signal.aborted || error.tag === 'Cancelled') return;
        backToWhole();
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

  const openOnce = async (wanted: Exposure, full: boolean, signal: AbortSignal) => {
    pending = wanted.exposure;
    const opened = await opening(wanted, {
      isr: get().isr,
      full,
      signal,
      onProgress: (progress) => !signal.aborted && set({ progress }),
      onPreview: (preview) => (signal.aborted ? giveUp(preview) : hold(wanted, preview)),
    });
    if (signal.aborted) return giveUp(opened);
    pending = undefined;
    const { fetched, decoded, reduced } = opened.stamps;
    heldStamps = { ...recordStamps(wanted, seen.get(wanted.exposure)), fetched, decoded, reduced };
    hold(wanted, opened);
    set({ progress: null, error: null });
    void reduceAsWanted();
  };

  const giveUp = (opened: OpenedImage) => void worker.release(opened.key).catch(() => undefined);

  /** Not before its like is on the screen: its pixels answer to the pointer, and it may have to come back. */
  const giveUpUnused = (opened: OpenedImage) => {
    const { held, shownAs } = get();
    if (opened !== held?.opened && opened !== shownAs && opened !== lastWhole?.opened) giveUp(opened);
  };

  const hold = (exposure: Exposure, opened: OpenedImage) => {
    const { held: before } = get();
    if (opened.preview && before && !before.opened.preview) lastWhole = before;
    set({ held: { exposure, opened }, survey: null });
    if (before) giveUpUnused(before.opened);
  };

  /** Amplifiers of a raw that broke off make way for the last good image; a preview of all of them stays. */
  const backToWhole = () => {
    pending = undefined;
    const { held, shownAs } = get();
    if (!held?.opened.preview || held.opened.preview.share === 1 || !lastWhole) return;
    set({ held: lastWhole, survey: null });
    if (shownAs !== held.opened) giveUp(held.opened);
  };

  /** One reduction at a time; the last switch wins. */
  const reduceAsWanted = async () => {
    if (get().reducing || reducedElsewhere) return;
    for (;;) {
      const { held, isr } = get();
      if (!held || held.opened.preview || sameIsr(held.opened.isr, isr)) break;
      set({ reducing: true });
      try {
        const { key } = held.opened;
        const opened = await worker.reduce({ key, isr });
        // Another exposure may have come meanwhile, which is reduced in its turn.
        if (get().held === held) hold(held.exposure, opened);
        else giveUp(opened);
      } catch (thrown) {
        if (get().held !== held) continue;
        const error = toAppError(thrown);
        // The switches stand as the picture is.
        set({ isr: held.opened.isr });
        if (error.tag === 'NotFound') openAgain();
        else if (error.tag !== 'Cancelled') set({ error, status: get().shown ? 'stale' : 'failed' });
        break;
      }
    }
    set({ reducing: false });
  };

  /** What takes a look at every pixel comes behind the first picture. */
  const surveyHeld = async (opened: OpenedImage) => {
    // Without an answer the sampled numbers stay.
    const survey = await worker.survey(opened.key).catch(() => null);
    if (get().held?.opened === opened) set({ survey });
  };

  const viewOf = ({ view, display }: ImageState, image: Size, pane: Size): View =>
    view === 'fit' ? fitView(image, pane, display.orientation) : oriented(view, display.orientation);

  const changeView = (make: (view: View, image: Size, pane: Size) => View | 'fit') => {
    const state = get();
    const { held, drawn } = state;
    if (!held || !drawn) return;
    set({ view: make(viewOf(state, held.opened, drawn.pane), held.opened, drawn.pane) });
  };

  const setDisplay = (display: Partial<ImageState['display']>) =>
    set((state) => ({ display: { ...state.display, ...display } }));

  /** One question at a time, and the last place of the last image wins. */
  const readPointer = async () => {
    if (reading) return;
    reading = true;
    try {
      for (;;) {
        const { pointer, shownAs } = get();
        const readout = pointer ? ((await valueAt(pointer.x, pointer.y)) ?? null) : null;
        set({ readout });
        if (get().pointer === pointer && get().shownAs === shownAs) return;
      }
    } finally {
      reading = false;
    }
  };

  const lookAt = (at: DetectorPixel | null, crosshair = false) => {
    const { held } = get();
    const pointer = at && held && isInside(at, held.opened) ? at : null;
    set({ pointer, crosshair: crosshair && pointer !== null });
    void readPointer();
  };

  const valueAt = async (x: number, y: number): Promise<PixelReadout | undefined> => {
    const { shownAs } = get();
    if (!shownAs) return undefined;
    // No value is an answer here; what is wrong with the image is said elsewhere.
    return worker.readout({ key: shownAs.key, at: { x, y } }).catch(() => undefined);
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
    if (held?.exposure.exposure === exposure.exposure && !held.opened.preview) {
      loading?.abort();
      const onScreen = shown?.exposure === exposure.exposure;
      set({ wanted: exposure, status: onScreen ? 'ready' : 'loading', error: null, progress: null });
      return;
    }
    begin(exposure);
  };

  const prepare = (warmedUp: Promise<void>) => {
    warmedUp.catch((thrown: unknown) => {
      const error = toAppError(thrown);
      // Anything else may pass, and comes up again with the first image.
      if (error.tag === 'UnsupportedBrowser') set({ error, status: 'failed' });
    });
  };

  return {
    ...store,
    valueAt,
    prepare,
    show,
    follow(exposure, seenUnixMs) {
      const { wanted, status } = get();
      if (status !== 'loading' || wanted?.exposure === exposure.exposure) return show(exposure, seenUnixMs);
      remember(exposure.exposure, seenUnixMs);
      next = exposure;
      if (isPreviewed()) beginNext();
    },
    openFull() {
      const { wanted } = get();
      if (wanted) begin(wanted, true);
    },
    retry() {
      if (cannotDraw(get())) set({ error: null, status: 'idle' });
      const { wanted } = get();
      if (wanted) begin(wanted);
      else prepare(worker.warmUp());
    },
    setIsr(isr) {
      set({ isr });
      void reduceAsWanted();
    },
    setDisplay,
    setStretch: (stretch) => setDisplay({ stretch }),
    setLimits: (limits) => setDisplay({ limits }),
    setContrast: (contrast) => setDisplay({ contrast }),
    setColourMap: (colourMap) => setDisplay({ colourMap }),
    toggleInvert: () => setDisplay({ invert: !get().display.invert }),
    togglePerAmplifier: () => setDisplay({ perAmplifier: !get().display.perAmplifier }),
    orient: (orientation) => setDisplay({ orientation }),
    setOverlays: (overlays) => set((state) => ({ overlays: { ...state.overlays, ...overlays } })),
    setMaskLook: (plane, look) =>
      set(({ maskLooks }) => ({
        maskLooks: { ...maskLooks, [plane]: { ...lookOf(maskLooks, plane), ...look } },
      })),
    reset() {
      const { isr, view, display, overlays, maskLooks } = FIRST_STATE;
      set({ isr, view, overlays, maskLooks });
      setDisplay(display);
      void reduceAsWanted();
    },
    fit: () => set({ view: 'fit' }),
    setView: (view) => set({ view }),
    zoomTo: (devicePixelsPerPixel) => changeView((view) => ({ ...view, devicePixelsPerPixel })),
    zoomBy: (factor, about) =>
      changeView((view, image, pane) =>
        zoomedAbout(about ?? { x: pane.width / 2, y: pane.height / 2 }, factor, view, image, pane),
      ),
    panBy: (dx, dy) => changeView((view, image) => pannedBy(dx, dy, view, image)),
    pointAt(place) {
      const { drawn, crosshair } = get();
      // A mouse that leaves takes nothing away from the keys.
      if (!place && crosshair) return;
      lookAt(place && drawn ? detectorFromDevice(place, drawn.view, drawn.pane) : null);
    },
    lookAt,
    ...measuring(store, worker),
    memory: () => worker.memory(),
    async render(pane, otherwise) {
      const state = { ...get(), ...otherwise };
      const { held, display, survey } = state;
      if (!held || pane.width < 1 || pane.height < 1) return undefined;
      const { opened } = held;
      const view = viewOf(state, opened, pane);
      try {
        const answer = await worker.render({
          key: opened.key,
          paneWidth: pane.width,
          paneHeight: pane.height,
          view,
          smoothSigmaPx: display.smoothSigmaPx,
          bin: display.bin,
          stretch: display.stretch,
          limits: drawnLimits(display, opened, survey),
          contrast: display.contrast,
          colourMap: display.colourMap,
          invert: display.invert,
          mask: state.overlays.mask ? maskColours(opened.maskPlanes, state.maskLooks) : [],
        });
        return { ...answer, opened, view, pane, asked: state.view, display };
      } catch (thrown) {
        const error = toAppError(thrown);
        if (get().held !== held || error.tag === 'Cancelled') return undefined;
        if (error.tag === 'NotFound') openAgain();
        else set({ error, status: get().shown ? 'stale' : 'failed' });
        return undefined;
      }
    },
    presented({ opened, view, pane, asked, display, drawMs }: Frame) {
      const { held, wanted, shown, shownAs, status } = get();
      set({ drawn: { opened, view, pane, asked, display, drawMs } });
      if (held?.opened !== opened) return;
      const isWanted = wanted?.exposure === opened.exposure;
      if (shownAs === opened && !(isWanted && status === 'loading')) return;
      const again = shown === held.exposure && shownAs?.preview === null;
      set({
        shown: held.exposure,
        shownAs: opened,
        stamps: again ? get().stamps : opened.preview ? {} : heldStamps,
      });
      if (isWanted && pending !== opened.exposure) set({ status: 'ready', error: null });
      const whole = lastWhole?.opened;
      if (!opened.preview) lastWhole = null;
      if (whole) giveUpUnused(whole);
      if (shownAs && shownAs !== whole) giveUpUnused(shownAs);
      // What is under a resting pointer has changed.
      if (get().pointer) void readPointer();
    },
    painted(exposure, at) {
      const { shown, shownAs, stamps, survey } = get();
      if (shownAs?.preview) {
        if (next && isPreviewed()) beginNext();
        return;
      }
      // Not before: it would keep the machine busy that draws.
      if (shownAs && !survey) void surveyHeld(shownAs);
      if (shown?.exposure !== exposure || stamps.painted !== undefined) return;
      set({ stamps: { ...stamps, painted: at } });
      beginNext();
    },
    settled: () =>
      new Promise((resolve) => {
        const look = () => {
          const { held, drawn, display, view, reducing, status } = get();
          const asked = drawn?.opened === held?.opened && drawn?.display === display && drawn.asked === view;
          if (held && status !== 'failed' && (!asked || reducing)) return false;
          resolve();
          return true;
        };
        if (look()) return;
        const end = store.subscribe(() => look() && end());
      }),
    dispose() {
      loading?.abort();
      const { held, shownAs } = get();
      for (const opened of new Set([held?.opened, shownAs, lastWhole?.opened])) if (opened) giveUp(opened);
      lastWhole = null;
      set(FIRST_STATE);
    },
  };
}

function isInside(at: DetectorPixel, image: Size): boolean {
  return at.x >= -0.5 && at.y >= -0.5 && at.x < image.width - 0.5 && at.y < image.height - 0.5;
}
