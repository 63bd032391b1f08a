/**
 * Other images beside the one on the screen, in the same view and, when matched, between the same limits. Each is an
 * image store of its own; this one makes them, keeps them in step with the main one and gives them back.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { type Lock, lockedPlace, lockedView } from '../../../core/camera/lock.ts';
import { exposureLabel, type Exposure } from '../../../core/dataId.ts';
import { AppError } from '../../../core/errors.ts';
import type { ButlerClient } from '../../../services/butler/butlerClient.ts';
import type { ImageWorker } from '../../../services/workerPool.ts';
import type { Combination, IsrRecipe, OpenedImage, StepName } from '../../../workers/image/contract.ts';
import { NO_CONTRAST } from '../../../core/display/stretch.ts';
import { type DisplayState, isPerAmplifier, shownLimits } from '../displayState.ts';
import type { ImageStore } from '../imageState.ts';
import { createImageStore } from '../imageStore.ts';
import { lockable } from '../lockable.ts';

export const COMPARE_MODES = ['tile', 'blink', 'curtain', 'difference', 'ratio'] as const;
export type CompareMode = (typeof COMPARE_MODES)[number];

export function isCombination(mode: CompareMode): mode is Combination {
  return mode === 'difference' || mode === 'ratio';
}

/** With the main one, nine. */
const MOST_OTHERS = 8;
export const BLINK_SECONDS = [0.2, 0.5, 1, 2, 5] as const;

/**
 * What another image is:
 * - `previous`: the exposure before of the same target, filter and grating; goes on with the main one.
 * - `without`: the main exposure with one step of its reduction switched the other way.
 * - `exposure`: one that stays.
 */
export type OtherKind =
  | { readonly kind: 'previous' }
  | { readonly kind: 'without'; readonly step: StepName }
  | { readonly kind: 'exposure'; readonly exposure: Exposure };

export interface Other {
  readonly id: number;
  readonly what: OtherKind;
  readonly image: ImageStore;
}

/** What a difference or a ratio was really made of. */
export interface CombinedOf {
  readonly how: Combination;
  readonly of: OpenedImage;
  readonly by: { readonly shown: Exposure; readonly shownAs: OpenedImage };
}

export interface CompareState {
  readonly mode: CompareMode;
  /** Empty: nothing is compared. */
  readonly others: readonly Other[];
  /** Difference or ratio of the main image and the first other; its brightness is its own. */
  readonly combined: ImageStore | null;
  /** The two that are on the screen as one, with the sign between them. */
  readonly combinedName: string;
  /** The same two as they were opened; null before there is a picture. */
  readonly combinedOf: CombinedOf | null;
  /** Why there is no difference, or ratio, of the two. */
  readonly notCombined: string | null;
  /** Every image between the limits of the main one. */
  readonly matched: boolean;
  /** What lies at the same place of every pane. */
  readonly lock: Lock;
  readonly blinkSeconds: (typeof BLINK_SECONDS)[number];
  /** The part of the pane at the left that shows the main image. */
  readonly curtain: number;
  /** Why there is nothing to compare with. */
  readonly problem: string | null;
}

export interface CompareStore extends StoreApi<CompareState> {
  /** For who is looking for what to compare with: aborted once anything is compared, and by `clear`. */
  asking(): AbortSignal;
  add(what: OtherKind): void;
  remove(id: number): void;
  clear(): void;
  setMode(mode: CompareMode): void;
  setMatched(matched: boolean): void;
  setLock(lock: Lock): void;
  setBlinkSeconds(seconds: (typeof BLINK_SECONDS)[number]): void;
  setCurtain(curtain: number): void;
}

type Brightness = Omit<DisplayState, 'orientation' | 'smoothSigmaPx' | 'bin'>;

