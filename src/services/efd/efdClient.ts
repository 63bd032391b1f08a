/** The EFD as features see it: questions with an AbortSignal, errors with a tag. The work is done in its worker. */
import { AppError, toAppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { CameraEvent, EfdCall, EfdWorkerApi, Series, TimeRange } from '../../workers/efd/contract.ts';
import { xsrfToken } from '../serviceHttp.ts';
import { spawn, type SpawnedWorker } from '../workerPool.ts';

export type { CameraEvent, Series, TimeRange } from '../../workers/efd/contract.ts';

export interface EfdClient {
  /** Why this site has no EFD, as a sentence; null where it has one. */
  readonly unavailable: string | null;
  /** The server's time: what "now" means in every range. */
  readonly serverNow: () => UnixMs;
  /** Tracking error in arcsec: azimuth times cos(elevation), and elevation. */
  mountError(
    range: TimeRange,
    maxPoints: number,
    signal?: AbortSignal,
  ): Promise<readonly [azimuth: Series, elevation: Series]>;
  /** DIMM, arcsec. */
  seeing(range: TimeRange, maxPoints: number, signal?: AbortSignal): Promise<Series>;
  /** Newest first. */
  cameraEvents(since: UnixMs, signal?: AbortSignal): Promise<readonly CameraEvent[]>;
}

/** How the worker's api is called: comlink's wrapping in the app, the plain object in tests. */
export interface EfdCaller {
  call<R>(act: (api: EfdWorkerApi) => Promise<R>): Promise<R>;
}

export interface EfdClientParts {
  readonly worker: EfdCaller;
  readonly serverNow: () => UnixMs;
  /** The whole `document.cookie`. */
  readonly cookies: () => string;
  /** From `api/site`. */
  readonly availability: { readonly available: boolean; readonly reason: string | null };
}

/** The worker starts with the first question. `prefix` is that of the service, with both slashes. */
export function createEfdWorker(prefix: string): SpawnedWorker<EfdWorkerApi> {
  // Absolute: a worker resolves relative addresses against its own script.
  const queryUrl = new URL(`${prefix}api/efd/query`, location.href).href;
  return spawn<EfdWorkerApi>(
    () =>
      new Worker(new URL('../../workers/efd/worker.ts', import.meta.url), { type: 'module', name: 'efd' }),
    (api) => api.start({ queryUrl }),
  );
}

export function createEfdClient(parts: EfdClientParts): EfdClient {
  const { availability, cookies, serverNow, worker } = parts;
  let jobs = 0;

  const unavailable = availability.available ? null : (availability.reason ?? 'This site has no EFD.');

  async function ask<T>(
    signal: AbortSignal | undefined,
    question: (api: EfdWorkerApi, call: EfdCall) => Promise<T>,
  ): Promise<T> {
    if (unavailable !== null) throw new AppError('NotFound', unavailable);
    const cancelled = () => new AppError('Cancelled', 'The question to the EFD was superseded.');
    if (signal?.aborted) throw cancelled();
    const jobId = `efd-${++jobs}`;
    const onAbort = () => void worker.call((api) => api.cancel(jobId)).catch(() => undefined);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await worker.call((api) => {
        // Superseded while the worker was starting.
        if (signal?.aborted) throw cancelled();
        return question(api, { jobId, xsrfToken: xsrfToken(cookies()) });
      });
    } catch (thrown) {
      if (signal?.aborted) throw cancelled();
      throw toAppError(thrown);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  return {
    unavailable,
    serverNow,
    mountError: (range, maxPoints, signal) =>
      ask(signal, (api, call) => api.mountError({ ...call, ...range, maxPoints })),
    seeing: (range, maxPoints, signal) =>
      ask(signal, (api, call) => api.seeing({ ...call, ...range, maxPoints })),
    cameraEvents: (since, signal) => ask(signal, (api, call) => api.cameraEvents({ ...call, since })),
  };
}
