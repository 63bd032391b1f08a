/**
 * Workers as the main thread sees them: promises, AbortSignals and AppErrors. The only user of comlink's wrap, so that
 * nothing else knows how a call travels.
 */
import type { Remote } from 'comlink';
import { proxy, wrap } from 'comlink';
import type { TableColumns } from '../core/catalogue/table.ts';
import type { CalibSet } from '../core/dataId.ts';
import { AppError, toAppError } from '../core/errors.ts';
import type {
  CombineRequest,
  DetectorHealth,
  CrossAnswer,
  CrossRequest,
  ExamineAnswer,
  FindCalibs,
  HduHeader,
  ImageKey,
  ImageSurvey,
  ImageWorkerApi,
  OpenedImage,
  OpenProgress,
  OpenRequest,
  PixelReadout,
  ReduceRequest,
  RegionAnswer,
  RenderAnswer,
  RenderRequest,
  SourcesAnswer,
  WorkerMemory,
} from '../workers/image/contract.ts';

export interface SpawnedWorker<Api> {
  /** Calls the worker, starting or restarting it first. Rejects with an AppError; never hangs when it dies. */
  call<R>(act: (api: Remote<Api>) => Promise<R>): Promise<R>;
  /** Ends the worker for good. */
  dispose(): void;
}

interface Generation<Api> {
  readonly worker: Worker;
  readonly api: Remote<Api>;
  readonly ready: Promise<unknown>;
  /** Rejects when the worker dies. */
  readonly death: Promise<never>;
}

/** `prepare` runs once in every new worker, before anything else. */
export function spawn<Api>(
  makeWorker: () => Worker,
  prepare?: (api: Remote<Api>) => Promise<unknown>,
): SpawnedWorker<Api> {
  let current: Generation<Api> | undefined;
  let disposed = false;

  const start = (): Generation<Api> => {
    const worker = makeWorker();
    const api = wrap<Api>(worker);
    const death = new Promise<never>((_, reject) => {
      worker.addEventListener('error', (event) => {
        // An error that escapes every promise of the worker leaves it in an unknown state.
        event.preventDefault();
        if (current?.worker === worker) current = undefined;
        worker.terminate();
        const why = event.message ? `: ${event.message}` : '';
        reject(new AppError('WasmFailed', `A background worker stopped${why}. It is started again.`));
      });
    });
    death.catch(() => undefined);
    const generation = { worker, api, death, ready: prepare?.(api) ?? Promise.resolve() };
    generation.ready.catch(() => {
      // The next call tries afresh: the cause may have gone (a server that was being restarted).
      if (current === generation) current = undefined;
      worker.terminate();
    });
    return generation;
  };

  return {
    async call(act) {
      if (disposed) throw new AppError('Cancelled', 'The worker was ended.');
      current ??= start();
      const { api, ready, death } = current;
      try {
        await Promise.race([ready, death]);
        return await Promise.race([act(api), death]);
      } catch (thrown) {
        throw toAppError(thrown);
      }
    },
    dispose() {
      disposed = true;
      current?.worker.terminate();
      current = undefined;
    },
  };
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: OpenProgress) => void;
}

/** In the form that crosses to a worker. */
function toldLater(calibs: Promise<CalibSet>): FindCalibs {
  // Nobody asks where the job is cancelled first, or the same raw is there already.
  calibs.catch(() => undefined);
  return () => calibs.catch((thrown: unknown) => Promise.reject(toAppError(thrown).toWire()));
}

export class ImageWorker {
  readonly #spawned: SpawnedWorker<ImageWorkerApi>;
  #lastJob = 0;

  constructor(spawned: SpawnedWorker<ImageWorkerApi>) {
    this.#spawned = spawned;
  }

  /** Loads worker and engine ahead of the first image. */
  async warmUp(): Promise<void> {
    await this.#spawned.call(async () => undefined);
  }

