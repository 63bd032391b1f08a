/** What the camera is doing now, from its events in the EFD: the countdown of the status line and the late-image alarm. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { AppError, toAppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { CameraEvent } from '../../workers/efd/contract.ts';
import type { EfdClient } from './efdClient.ts';

export type CameraPhase = 'idle' | 'exposing' | 'reading' | 'unknown';

export interface CameraState {
  readonly phase: CameraPhase;
  /** When this phase should end; null for idle and unknown. May lie in the past: then something is late. */
  readonly endsAtUnixMs: UnixMs | null;
  /** Name of the image that is or was last taken, `AT_O_20261122_000143`. */
  readonly imageName: string | null;
  /** When the camera's last event happened. */
  readonly lastEventUnixMs: UnixMs | null;
  /** When the EFD last answered, server time; null before the first answer. */
  readonly asOf: UnixMs | null;
  /** Set while the EFD does not answer; the rest is then what was known last. */
  readonly error: AppError | null;
}

export const UNKNOWN_CAMERA: CameraState = {
  phase: 'unknown',
  endsAtUnixMs: null,
  imageName: null,
  lastEventUnixMs: null,
  asOf: null,
  error: null,
};

/** Until a whole readout has been seen. LATISS reads out in about 2 s. */
const USUAL_READOUT_MS = 2_000;
/** Longer than the longest exposure that is waited for without an event. */
const LOOK_BACK_MS = 20 * 60_000;
/** After so long without an answer the last phase says nothing about now. */
const TRUST_MS = 15_000;
const ANSWER_WITHIN_MS = 8_000;
/** From an event to its row in the EFD. */
const EVENT_DELAY_MS = 300;
const OVERDUE_EVERY_MS = 500;
/** Events of one image may carry the same stamp: the later stage wins. */
const STAGE = { startIntegration: 0, startReadout: 1, endReadout: 2 } as const;

export function cameraStateFrom(events: readonly CameraEvent[], asOf: UnixMs): CameraState {
  const [newest] = [...events].sort((a, b) => b.atUnixMs - a.atUnixMs || STAGE[b.name] - STAGE[a.name]);
  if (!newest) return { ...UNKNOWN_CAMERA, asOf };
  const common = {
    imageName: newest.imageName,
    lastEventUnixMs: newest.atUnixMs,
    asOf,
    error: null,
  };
  switch (newest.name) {
    case 'startIntegration':
      return {
        ...common,
        phase: 'exposing',
        endsAtUnixMs:
          newest.exposureTimeSeconds === null ? null : newest.atUnixMs + newest.exposureTimeSeconds * 1000,
      };
    case 'startReadout':
      return { ...common, phase: 'reading', endsAtUnixMs: newest.atUnixMs + lastReadoutMs(events) };
    case 'endReadout':
      return { ...common, phase: 'idle', endsAtUnixMs: null };
  }
}

function lastReadoutMs(events: readonly CameraEvent[]): number {
  for (const end of events) {
    if (end.name !== 'endReadout') continue;
    const start = events.find((e) => e.name === 'startReadout' && e.imageName === end.imageName);
    if (start) return end.atUnixMs - start.atUnixMs;
  }
  return USUAL_READOUT_MS;
}

export interface CameraWatch {
  readonly store: StoreApi<CameraState>;
  /** Asks until the signal aborts: each second in the workspace, each 2 s in a kiosk. */
  start(signal: AbortSignal, periodMs?: number): void;
}

export function createCameraState(efd: EfdClient): CameraWatch {
  const store = createStore<CameraState>(() => UNKNOWN_CAMERA);

  async function look(signal: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
    try {
      const asked = AbortSignal.any([signal, timeout]);
      const events = await efd.cameraEvents(efd.serverNow() - LOOK_BACK_MS, asked);
      store.setState(cameraStateFrom(events, efd.serverNow()), true);
    } catch (thrown) {
      if (signal.aborted) return;
      const error = timeout.aborted
        ? new AppError('Unreachable', 'The EFD does not answer.', {}, { cause: thrown })
        : toAppError(thrown);
      const { asOf } = store.getState();
      const outdated = asOf === null || efd.serverNow() - asOf > TRUST_MS;
      store.setState(outdated ? { error, phase: 'unknown', endsAtUnixMs: null } : { error });
    }
  }

  /** Sooner where a phase is about to end, so that the countdown does not run over while nobody looks. */
  function untilNextLook(periodMs: number): number {
    const { endsAtUnixMs, error } = store.getState();
    if (endsAtUnixMs === null || error) return periodMs;
    const left = endsAtUnixMs - efd.serverNow();
    return left < 0 ? Math.min(periodMs, OVERDUE_EVERY_MS) : Math.min(periodMs, left + EVENT_DELAY_MS);
  }

  return {
    store,
    start(signal, periodMs = 1_000) {
      if (efd.unavailable !== null) return;
      void (async () => {
        while (!signal.aborted) {
          await look(signal);
          await pause(untilNextLook(periodMs), signal);
        }
      })();
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
