/** The image worker's functions, without the worker around them, so that they run in Node too. */
import type { Engine } from 'astro-fits-wasm';
import { createEngine } from 'astro-fits-wasm';
import { AppError, toAppError } from '../../core/errors.ts';
import { type FetchLike, receivedBytes } from '../shared/fetchBytes.ts';
import { throwIfCancelled } from '../shared/yielding.ts';
import { CalibCache } from './calibCache.ts';
import type { ImageKey, ImageWorkerApi, JobId, OpenedImage, OpenProgress, OpenRequest } from './contract.ts';
import { OVERSCAN_SHOWN } from './contract.ts';
import { HeldImage } from './heldImage.ts';
import type { HeldUntrimmed } from './heldUntrimmed.ts';
import type { HeldPreview } from './heldPreview.ts';
import { openImage, reduceAgain, type PipelineTools } from './pipeline.ts';
import type { Renderer } from './renderer/renderer.ts';

const PROGRESS_INTERVAL_MS = 100;

type Drawn = HeldImage | HeldUntrimmed | HeldPreview;

/** `newRenderer` is null where nothing is drawn (Node). */
export function createImageApi(
  fetchLike: FetchLike,
  newRenderer: (() => Renderer) | null = null,
): ImageWorkerApi {
  let started: Promise<PipelineTools> | undefined;
  let renderer: Renderer | undefined;
  const images = new Map<ImageKey, Drawn>();
  const jobs = new Map<JobId, AbortController>();

  const running = (): Promise<PipelineTools> => {
    if (started) return started;
    throw new AppError('Bug', 'The image worker was asked before it was started.');
  };

  const drawn = (key: ImageKey): Drawn => {
    const image = images.get(key);
    if (image) return image;
    throw new AppError('NotFound', 'This image is no longer held by the image worker.');
  };

  const withRaw = (key: ImageKey): HeldImage | HeldUntrimmed => {
    const image = drawn(key);
    if ('source' in image) return image;
    throw new AppError('NotFound', 'Only a preview is here yet: measuring waits for the full pixels.');
  };

  const held = (key: ImageKey): HeldImage => {
    const image = withRaw(key);
    if (image instanceof HeldImage) return image;
    throw new AppError('NotFound', OVERSCAN_SHOWN);
  };

  /** Runs the work under the job's id and keeps the image that it makes. */
  const keep = async (
    jobId: JobId,
    make: (tools: PipelineTools, signal: AbortSignal) => Promise<Drawn>,
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
        // While the engine is on its way: a browser that cannot draw says so before a raw is fetched for it.
        renderer ??= newRenderer?.();
        return { engineVersion: (await started).engine.version };
      } catch (error) {
        // Its own failure is of no interest where nothing can be drawn.
        started?.catch(() => undefined);
        started = undefined;
        throw error;
      }
    },

    open: (request, findCalibs, onProgress) =>
      keep(request.jobId, (tools, signal) => {
        // The same raw, looked at twice, is fetched and decoded once.
        const there = [...images.values()].find(
          (image): image is HeldImage | HeldUntrimmed => 'source' in image && isOf(image, request),
        );
        if (there) return reduceAgain(there, request.isr, tools, signal);
        return openImage(request, findCalibs, tools, signal, throttled(onProgress), (preview) => {
          images.set(preview.opened.key, preview);
          onProgress?.({ stage: 'growing', opened: preview.opened });
        });
      }),

    preview: (request, findCalibs) =>
      keep(request.jobId, async (tools, signal) => {
        const { openPreview } = await import('./servicePreview.ts');
        return openPreview(request, findCalibs, tools, signal);
      }),

    reduce: (request) =>
      keep(request.jobId, (tools, signal) => reduceAgain(withRaw(request.key), request.isr, tools, signal)),

    async combine({ of, by, how }) {
      const { combined } = await import('./combine.ts');
      const image = combined(await running(), held(of), held(by), how);
      images.set(image.opened.key, image);
      return image.opened;
    },

    async survey(key) {
      return drawn(key).survey();
    },

    async render(request) {
      const { engine } = await running();
      // Behind the first picture: it is loaded when somebody asks.
      const Smoothing =
        request.smoothSigmaPx > 0 ? (await import('./renderer/smoothedBox.ts')).SmoothedBox : undefined;
      const image = drawn(request.key);
      const begin = performance.now();
      const { plane, mask, sorted } = image;
      const { amplifiers, maskPlanes, preview, width, height } = image.opened;
      const binPx = preview?.binPx ?? 1;
      const drawable = { plane, mask, maskPlanes, sorted, amplifiers, binPx, width, height };
      // A context can be lost at any time (driver reset, laptop woken up); a second loss in a row is no accident.
      for (let attempt = 0; attempt < 2; attempt++) {
        if (renderer?.lost) renderer = undefined;
        renderer ??= newRenderer?.();
        if (!renderer) throw new AppError('Bug', 'This image worker does not draw.');
        const bitmap = renderer.draw(engine, drawable, request, Smoothing);
        if (!renderer.lost) return { bitmap, drawMs: performance.now() - begin };
        bitmap.close();
      }
      throw new AppError('WasmFailed', 'The browser keeps losing its graphics context. Reload the page.');
    },

    async readout({ key, at }) {
      return images.get(key)?.readout(at);
    },

    async fits(key) {
      const [tools, { fitsOf }] = await Promise.all([running(), import('./exportFits.ts')]);
      return fitsOf(held(key), tools, new AbortController().signal);
    },

    async region({ key, region, unit }) {
      const image = held(key);
      const { regionOf } = await import('./region.ts');
      return regionOf(image, region, unit);
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

    async sources(key) {
      const { engine } = await running();
      const image = held(key);
      const { sourcesOf } = await import('./sources.ts');
      return sourcesOf(engine, image);
    },

    async pixelsOfSky({ key, skyDeg }) {
      const { sky } = held(key).source;
      const places = new Float64Array(skyDeg.length).fill(Number.NaN);
      if (sky.kind === 'none') return places;
      for (let i = 0; i < places.length; i += 2) {
        const at = sky.toPixel({ raDeg: skyDeg[i] as number, decDeg: skyDeg[i + 1] as number });
        if (at) places.set([at.x, at.y], i);
      }
      return places;
    },

    async fitsTable(file) {
      const { engine } = await running();
      const { readTable } = await import('./fitsTable.ts');
      return readTable(engine, file);
    },

    async health(key) {
      const { source } = withRaw(key);
      // Behind the first picture: it is loaded when somebody asks.
      const { healthOf } = await import('./health.ts');
      return healthOf(source);
    },

    async headers(key) {
      return withRaw(key).source.headers();
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

    async receivedBytes() {
      return receivedBytes();
    },

    async cancel(jobId) {
      jobs.get(jobId)?.abort();
    },
  };
}

function isOf({ source: { request: of } }: HeldImage | HeldUntrimmed, request: OpenRequest): boolean {
  return (
    of.instrument === request.instrument &&
    of.exposure === request.exposure &&
    of.detector === request.detector
  );
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