/** The colours are the main image's; what shows an exposure well does not show what two of them differ by. */
const FIRST_BRIGHTNESS: Readonly<Record<Combination, Omit<Brightness, 'colourMap' | 'invert'>>> = {
  difference: {
    stretch: 'linear',
    limits: { rule: 'symmetric' },
    perAmplifier: false,
    contrast: NO_CONTRAST,
  },
  ratio: { stretch: 'linear', limits: { rule: 'zscale' }, perAmplifier: false, contrast: NO_CONTRAST },
};

export interface CompareStoreParts {
  readonly main: ImageStore;
  readonly butler: ButlerClient;
  readonly worker: ImageWorker;
  /** The exposure before this one that is like it. */
  readonly previousAlike: (exposure: Exposure) => Exposure | undefined;
}

export function createCompareStore(parts: CompareStoreParts): CompareStore {
  const { main, butler, worker, previousAlike } = parts;
  const store = createStore<CompareState>(() => ({
    mode: 'tile',
    others: [],
    combined: null,
    combinedName: '',
    combinedOf: null,
    notCombined: null,
    matched: true,
    lock: 'pixel',
    blinkSeconds: 0.5,
    curtain: 0.5,
    problem: null,
  }));
  const { getState: get, setState: set } = store;
  let made = 0;
  let asking = new AbortController();
  /** What `combined` is, or is going to be, made of. */
  let asked: (CombinedOf & { readonly name: string }) | undefined;
  /** As it was set on a difference or a ratio before, until the comparison ends. */
  let brightness: Partial<Record<Combination, Brightness>> = {};

  const follow = ({ what, image }: Other) => {
    const { shown } = main.getState();
    if (!shown) return;
    const wanted =
      what.kind === 'exposure' ? what.exposure : what.kind === 'without' ? shown : previousAlike(shown);
    if (!wanted) {
      set({ problem: `${exposureLabel(shown)} is the first of its target, filter and grating in the list.` });
      return;
    }
    set({ problem: null });
    image.show(wanted, Date.now());
  };

  /** The steps of the main image, but for the one that an image is to show the absence of. */
  const isrFor = (what: OtherKind): IsrRecipe => {
    const { isr, shownAs } = main.getState();
    if (what.kind !== 'without') return isr;
    const done = shownAs?.steps.find(({ name }) => name === what.step)?.done ?? false;
    return { ...isr, switched: { ...isr.switched, [what.step]: !done } };
  };

  const dress = (image: ImageStore, what: OtherKind) => {
    const { display, shownAs, survey } = main.getState();
    const matched = get().matched && !isPerAmplifier(display) && shownAs;
    const limits = matched
      ? ({ rule: 'manual', limits: shownLimits(display, shownAs.statistics, survey) } as const)
      : display.limits;
    setDisplay(image, { ...display, limits });
    turn(image);
    cover(image);
    image.setIsr(isrFor(what));
  };

  /** Looked at as the main image is, between limits of its own. */
  const dressCombined = (image: ImageStore) => {
    const { display, view } = main.getState();
    const { orientation, smoothSigmaPx, bin } = display;
    setDisplay(image, { orientation, smoothSigmaPx, bin });
    image.setView(view);
    cover(image);
  };

  const cover = (image: ImageStore) => {
    const { overlays, maskLooks } = main.getState();
    image.setOverlays(overlays);
    for (const [plane, look] of Object.entries(maskLooks)) image.setMaskLook(plane, look);
  };

  /** A lock that these two images cannot have is one by pixels. */
  const turn = (image: ImageStore) => {
    const { view, drawn, shownAs } = main.getState();
    const { lock } = get();
    const other = image.getState().shownAs;
    const locked =
      lock !== 'pixel' && drawn && shownAs && other
        ? lockedView(lock, view === 'fit' ? drawn.view : view, lockable(shownAs), lockable(other))
        : null;
    const { rotationDeg, mirrored } = locked ?? main.getState().display.orientation;
    setDisplay(image, { orientation: { rotationDeg, mirrored } });
    image.setView(locked ?? view);
  };

  const dressAll = () => {
    const { others, combined } = get();
    for (const { image, what } of others) dress(image, what);
    if (combined) dressCombined(combined);
  };

  const endCombined = () => {
    const { combined } = get();
    if (!combined) return;
    if (asked) brightness[asked.how] = combined.getState().display;
    asked = undefined;
    set({ combined: null, combinedName: '', combinedOf: null });
    combined.dispose();
  };

  /** An old difference is not left beside new images; where another one is about to come, or may, it is waited for. */
  const giveUpCombined = (error: AppError) => {
    const [first] = get().others;
    if (error.tag !== 'UnsupportedFits' || isChanging(main) || (first && isChanging(first.image))) return;
    endCombined();
    set({ notCombined: error.message });
  };

  /** The store of a difference, or of a ratio, which stays while exposures come and go. */
  const beginCombined = (how: Combination): ImageStore => {
    const makings = new WeakMap<OpenedImage, typeof asked>();
    const combined = createImageStore({
      butler,
      worker,
      reducedElsewhere: true,
      async opening() {
        if (!asked) throw new AppError('Cancelled', 'The comparison has ended.');
        const making = asked;
        const { of, by, how: sign } = making;
        const opened = await worker.combine({ of: of.key, by: by.shownAs.key, how: sign });
        makings.set(opened, making);
        return opened;
      },
    });
    combined.setDisplay({ ...main.getState().display, ...FIRST_BRIGHTNESS[how], ...brightness[how] });
    dressCombined(combined);
    combined.subscribe(({ shownAs, error }, before) => {
      if (error && error !== before.error) return giveUpCombined(error);
      if (!shownAs || shownAs === before.shownAs) return;
      const making = makings.get(shownAs);
      set({ combinedName: making?.name ?? '', combinedOf: making ?? null });
      const { pointer, crosshair } = main.getState();
      combined.lookAt(pointer, crosshair);
    });
    set({ combined });
    return combined;
  };

  /** Anew whenever one of the two images is another; what was there stays until then. */
  const combine = () => {
    const { mode, others } = get();
    const how = isCombination(mode) ? mode : undefined;
    const [first] = others;
    if (!how || !first || (asked && asked.how !== how)) endCombined();
    if (get().notCombined) set({ notCombined: null });
    if (!how || !first) return;
    const { shownAs: of, shown } = main.getState();
    const { shownAs: by, shown: byShown } = first.image.getState();
    if (of?.untrimmed || by?.untrimmed) {
      endCombined();
      set({ notCombined: `No ${how} while the overscan is shown: v trims the images again.` });
      return;
    }
    // True pixels are combined: a preview is waited out.
    if (!of || of.preview || !shown || !by || by.preview || !byShown) return;
    if (asked?.of === of && asked.by.shownAs === by) return;
    const name = `${exposureLabel(shown)} ${how === 'ratio' ? '÷' : '−'} ${otherLabel(first)}`;
    asked = { of, by: { shown: byShown, shownAs: by }, how, name };
    const combined = get().combined ?? beginCombined(how);
    combined.show(shown, Date.now());
    // The exposure may be the one that is there, and the other one, or its reduction, another.
    combined.retry();
  };

  main.subscribe((state, before) => {
    if (get().others.length === 0) return;
    if (state.shown !== before.shown) get().others.forEach(follow);
    if (
      state.display !== before.display ||
      state.isr !== before.isr ||
      state.overlays !== before.overlays ||
      state.maskLooks !== before.maskLooks ||
      state.shownAs !== before.shownAs ||
      (state.survey !== before.survey && state.display.limits.rule === 'minmax')
    ) {
      dressAll();
    } else if (state.view !== before.view) {
      // With every move of a drag: nothing else is touched.
      const { others, combined } = get();
      for (const { image } of others) turn(image);
      combined?.setView(state.view);
    }
    // A fitted view is known by its frame alone.
    if (get().lock !== 'pixel' && state.view === 'fit' && state.drawn?.view !== before.drawn?.view) {
      for (const { image } of get().others) turn(image);
    }
    if (state.shownAs !== before.shownAs) combine();
    if (state.pointer !== before.pointer) {
      const { others, combined } = get();
      for (const { image } of others) image.lookAt(placeIn(image), state.crosshair);
      combined?.lookAt(state.pointer, state.crosshair);
    }
  });

  /** Where in another image the pointer is. */
  const placeIn = (image: ImageStore) => {
    const { pointer, shownAs } = main.getState();
    const other = image.getState().shownAs;
    const { lock } = get();
    if (!pointer || lock === 'pixel' || !shownAs || !other) return pointer;
    return lockedPlace(lock, pointer, lockable(shownAs), lockable(other)) ?? pointer;
  };

  const endAsking = () => {
    asking.abort();
    asking = new AbortController();
  };

  const remove = (id: number) => {
    get()
      .others.find((other) => other.id === id)
      ?.image.dispose();
    set({ others: get().others.filter((other) => other.id !== id), problem: null });
    combine();
    if (get().others.length === 0) brightness = {};
  };

  return {
    ...store,
    asking: () => asking.signal,
    add(what) {
      endAsking();
      if (get().others.length >= MOST_OTHERS) {
        set({ problem: `At most ${MOST_OTHERS + 1} images at once: close one first.` });
        return;
      }
      const image = createImageStore({ butler, worker });
      const other: Other = { id: ++made, what, image };
      set({ others: [...get().others, other], problem: null });
      dress(image, what);
      image.subscribe((state, before) => {
        if (state.shownAs === before.shownAs) return;
        combine();
        turn(image);
        image.lookAt(placeIn(image), main.getState().crosshair);
      });
      follow(other);
    },
    remove,
    clear() {
      endAsking();
      for (const { id } of get().others) remove(id);
      set({ problem: null });
    },
    setMode(mode) {
      set({ mode });
      combine();
    },
    setMatched(matched) {
      set({ matched });
      dressAll();
    },
    setLock(lock) {
      set({ lock });
      dressAll();
    },
    setBlinkSeconds: (blinkSeconds) => set({ blinkSeconds }),
    setCurtain: (curtain) => set({ curtain: Math.min(1, Math.max(0, curtain)) }),
  };
}

