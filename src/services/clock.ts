/**
 * The offset between the browser's clock and the server's, from round trips. A round trip of length r bounds the offset
 * to +-r/2 around the value that assumes equal ways, whatever the ways were; so the shortest of several is kept.
 */
import * as z from 'zod/mini';
import type { ClockOffset } from '../core/ledger.ts';
import type { UnixMs } from '../core/time.ts';
import type { ServiceHttp } from './serviceHttp.ts';

const ROUND_TRIPS = 8;
const REPEAT_MS = 60_000;
/** After a failed measurement: soon, because until the first success there is no offset at all. */
const RETRY_MS = 5_000;

const TimeAnswer = z.object({ serverUnixMs: z.number() });

/**
 * The browser's POSIX time with fractions of a millisecond. Not Date.now(): this one never steps while the page lives,
 * and workers' stamps are made the same way.
 */
export function browserNow(): UnixMs {
  return performance.timeOrigin + performance.now();
}

/**
 * Calls `tick` at every multiple of `everyMs` of that clock; returns what ends it. All that counts seconds on a page then
 * changes in the same frame: each frame costs what the whole page does where it is drawn by software.
 */
export function onMultiples(everyMs: number, clock: () => UnixMs, tick: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    timer = setTimeout(
      () => {
        tick();
        wait();
      },
      Math.ceil(everyMs - (clock() % everyMs)),
    );
  };
  wait();
  return () => clearTimeout(timer);
}

export async function measureOffset(
  serverTime: () => Promise<UnixMs>,
  now: () => UnixMs,
  roundTrips = ROUND_TRIPS,
): Promise<ClockOffset> {
  let best: ClockOffset | undefined;
  for (let i = 0; i < roundTrips; i++) {
    const sent = now();
    const server = await serverTime();
    const received = now();
    const errorMs = (received - sent) / 2;
    if (!best || errorMs < best.errorMs) {
      best = { offsetMs: server - (sent + received) / 2, errorMs, measuredAt: received };
    }
  }
  if (!best) throw new RangeError('measureOffset needs at least one round trip');
  return best;
}

export interface Clock {
  /** Null until first measured. */
  readonly offset: () => ClockOffset | null;
  /** The server's time as well as it is known; the browser's own before the first measurement. */
  readonly serverNow: () => UnixMs;
  readonly subscribe: (listener: () => void) => () => void;
  /** Measures now and every 60 s until the signal aborts. */
  start(signal: AbortSignal): void;
}

export function createClock(http: ServiceHttp, now: () => UnixMs = browserNow): Clock {
  let offset: ClockOffset | null = null;
  const listeners = new Set<() => void>();

  async function measure(signal: AbortSignal): Promise<void> {
    let again = REPEAT_MS;
    try {
      const serverTime = async () =>
        (await http.json('api/time', TimeAnswer, { signal, timeoutMs: 5_000 })).serverUnixMs;
      offset = await measureOffset(serverTime, now);
      for (const listener of listeners) listener();
    } catch {
      // The last offset stays: its age is in it, and the exposure list already says that the service is unreachable.
      again = RETRY_MS;
    }
    if (signal.aborted) return;
    const timer = setTimeout(() => void measure(signal), again);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  }

  return {
    offset: () => offset,
    serverNow: () => now() + (offset?.offsetMs ?? 0),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start: (signal) => void measure(signal),
  };
}
