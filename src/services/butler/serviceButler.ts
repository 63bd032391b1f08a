/**
 * The Butler client that asks the Hub service. One long poll serves all watchers of a page; it carries the last known
 * version, so that an answer holds the changes alone.
 */
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import { AppError, isErrorWire, toAppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import { browserNow } from '../clock.ts';
import type { ServiceHttp } from '../serviceHttp.ts';
import type { ButlerClient, ExposureSnapshot } from './butlerClient.ts';
import {
  CalibsWire,
  ExposureChanges,
  exposureFromWire,
  exposuresFromWire,
  ExposureWire,
} from './exposureWire.ts';

/** How long the service may hold an answer back; a little below the 25 s that it allows. */
const WAIT_SECONDS = 20;
/** Beyond the wait: an answer that is later than this will not come, for example after the laptop slept. */
const SLACK_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;

export interface ServiceButlerParts {
  readonly http: ServiceHttp;
  readonly repository: string;
  /** What a person calls the source, for the badge: OODS. */
  readonly source: string;
  /** Fires `online` when the network is back; the window in a browser. */
  readonly network?: EventTarget;
  readonly now?: () => UnixMs;
  readonly random?: () => number;
}

/** 0.5 s, 1 s, 2 s ... 8 s, each spread by +-25 % so that thirty browsers do not return as one. */
export function retryDelayMs(failures: number, random: () => number): number {
  const delay = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
  return delay * (0.75 + random() / 2);
}

function newestFirst(a: Exposure, b: Exposure): number {
  return b.dayObs - a.dayObs || b.seqNum - a.seqNum;
}

export function createServiceButler(parts: ServiceButlerParts): ButlerClient {
  const { http, repository, source, network = globalThis, now = browserNow, random = Math.random } = parts;
  const base = `api/repositories/${encodeURIComponent(repository)}/`;
  const listeners = new Set<(snapshot: ExposureSnapshot) => void>();
  const known = new Map<ExposureId, Exposure>();
  let version: number | null = null;
  let last: ExposureSnapshot | null = null;
  let loop: AbortController | null = null;

  function publish(snapshot: ExposureSnapshot): void {
    last = snapshot;
    for (const listener of listeners) listener(snapshot);
  }

  async function poll(signal: AbortSignal): Promise<void> {
    const query = version === null ? '' : `?since=${version}&wait=${WAIT_SECONDS}`;
    const changes = await http.json(`${base}exposures${query}`, ExposureChanges, {
      signal,
      timeoutMs: (version === null ? 0 : WAIT_SECONDS * 1000) + SLACK_MS,
    });
    const receivedAt = now();
    const upserted = await exposuresFromWire(changes.upserted);
    const same = changes.version === version && !changes.reset;
    version = changes.version;
    const stale = changes.stale && registryError(changes.stale);
    if (same && last && !last.stale && !stale) {
      // Nothing new: only the time at which that was true moves on.
      publish({ ...last, asOf: changes.asOfUnixMs, receivedAt });
      return;
    }
    if (changes.reset) known.clear();
    for (const id of changes.removed) known.delete(id);
    for (const exposure of upserted) known.set(exposure.exposure, exposure);
    publish({
      exposures: [...known.values()].sort(newestFirst),
      asOf: changes.asOfUnixMs,
      // A stale answer brings no newer list: its age goes on.
      receivedAt: stale && last ? last.receivedAt : receivedAt,
      source,
      stale,
      refused: changes.refused,
    });
  }

  async function run(whole: AbortSignal): Promise<void> {
    let failures = 0;
    while (!whole.aborted) {
      // When the network comes back, a poll that hangs on a dead connection is given up and the next one starts at once.
      const attempt = new AbortController();
      const wake = () => attempt.abort();
      network.addEventListener('online', wake, { once: true });
      whole.addEventListener('abort', wake, { once: true });
      try {
        await poll(attempt.signal);
        failures = 0;
      } catch (thrown) {
        const error = toAppError(thrown);
        if (error.tag !== 'Cancelled') {
          failures += 1;
          publish({
            exposures: last?.exposures ?? [],
            asOf: last?.asOf ?? 0,
            receivedAt: last?.receivedAt ?? 0,
            source,
            stale: error,
            refused: last?.refused ?? [],
          });
          await pause(retryDelayMs(failures, random), attempt.signal);
        }
      } finally {
        network.removeEventListener('online', wake);
        whole.removeEventListener('abort', wake);
      }
    }
  }

  return {
    source,
    fileUrlPrefix: `${http.prefix}${base}files/`,
    watch(onSnapshot, signal) {
      if (signal.aborted) return;
      listeners.add(onSnapshot);
      if (last) onSnapshot(last);
      if (!loop) {
        loop = new AbortController();
        void run(loop.signal);
      }
      const leave = () => {
        listeners.delete(onSnapshot);
        if (listeners.size > 0) return;
        loop?.abort();
        loop = null;
      };
      signal.addEventListener('abort', leave, { once: true });
    },
    findCalibs: (exposure, detector, signal) =>
      http.json(`${base}calibs?exposure=${exposure}&detector=${detector}`, CalibsWire, { signal }),
    async findExposure(which, signal) {
      const key = 'exposure' in which ? [which.exposure] : [which.dayObs, which.seqNum];
      try {
        return exposureFromWire(
          await http.json(`${base}exposures/${key.join('/')}`, ExposureWire, { signal }),
        );
      } catch (thrown) {
        const error = toAppError(thrown);
        if (error.tag !== 'NotFound') throw error;
        throw new AppError('NotFound', `${source} has no exposure ${key.join(' ')}.`, error.detail, {
          cause: error,
        });
      }
    },
  };
}

/** A tag of a newer service is still a reason why the list does not advance. */
function registryError(stale: { tag: string; message: string }): AppError {
  return isErrorWire(stale)
    ? new AppError(stale.tag, stale.message, stale.detail ?? {})
    : new AppError('RegistryBusy', stale.message);
}

function pause(ms: number, wake: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (wake.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      wake.removeEventListener('abort', done);
      resolve();
    }
    wake.addEventListener('abort', done);
  });
}
