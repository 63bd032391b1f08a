/** The panel without its interface: waits for a session, then shows one image and answers the page around it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { toAppError, type AppError } from '../../core/errors.ts';
import { retryDelayMs } from '../../services/butler/serviceButler.ts';
import { createClock } from '../../services/clock.ts';
import type { ServiceHttp } from '../../services/serviceHttp.ts';
import { fetchSiteInfo } from '../../services/siteInfo.ts';
import { createImageWorker } from '../../services/workerPool.ts';
import type { Address } from '../address.ts';
import { startLiveImage, type LiveImage } from '../live/liveImage.ts';
import { answerHost } from './hostMessages.ts';

export interface PanelState {
  readonly access: 'checking' | 'signed-out' | 'signed-in';
  readonly live: LiveImage | null;
  /** Why it could not start; it tries again by itself. */
  readonly starting: AppError | null;
}

export interface PanelParts {
  readonly http: ServiceHttp;
  readonly address: Address;
}

export interface Panel extends StoreApi<PanelState> {
  /** The user went to the sign-in window: look more often whether that has been done. */
  expectSignIn(): void;
}

/** Sign-in happens in another window, which says nothing to this one: it is asked for. */
const EXPECTING_EVERY_MS = 2_000;
const EXPECTING_FOR_MS = 10 * 60_000;

export function startPanel({ http, address }: PanelParts): Panel {
  const store = createStore<PanelState>(() => ({ access: 'checking', live: null, starting: null }));
  const { getState: get, setState: set } = store;
  const page = new AbortController();
  const clock = createClock(http);
  const worker = createImageWorker();
  const warmedUp = worker.warmUp();
  warmedUp.catch(() => undefined);
  let connecting = false;
  let expecting: ReturnType<typeof setInterval> | undefined;

  async function connect(): Promise<void> {
    if (connecting || get().access === 'signed-in') return;
    connecting = true;
    try {
      for (let failures = 0; ;) {
        try {
          await connectOnce();
          return;
        } catch (thrown) {
          const error = toAppError(thrown);
          if (error.tag === 'AccessDenied') {
            set({ access: 'signed-out', starting: null });
            return;
          }
          set({ starting: error });
          failures += 1;
          await new Promise((resolve) => setTimeout(resolve, retryDelayMs(failures, Math.random)));
        }
      }
    } finally {
      connecting = false;
    }
  }

  async function connectOnce(): Promise<void> {
    const site = await fetchSiteInfo(http);
    clearInterval(expecting);
    const before = get().live;
    if (before) {
      // Signed in again: the watch went on trying and finds the session by itself; a failed image is asked for anew.
      set({ access: 'signed-in', starting: null });
      if (before.image.getState().error) before.image.retry();
      return;
    }
    clock.start(page.signal);
    const live = startLiveImage(
      { surface: 'panel', http, clock, site, worker, warmedUp, address },
      page.signal,
    );
    live.exposures.subscribe(({ stale }, { stale: was }) => {
      if (stale?.tag === 'AccessDenied' && was?.tag !== 'AccessDenied') set({ access: 'signed-out' });
      // A restart of the service can answer 401 once; a good answer takes that back.
      if (stale === null && was?.tag === 'AccessDenied') set({ access: 'signed-in' });
    });
    window.summitNotebook = live.api;
    if (window.parent !== window) {
      const { portalOrigins } = site;
      answerHost({ self: window, parent: window.parent, origins: portalOrigins, api: live.api }, page.signal);
    }
    set({ access: 'signed-in', live, starting: null });
  }

  void connect();
  const look = () => {
    if (document.visibilityState === 'visible' && get().access === 'signed-out') void connect();
  };
  window.addEventListener('focus', look);
  document.addEventListener('visibilitychange', look);

  return {
    ...store,
    expectSignIn() {
      clearInterval(expecting);
      expecting = setInterval(() => void connect(), EXPECTING_EVERY_MS);
      setTimeout(() => clearInterval(expecting), EXPECTING_FOR_MS);
    },
  };
}