/** Of an exposure list, newest first: the nearest older one of the same target, filter, grating and type of image. */
export function previousAlike(exposures: readonly Exposure[], of: Exposure): Exposure | undefined {
  const alike = (e: Exposure) =>
    e.raws.length > 0 &&
    e.targetName === of.targetName &&
    e.physicalFilter === of.physicalFilter &&
    e.observationType === of.observationType &&
    (e.dayObs < of.dayObs || (e.dayObs === of.dayObs && e.seqNum < of.seqNum));
  return exposures.find(alike);
}

/** What is as it was stays the same object: who draws by it has nothing to draw. */
function setDisplay(image: ImageStore, display: Partial<DisplayState>): void {
  const now = image.getState().display;
  const names = Object.keys(display) as (keyof DisplayState)[];
  if (names.some((name) => JSON.stringify(display[name]) !== JSON.stringify(now[name]))) {
    image.setDisplay(display);
  }
}

/** What is on the screen is about to be another one. */
function isChanging(image: ImageStore): boolean {
  const { status, reducing, held, shownAs } = image.getState();
  return status === 'loading' || reducing || held?.opened !== shownAs;
}

export function otherLabel({ what, image }: Other): string {
  const { shown } = image.getState();
  if (what.kind === 'without') return `${what.step} switched`;
  return shown ? exposureLabel(shown) : 'loading';
}

/** Why the images cannot be locked as asked; null where they are, or may be yet. */
export function lockProblem({ lock, others }: CompareState, main: ImageStore): string | null {
  if (lock !== 'sky') return null;
  for (const { shownAs } of [main, ...others.map(({ image }) => image)].map((image) => image.getState())) {
    if (shownAs?.sky.kind === 'none') return `Locked by pixels: ${shownAs.sky.reason}`;
  }
  return null;
}
