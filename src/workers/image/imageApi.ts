/** The image worker's functions, without the worker around them, so that they run in Node too. */
import type { Engine } from 'astro-fits-wasm';
import { createEngine } from 'astro-fits-wasm';
import { AppError, toAppError } from '../../core/errors.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { throwIfCancelled } from '../shared/yielding.ts';
import { CalibCache } from './calibCache.ts';
import type { ImageKey, ImageWorkerApi, JobId, OpenedImage, OpenProgress } from './contract.ts';
import type { HeldImage } from './heldImage.ts';
import { combined, fitsOf, openImage, reduceAgain, type PipelineTools } from './pipeline.ts';
import { Renderer } from './renderer/renderer.ts';

const PROGRESS_INTERVAL_MS = 100;

export function createImageApi(fetchLike: FetchLike = (url, init) => fetch(url, init)): ImageWorkerApi {
  let started: Promise<PipelineTools> | undefined;
  let renderer: Renderer | undefined;
  const images = new Map<ImageKey, HeldImage>();
  const jobs = new Map<JobId, AbortController>();

  const running = (): Promise<PipelineTools> => {
    if (started) return started;
    throw new AppError('Bug', 'The image worker was asked before it was started.');
  };

  const held = (key: ImageKey): HeldImage => {
    const image = images.get(key);
    if (image) return image;
    throw new AppError('NotFound', 'This image is no longer held by the image worker.');
  };

  /** Runs the work under the job's id and keeps the image that it makes. */
  const keep = async (
    jobId: JobId,
    make: (tools: PipelineTools, signal: AbortSignal) => Promise<HeldImage>,
  ): Promise<OpenedImage> => {
    const tools = await running();
    const job = new AbortController();
    jobs.set(jobId, job);
    try {
      const image = await make(tools, job.signal);
      if (job.signal.aborted) image.free();
      throwIfCancelled(job.signal);
      images.set(image.opened.key, image);
      return image.opened;
    } catch (error) {
      // Whatever failed after a cancel failed because of it.
      throwIfCancelled(job.signal);
      throw error;
    } finally {
      jobs.delete(jobId);
    }
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

    open: (request, onProgress) =>
      keep(request.jobId, (tools, signal) => {
        // The same raw, looked at twice, is fetched and decoded once.
        const there = [...images.values()].find(
          ({
            source: {
              request: { instrument, exposure, detector },
            },
          }) =>
            instrument === request.instrument &&
            exposure === request.exposure &&
            detector === request.detector,
        );
        if (there) return reduceAgain(there, request.isr, tools, signal);
        return openImage(request, tools, signal, throttled(onProgress));
      }),

    reduce: (request) =>
      keep(request.jobId, (tools, signal) => reduceAgain(held(request.key), request.isr, tools, signal)),

    async combine({ of, by, how }) {
      const image = combined(await running(), held(of), held(by), how);
      images.set(image.opened.key, image);
      return image.opened;
    },

    async survey(key) {
      return held(key).survey();
    },

    async render(request) {
      const { engine } = await running();
      const image = held(request.key);
      const begin = performance.now();
      const { plane, mask, sorted } = image;
      const drawable = { plane, mask, sorted, amplifiers: image.opened.amplifiers };
      // A context can be lost at any time (driver reset, laptop woken up); a second loss in a row is no accident.
      for (let attempt = 0; attempt < 2; attempt++) {
        if (renderer?.lost) renderer = undefined;
        renderer ??= new Renderer();
        const bitmap = renderer.draw(engine, drawable, request);
        if (!renderer.lost) return { bitmap, drawMs: performance.now() - begin };
        bitmap.close();
      }
      throw new AppError('WasmFailed', 'The browser keeps losing its graphics context. Reload the page.');
    },

    async readout({ key, at }) {
      return images.get(key)?.readout(at);
    },

    async fits(key) {
      return fitsOf(held(key), await running(), new AbortController().signal);
    },

    async region({ key, region }) {
      const image = held(key);
      const { regionOf } = await import('./region.ts');
      return regionOf(image, region);
    },

    async cross(request) {
      const image = held(request.key);
      const { crossAt } = await import('./cross.ts');
      return crossAt(image, request);
    },

    async examine({ key, at }) {
      const image = held(key);
      const { examineAt } = await import('./examine.ts');
      return examineAt(image, at);
    },

    async health(key) {
      const { source } = held(key);
      // Behind the first picture: it is loaded when somebody asks.
      const { healthOf } = await import('./health.ts');
      return healthOf(source);
    },

    async headers(key) {
      return held(key).source.headers();
    },

    async release(key) {
      const image = images.get(key);
      if (!image) return;
      images.delete(key);
      renderer?.forget(image.plane);
      if (image.mask) renderer?.forget(image.mask);
      image.free();
    },

    async memory() {
      const { engine } = await running();
      return {
        engineBytes: engine.memoryBytes,
        textureBytes: renderer?.textureBytes ?? 0,
        images: images.size,
      };
    },

    async cancel(jobId) {
      jobs.get(jobId)?.abort();
    },
  };
}

async function startEngine(wasmUrl: string, fetchLike: FetchLike): Promise<PipelineTools> {
  const engine = await createEngine(await fetchEngine(wasmUrl, fetchLike)).catch((thrown: unknown) => {
    const { message } = toAppError(thrown);
    throw new AppError(
      'WasmFailed',
      `The FITS engine does not start in this browser: ${message}`,
      {},
      { cause: thrown },
    );
  });
  return toolsOf(engine, fetchLike);
}

function toolsOf(engine: Engine, fetchLike: FetchLike): PipelineTools {
  // A worker that was started anew must not answer to the keys of the one before.
  const worker = crypto.randomUUID();
  let made = 0;
  return {
    engine,
    calibs: new CalibCache(engine, fetchLike),
    fetch: fetchLike,
    newKey: () => `${worker}-${++made}`,
  };
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