  /** `calibs`: those of the exposure; the raw is fetched while they are looked up. */
  open(
    request: Omit<OpenRequest, 'jobId'>,
    calibs: Promise<CalibSet>,
    options: OpenOptions = {},
  ): Promise<OpenedImage> {
    const { signal, onProgress } = options;
    const jobId = `open-${++this.#lastJob}`;
    const findCalibs = toldLater(calibs);
    return this.#cancellable(jobId, signal, (api) =>
      api.open({ ...request, jobId }, proxy(findCalibs), onProgress && proxy(onProgress)),
    );
  }

  /** The service's coarse picture of an exposure. */
  preview(
    request: Omit<OpenRequest, 'jobId'>,
    calibs: Promise<CalibSet>,
    { signal }: Pick<OpenOptions, 'signal'> = {},
  ): Promise<OpenedImage> {
    const jobId = `preview-${++this.#lastJob}`;
    const findCalibs = toldLater(calibs);
    return this.#cancellable(jobId, signal, (api) => api.preview({ ...request, jobId }, proxy(findCalibs)));
  }

  async #cancellable(
    jobId: string,
    signal: AbortSignal | undefined,
    act: (api: Remote<ImageWorkerApi>) => Promise<OpenedImage>,
  ): Promise<OpenedImage> {
    if (signal?.aborted) throw new AppError('Cancelled', 'The work was superseded.');
    return this.#spawned.call(async (api) => {
      // Aborted while the worker was starting.
      if (signal?.aborted) throw new AppError('Cancelled', 'The work was superseded.');
      const cancel = () => void api.cancel(jobId).catch(() => undefined);
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        return await act(api);
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    });
  }

  async reduce(request: Omit<ReduceRequest, 'jobId'>): Promise<OpenedImage> {
    const jobId = `reduce-${++this.#lastJob}`;
    return this.#spawned.call((api) => api.reduce({ ...request, jobId }));
  }

  combine(request: CombineRequest): Promise<OpenedImage> {
    return this.#spawned.call((api) => api.combine(request));
  }

  survey(key: ImageKey): Promise<ImageSurvey> {
    return this.#spawned.call((api) => api.survey(key));
  }

  fits(key: ImageKey): Promise<Uint8Array<ArrayBuffer>> {
    return this.#spawned.call((api) => api.fits(key));
  }

  region(request: Parameters<ImageWorkerApi['region']>[0]): Promise<RegionAnswer> {
    return this.#spawned.call((api) => api.region(request));
  }

  cross(request: CrossRequest): Promise<CrossAnswer> {
    return this.#spawned.call((api) => api.cross(request));
  }

  sources(key: ImageKey): Promise<SourcesAnswer> {
    return this.#spawned.call((api) => api.sources(key));
  }

  pixelsOfSky(request: Parameters<ImageWorkerApi['pixelsOfSky']>[0]): Promise<Float64Array> {
    return this.#spawned.call((api) => api.pixelsOfSky(request));
  }

  fitsTable(file: Uint8Array<ArrayBuffer>): Promise<TableColumns> {
    return this.#spawned.call((api) => api.fitsTable(file));
  }

  examine(request: Parameters<ImageWorkerApi['examine']>[0]): Promise<ExamineAnswer> {
    return this.#spawned.call((api) => api.examine(request));
  }

  health(key: ImageKey): Promise<DetectorHealth> {
    return this.#spawned.call((api) => api.health(key));
  }

  headers(key: ImageKey): Promise<readonly HduHeader[]> {
    return this.#spawned.call((api) => api.headers(key));
  }

  release(key: ImageKey): Promise<void> {
    return this.#spawned.call((api) => api.release(key));
  }

  receivedBytes(): Promise<number> {
    return this.#spawned.call((api) => api.receivedBytes());
  }

  memory(): Promise<WorkerMemory> {
    return this.#spawned.call((api) => api.memory());
  }

  render(request: RenderRequest): Promise<RenderAnswer> {
    return this.#spawned.call((api) => api.render(request));
  }

  readout(request: Parameters<ImageWorkerApi['readout']>[0]): Promise<PixelReadout | undefined> {
    return this.#spawned.call((api) => api.readout(request));
  }

  dispose(): void {
    this.#spawned.dispose();
  }
}

export function createImageWorker(): ImageWorker {
  const wasmUrl = new URL('../../wasm/dist/astro_fits.wasm', import.meta.url).href;
  return new ImageWorker(
    spawn<ImageWorkerApi>(
      () =>
        new Worker(new URL('../workers/image/worker.ts', import.meta.url), { type: 'module', name: 'image' }),
      (api) => api.start({ wasmUrl }),
    ),
  );
}
