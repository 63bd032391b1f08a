/** From the URL of a raw to a reduced image: fetch, decode while fetching, ISR, display limits. */
import type { Engine, FitsStream, IsrReport, Plane, StepName } from 'astro-fits-wasm';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import { AppError, toAppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import type { RowWork } from '../shared/yielding.ts';
import { nextTurn, orCancelled, runInBands, throwIfCancelled } from '../shared/yielding.ts';
import type { CalibCache, HeldCalib } from './calibCache.ts';
import type { ImageStamps, IsrStep, OpenedImage, OpenProgress, OpenRequest } from './contract.ts';
import { Download, nowUnixMs } from './download.ts';
import { HeldImage } from './heldImage.ts';
import type { CalibPlan } from './recipe.ts';
import { calibStep, planCalibs } from './recipe.ts';

export interface PipelineTools {
  readonly engine: Engine;
  readonly calibs: CalibCache;
  readonly fetch: FetchLike;
}

/** A calib that the recipe wants, once it is known whether it can be had. */
interface SettledCalib {
  readonly step: IsrStep;
  readonly held: HeldCalib | undefined;
  readonly warning: string | undefined;
}

export async function openImage(
  request: OpenRequest,
  tools: PipelineTools,
  signal: AbortSignal,
  onProgress: (progress: OpenProgress) => void,
): Promise<HeldImage> {
  const { engine } = tools;
  const geometry: DetectorGeometry = engine.camera(request.instrument, request.detector);
  const fetchStarted = nowUnixMs();
  const download = new Download(request.rawUrl, `The raw of exposure ${request.exposure}`, tools.fetch, (d) =>
    onProgress({ stage: 'fetching', bytes: d.bytes, totalBytes: d.totalBytes ?? request.rawBytes }),
  );
  const cancelled = () => download.cancel();
  signal.addEventListener('abort', cancelled, { once: true });
  const calibs = settleCalibs(request, geometry, tools.calibs);
  try {
    throwIfCancelled(signal);
    await download.opened();
    const settled = await orCancelled(calibs, signal);
    const { plane, report, decoded } = await reduce(engine, geometry, download, settled, signal, onProgress);
    const reduced = nowUnixMs();
    try {
      const opened = await describe(request, engine, plane, signal, {
        steps: stepsOf(report, settled),
        warnings: [...oncePerKind(report.warnings), ...settled.flatMap((c) => c.warning ?? [])],
        // Bytes after the last segment have no part in the image: it had all it needs when that was decoded.
        stamps: { fetchStarted, fetched: Math.min(download.fetched ?? decoded, decoded), decoded, reduced },
        bytes: download.bytes,
      });
      return new HeldImage(engine, geometry, { opened, plane, rawBytes: download.chunks });
    } catch (error) {
      engine.free(plane);
      throw error;
    }
  } finally {
    download.cancel();
    signal.removeEventListener('abort', cancelled);
    // Released whenever they come, also after a cancel; the cache keeps them for the next exposure.
    void calibs.then((settled) => settled.forEach((c) => c.held?.release()));
  }
}

/** Never rejects: a calib that cannot be had is a step that is skipped and says why. */
function settleCalibs(
  request: OpenRequest,
  geometry: DetectorGeometry,
  cache: CalibCache,
): Promise<readonly SettledCalib[]> {
  return Promise.all(
    planCalibs(request).map(async (plan): Promise<SettledCalib> => {
      const step = calibStep(plan, request.physicalFilter);
      if (!plan.use) return { step, held: undefined, warning: undefined };
      try {
        const url = `${request.fileUrlPrefix}${plan.use.datasetId}`;
        return { step, held: await cache.acquire(plan.use, url, geometry), warning: undefined };
      } catch (thrown) {
        return skippedForError(plan, toAppError(thrown));
      }
    }),
  );
}

function skippedForError(plan: CalibPlan, error: AppError): SettledCalib {
  const skippedBecause = `its file cannot be used: ${error.message}`;
  return {
    step: { name: plan.name, done: false, skippedBecause },
    held: undefined,
    warning: `Without ${plan.name}: ${error.message}`,
  };
}

/** What every exposure gets, whatever its type. The mask and the variance are made for those who ask the engine. */
const ALWAYS: readonly StepName[] = ['serial-overscan', 'parallel-overscan', 'assemble'];

interface Reduced {
  readonly plane: Plane;
  readonly report: IsrReport;
  /** When the last segment had been decoded. */
  readonly decoded: UnixMs;
}

/** The engine decodes each segment as soon as its bytes are there and takes the overscan off while it is in cache. */
async function reduce(
  engine: Engine,
  geometry: DetectorGeometry,
  download: Download,
  settled: readonly SettledCalib[],
  signal: AbortSignal,
  onProgress: (progress: OpenProgress) => void,
): Promise<Reduced> {
  const { totalBytes } = download;
  const stream = engine.openStream(totalBytes === null ? {} : { expectedBytes: totalBytes });
  const held = settled.flatMap(({ step, held: calib }) =>
    calib ? [{ name: step.name, calib: calib.calib }] : [],
  );
  const job = engine.isr(stream, {
    steps: [...ALWAYS, ...held.map(({ name }) => name)],
    calibs: Object.fromEntries(held.map(({ calib }) => [calib.kind, calib])),
  });
  let decoded: UnixMs | undefined;
  const work: RowWork & { waiting: boolean } = {
    waiting: false,
    step(maxRows) {
      const reading = job.currentStep === 'read';
      const state = job.step(maxRows);
      this.waiting = state === 'waiting';
      // Segments are decoded and reduced in turn: the last time that reading ends counts.
      if (reading && job.currentStep !== 'read') decoded = nowUnixMs();
      return state !== 'more';
    },
    free: () => job.free(),
  };
  try {
    for (;;) {
      await runInBands(work, signal);
      if (!work.waiting) break;
      const chunk = await download.read();
      throwIfCancelled(signal);
      if (chunk) stream.push(chunk);
      else stream.end();
      const segments = stream.hdus.filter(({ complete, width }) => complete && width > 0).length;
      onProgress({ stage: 'decoding', fraction: Math.min(1, segments / geometry.amplifiers.length) });
    }
    onProgress({ stage: 'reducing', fraction: 1 });
    return { plane: job.image, report: job.report, decoded: decoded ?? nowUnixMs() };
  } catch (thrown) {
    throw named(toAppError(thrown), stream);
  } finally {
    job.free();
    stream.free();
  }
}

/** Says which segment a broken HDU is. */
function named(error: AppError, stream: FitsStream): AppError {
  const { hduIndex } = error.detail;
  const name = typeof hduIndex === 'number' ? stream.hdus[hduIndex]?.name : undefined;
  if (!name || error.tag !== 'MalformedFits' || error.message.includes(name)) return error;
  return new AppError(error.tag, `${name}: ${error.message}`, error.detail, { cause: error });
}

/** What is said of several segments in the same words is one line: that of the first, with their number. */
function oncePerKind(warnings: readonly string[]): readonly string[] {
  const kinds = new Map<string, { readonly first: string; count: number }>();
  for (const warning of warnings) {
    const kind = warning.replaceAll(/Segment\d\d/g, 'Segment');
    const seen = kinds.get(kind);
    if (seen) seen.count += 1;
    else kinds.set(kind, { first: warning, count: 1 });
  }
  return [...kinds.values()].map(({ first, count }) =>
    count === 1 ? `${first}.` : `${first}; the same holds for ${count - 1} more segments.`,
  );
}

/** What the engine did, with the words of the recipe for calibs: their collection, or why there was none. */
function stepsOf(report: IsrReport, settled: readonly SettledCalib[]): readonly IsrStep[] {
  const done = report.steps.map((step): IsrStep => {
    if (!step.done) return { name: step.name, done: false, skippedBecause: step.reason };
    const calib = settled.find((c) => c.step.name === step.name);
    return calib?.step ?? { name: step.name, done: true, with: step.with };
  });
  return [...done, ...settled.flatMap(({ step }) => (done.some((s) => s.name === step.name) ? [] : [step]))];
}

interface Facts {
  readonly steps: readonly IsrStep[];
  readonly warnings: readonly string[];
  readonly stamps: ImageStamps;
  readonly bytes: number;
}

async function describe(
  request: OpenRequest,
  engine: Engine,
  plane: Plane,
  signal: AbortSignal,
  facts: Facts,
): Promise<OpenedImage> {
  await nextTurn();
  throwIfCancelled(signal);
  const zscale = engine.zscale(plane);
  await nextTurn();
  throwIfCancelled(signal);
  const { min, max, percentiles } = engine.statistics(plane, [0.005, 0.995]);
  return {
    exposure: request.exposure,
    width: plane.width,
    height: plane.height,
    unit: 'adu',
    zscale,
    minmax: [min, max],
    percentile99: [percentiles[0] ?? min, percentiles[1] ?? max],
    ...facts,
  };
}
