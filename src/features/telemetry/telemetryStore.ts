/** What the telemetry strip shows: it asks the EFD again and again while it is open, and keeps the last good answer. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { AppError, toAppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { EfdClient, Series } from '../../services/efd/efdClient.ts';

export const RANGES = {
  '15 min': { milliseconds: 15 * 60_000, everyMs: 2_000 },
  '1 h': { milliseconds: 3_600_000, everyMs: 4_000 },
  night: { milliseconds: 12 * 3_600_000, everyMs: 20_000 },
} as const;
export type RangeName = keyof typeof RANGES;

/** About what the strip has pixels. */
export const MAX_POINTS = 800;
const RETRY_MS = 2_000;
/** A night of one-second rows takes the database a few seconds when it is busy. */
const ANSWER_WITHIN_MS = 15_000;

export interface StripData {
  readonly range: RangeName;
  /** Server time, UTC. */
  readonly begin: UnixMs;
  readonly end: UnixMs;
  readonly azimuth: Series;
  readonly elevation: Series;
  readonly seeing: Series;
}

export interface TelemetryState {
  /** Local to this browser tab. */
  readonly range: RangeName;
  readonly data: StripData | null;
  /** Set while the EFD does not answer. */
  readonly error: AppError | null;
}

export interface Telemetry {
  readonly store: StoreApi<TelemetryState>;
  setRange(range: RangeName): void;
  /** Asks until the signal aborts. */
  start(signal: AbortSignal): void;
}

/** Rows are seconds old by nature: a packed row is published when it is full, and drawn when the demand after it came. */
const FRESH_MS = 15_000;

export function newestRowUnixMs(data: StripData): UnixMs | null {
  return data.azimuth.newest?.unixMs ?? null;
}

export type PaneState = 'loading' | 'ready' | 'stale' | 'unavailable';

export function paneStateOf(state: TelemetryState, unavailable: string | null, now: UnixMs): PaneState {
  if (unavailable !== null) return 'unavailable';
  if (!state.data) return state.error ? 'stale' : 'loading';
  const newest = newestRowUnixMs(state.data);
  // The night's strip is read less often than rows come: its own period is no staleness.
  const limit = FRESH_MS + RANGES[state.data.range].everyMs;
  return state.error || newest === null || now - newest > limit ? 'stale' : 'ready';
}

export function createTelemetry(efd: EfdClient, range: RangeName): Telemetry {
  const store = createStore<TelemetryState>(() => ({ range, data: null, error: null }));
  let wake: () => void = () => undefined;
  let question: AbortController | undefined;

  async function ask(superseded: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const signal = AbortSignal.any([superseded, timeout]);
    const { range } = store.getState();
    const end = efd.serverNow();
    const times = { begin: end - RANGES[range].milliseconds, end };
    try {
      const [[azimuth, elevation], seeing] = await Promise.all([
        efd.mountError(times, MAX_POINTS, signal),
        efd.seeing(times, MAX_POINTS, signal),
      ]);
      if (superseded.aborted) return;
      store.setState({ data: { range, ...times, azimuth, elevation, seeing }, error: null });
    } catch (thrown) {
      if (superseded.aborted) return;
      const error = timeout.aborted
        ? new AppError('Unreachable', 'The EFD does not answer.', {}, { cause: thrown })
        : toAppError(thrown);
      store.setState({ error });
    }
  }

  return {
    store,
    setRange(range) {
      store.setState({ range });
      question?.abort();
      wake();
    },
    start(signal) {
      if (efd.unavailable !== null) return;
      signal.addEventListener('abort', () => {
        question?.abort();
        wake();
      });
      void (async () => {
        while (!signal.aborted) {
          const mine = new AbortController();
          question = mine;
          await ask(mine.signal);
          // A changed range asks at once.
          if (mine.signal.aborted) continue;
          const { error, range } = store.getState();
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, error ? RETRY_MS : RANGES[range].everyMs);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
      })();
    },
  };
}
