/** The kiosk without its interface: starts, watches its access, and mends itself. Nobody is there to help it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { toAppError, type AppError } from '../../core/errors.ts';
import { newestExposure } from '../../features/exposures/exposuresStore.ts';
import { createLateImageStore, type LateImageStore } from '../../features/exposures/lateImageStore.ts';
import { retryDelayMs } from '../../services/butler/serviceButler.ts';
import { browserNow, createClock } from '../../services/clock.ts';
import type { UnixMs } from '../../core/time.ts';
import type { CameraState } from '../../services/efd/cameraState.ts';
import type { ServiceHttp } from '../../services/serviceHttp.ts';
import { fetchSession } from '../../services/session.ts';
import { fetchSiteInfo } from '../../services/siteInfo.ts';
import { createImageWorker } from '../../services/workerPool.ts';
import type { Address } from '../address.ts';
import { startLiveImage, type LiveImage } from '../live/liveImage.ts';
import { newestImageProblem } from '../newestImageProblem.ts';
import { PINNED_FOR_MS, pinnedByAddress } from './pinned.ts';
import { nextAccess, type ScreenAccess } from './screenAccess.ts';
import { afterReload, mustReload, readHistory, writeHistory } from './watchdog.ts';

export interface KioskState {
  readonly access: ScreenAccess | null;
  readonly live: LiveImage | null;
  readonly late: LateImageStore | null;
  readonly starting: AppError | null;
  /** Until when (on the server's clock) the exposure of the address is shown; null while the screen follows. */
  readonly pinnedUntil: UnixMs | null;
  /** Why the exposure of the address is not shown. */
  readonly pinProblem: string | null;
  /** Null until the EFD's part has loaded, and where the site has none. */
  readonly camera: CameraState | null;
}

const SESSION_EVERY_MS = 20_000;
const WATCHDOG_EVERY_MS = 10_000;
const CAMERA_EVERY_MS = 2_000;

export interface KioskParts {
  readonly http: ServiceHttp;
  readonly address: Address;
  /** Of this build: a service of another version brings another page. */
  readonly version: string;
}

