/** The EFD as features see it: questions with an AbortSignal, errors with a tag. The work is done in its worker. */
import { AppError, toAppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { CameraEvent, EfdCall, EfdWorkerApi, Series, TimeRange } from '../../workers/efd/contract.ts';
import { xsrfToken } from '../serviceHttp.ts';

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

export interface EfdClientParts {
  /** The worker's api: behind comlink in the app, the plain object in tests. Called on the first question only. */
  readonly worker: () => EfdWorkerApi;
  /** Path of the service with both slashes, as `servicePrefix` gives it. */
  readonly prefix: string;
  readonly serverNow: () => UnixMs;
  /** The whole `document.cookie`. */
  readonly cookies: () => string;
  /** From `api/site`. */
  readonly availability: { readonly available: boolean; readonly reason: string | null };
}

export function createEfdClient(parts: EfdClientParts): EfdClient {
  const { availability, cookies, prefix, serverNow } = parts;
  let started: Promise<EfdWorkerApi> | undefined;
  let jobs = 0;

  const unavailable = availability.available ? null : (availability.reason ?? 'This site has no EFD.');

  function startedWorker(): Promise<EfdWorkerApi> {
    started ??= (async () => {
      const worker = parts.worker();
      // Absolute: a worker resolves relative addresses against its own script.
      const queryUrl = new URL(`${prefix}api/efd/query`, globalThis.location?.href ?? 'http://localhost/')
        .href;
      await worker.start({ queryUrl });
      return worker;
    })();
    started.catch(() => (started = undefined));
    return started;
  }

  async function ask<T>(
    signal: AbortSignal | undefined,
    question: (worker: EfdWorkerApi, call: EfdCall) => Promise<T>,
  ): Promise<T> {
    if (unavailable !== null) throw new AppError('NotFound', unavailable);
    const cancelled = () => new AppError('Cancelled', 'The question to the EFD was superseded.');
    if (signal?.aborted) throw cancelled();
    const worker = await startedWorker();
    const jobId = `efd-${++jobs}`;
    const onAbort = () => void worker.cancel(jobId);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await question(worker, { jobId, xsrfToken: xsrfToken(cookies()) });
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
      ask(signal, (worker, call) => worker.mountError({ ...call, ...range, maxPoints })),
    seeing: (range, maxPoints, signal) =>
      ask(signal, (worker, call) => worker.seeing({ ...call, ...range, maxPoints })),
    cameraEvents: (since, signal) => ask(signal, (worker, call) => worker.cameraEvents({ ...call, since })),
  };
}
