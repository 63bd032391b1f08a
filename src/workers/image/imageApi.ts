/** The image worker's functions, without the worker around them, so that they run in Node too. */
import type { Engine } from 'astro-fits-wasm';
import { createEngine } from 'astro-fits-wasm';
import { fitView } from '../../core/camera/view.ts';
import { AppError, toAppError } from '../../core/errors.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { throwIfCancelled } from '../shared/yielding.ts';
import { CalibCache } from './calibCache.ts';
import type { ImageWorkerApi, JobId, OpenProgress } from './contract.ts';
import type { HeldImage } from './heldImage.ts';
import { openImage } from './pipeline.ts';
import { Renderer } from './renderer/renderer.ts';

const PROGRESS_INTERVAL_MS = 100;

interface Started {
  readonly engine: Engine;
  readonly calibs: CalibCache;
}

export function createImageApi(fetchLike: FetchLike = (url, init) => fetch(url, init)): ImageWorkerApi {
  let started: Promise<Started> | undefined;
  let held: HeldImage | undefined;
  let renderer: Renderer | undefined;
  const jobs = new Map<JobId, AbortController>();

  const running = (): Promise<Started> => {
    if (started) return started;
    throw new AppError('Bug', 'The image worker was asked before it was started.');
  };

  return {
    async start({ wasmUrl }) {
      started ??= startEngine(wasmUrl, fetchLike);
      try {
        return { engineVersion: (await started).engine.version };
      } catch (error) {
        started = undefined;
        throw error;
      }
    },

    async open(request, onProgress) {
      const { engine, calibs } = await running();
      const job = new AbortController();
      jobs.set(request.jobId, job);
      try {
        // Half a detector of memory that only serves the cursor would come on top of the peak.
        held?.releaseRaw();
        const image = await openImage(
          request,
          { engine, calibs, fetch: fetchLike },
          job.signal,
          throttled(onProgress),
        );
        if (job.signal.aborted) image.free();
        throwIfCancelled(job.signal);
        const previous = held;
        held = image;
        if (previous) renderer?.forget(previous.plane);
        previous?.free();
        return image.opened;
      } catch (error) {
        // Whatever failed after a cancel failed because of it.
        throwIfCancelled(job.signal);
        throw error;
      } finally {
        jobs.delete(request.jobId);
      }
    },

    async render(request) {
      const { engine } = await running();
      const image = held;
      if (image?.opened.exposure !== request.exposure) {
        throw new AppError('NotFound', 'This image is no longer held by the image worker.', {
          exposure: request.exposure,
        });
      }
      const begin = performance.now();
      const pane = { width: request.paneWidth, height: request.paneHeight };
      const view = request.view === 'fit' ? fitView(image.plane, pane) : request.view;
      // A context can be lost at any time (driver reset, laptop woken up); a second loss in a row is no accident.
      for (let attempt = 0; attempt < 2; attempt++) {
        if (renderer?.lost) renderer = undefined;
        renderer ??= new Renderer();
        const bitmap = renderer.draw(engine, image.plane, request, view);
        if (!renderer.lost) return { bitmap, view, drawMs: performance.now() - begin };
        bitmap.close();
      }
      throw new AppError('WasmFailed', 'The browser keeps losing its graphics context. Reload the page.');
    },

    async readout({ exposure, at }) {
      await running();
      return held?.opened.exposure === exposure ? held.readout(at) : undefined;
    },

    async cancel(jobId) {
      jobs.get(jobId)?.abort();
    },
  };
}

async function startEngine(wasmUrl: string, fetchLike: FetchLike): Promise<Started> {
  const engine = await createEngine(await fetchEngine(wasmUrl, fetchLike)).catch((thrown: unknown) => {
    const { message } = toAppError(thrown);
    throw new AppError(
      'WasmFailed',
      `The FITS engine does not start in this browser: ${message}`,
      {},
      { cause: thrown },
    );
  });
  return { engine, calibs: new CalibCache(engine, fetchLike) };
}

async function fetchEngine(wasmUrl: string, fetchLike: FetchLike): Promise<Response> {
  const unreachable = (why: string, cause?: unknown) =>
    new AppError('Unreachable', `The FITS engine cannot be loaded: ${why}.`, { url: wasmUrl }, { cause });
  const response = await fetchLike(wasmUrl, {}).catch((cause: unknown) => {
    throw unreachable('the server cannot be reached', cause);
  });
  if (!response.ok) throw unreachable(`status ${response.status}`);
  return response;
}

function throttled(onProgress?: (progress: OpenProgress) => void): (progress: OpenProgress) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = performance.now();
    if (!onProgress || now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    onProgress(progress);
  };
}