export function startKiosk({ http, address, version }: KioskParts): StoreApi<KioskState> {
  const store = createStore<KioskState>(() => ({
    access: null,
    live: null,
    late: null,
    starting: null,
    pinnedUntil: null,
    pinProblem: null,
    camera: null,
  }));
  const { getState: get, setState: set } = store;
  const clock = createClock(http);
  const worker = createImageWorker();
  const warmedUp = worker.warmUp();
  warmedUp.catch(() => undefined);
  const loadedAt = browserNow();
  /** Ends when access does. */
  let watching = new AbortController();

  async function start(): Promise<void> {
    const { signal } = watching;
    for (let failures = 0; !signal.aborted && !get().live;) {
      try {
        const site = await fetchSiteInfo(http, signal);
        const live = startLiveImage(
          { surface: 'kiosk', http, clock, site, worker, warmedUp, address },
          signal,
        );
        const late = createLateImageStore({
          exposures: live.exposures,
          clock,
          camera: () => get().camera ?? NO_CAMERA,
          imageProblem: () => newestImageProblem(live.exposures.getState(), live.image.getState()),
        });
        late.start(signal);
        window.summitNotebook = live.api;
        set({ live, late, starting: null });
        pin(live, signal);
        live.api.on('painted', onPainted);
        live.exposures.subscribe(({ stale }, before) => {
          if (stale?.tag === 'AccessDenied' && stale !== before.stale) void checkAccess();
        });
      } catch (thrown) {
        const error = toAppError(thrown);
        if (error.tag === 'AccessDenied') {
          await checkAccess();
          return;
        }
        set({ starting: error });
        failures += 1;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs(failures, Math.random)));
      }
    }
  }

  function pin({ exposures, image }: LiveImage, signal: AbortSignal): void {
    if (exposures.getState().following) return;
    set({ pinnedUntil: clock.serverNow() + PINNED_FOR_MS });
    const onEnd = (pinProblem: string | null) => {
      // For the watchdog: what came meanwhile was not waited for.
      paintedAt = browserNow();
      set({ pinnedUntil: null, pinProblem });
      // The address says what is shown, also to whoever loads this page again.
      const url = new URL(location.href);
      url.searchParams.delete('exposure');
      history.replaceState(history.state, '', url);
    };
    pinnedByAddress({ exposures, image, onEnd }, signal);
  }

  /** Also finds that an operator has made this browser a kiosk screen again. */
  async function checkAccess(): Promise<void> {
    const before = get().access;
    let access: ScreenAccess;
    try {
      const session = await fetchSession(http);
      access = nextAccess(before, session);
      if (session.version !== version) reload();
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.tag !== 'AccessDenied') {
        if (!get().live) set({ starting: error });
        return;
      }
      access = nextAccess(before, null);
    }
    if (before !== null && JSON.stringify(before) === JSON.stringify(access)) return;
    set({ access });
    if (access.kind === 'ended') {
      watching.abort();
    } else if (before?.kind === 'ended') {
      // Everything anew: what was stopped is not pieced together again.
      location.reload();
    } else if (!get().live) {
      watching = new AbortController();
      clock.start(watching.signal);
      void start();
    }
  }

  let paintedAt = loadedAt;
  let efdAsked = false;
  function onPainted(): void {
    paintedAt = browserNow();
    if (efdAsked) return;
    efdAsked = true;
    void watchCamera();
  }

  /** After the first image: what the camera does now names the stage that stopped, but the image comes first. */
  async function watchCamera(): Promise<void> {
    const { live } = get();
    if (!live?.site.efd.available) return;
    try {
      const [{ createEfdClient, createEfdWorker }, { createCameraState }] = await Promise.all([
        import('../../services/efd/efdClient.ts'),
        import('../../services/efd/cameraState.ts'),
      ]);
      const efd = createEfdClient({
        worker: createEfdWorker(http.prefix),
        serverNow: clock.serverNow,
        cookies: () => document.cookie,
        availability: live.site.efd,
      });
      const camera = createCameraState(efd);
      camera.store.subscribe((state) => set({ camera: state }));
      camera.start(watching.signal, CAMERA_EVERY_MS);
    } catch {
      // The part could not be loaded (an update, a cut connection): the next painted image asks again.
      efdAsked = false;
    }
  }

  function reload(): void {
    const now = browserNow();
    const history = readHistory(sessionStorage);
    if (history.count > 0 && now - history.lastAt < 2 * 60_000) return;
    if (writeHistory(sessionStorage, afterReload(history, now))) location.reload();
  }

  function watchdog(): void {
    const { live, access } = get();
    if (!live || access?.kind === 'ended') return;
    const newest = newestExposure(live.exposures.getState());
    const { shown, error, wanted } = live.image.getState();
    const waiting = get().pinnedUntil === null && newest && newest.exposure !== shown?.exposure;
    const facts = {
      now: browserNow(),
      paintedAt,
      waitingSince: waiting ? (live.exposures.seenAt(newest.exposure) ?? loadedAt) : null,
      error: wanted?.exposure === newest?.exposure ? (error?.tag ?? null) : null,
    };
    const history = readHistory(sessionStorage);
    if (!mustReload(facts, history)) return;
    if (writeHistory(sessionStorage, afterReload(history, facts.now))) location.reload();
  }

  void checkAccess();
  setInterval(() => void checkAccess(), SESSION_EVERY_MS);
  setInterval(watchdog, WATCHDOG_EVERY_MS);
  keepAwake();
  return store;
}

const NO_CAMERA = { phase: 'unknown', endsAtUnixMs: null, imageName: null, lastEventUnixMs: null } as const;

/** Browsers give the lock back when the page is hidden. Where there is none, the machine's settings must do. */
function keepAwake(): void {
  const ask = () => {
    if (document.visibilityState === 'visible')
      void navigator.wakeLock?.request('screen').catch(() => undefined);
  };
  document.addEventListener('visibilitychange', ask);
  ask();
}
