/** From the URL of a raw to an image: fetch, decode and reduce while fetching, what the display wants to know of it. */
import type { Engine, IsrJob } from 'astro-fits-wasm';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import { AppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { nextTurn, orCancelled, throwIfCancelled } from '../shared/yielding.ts';
import type { CalibCache } from './calibCache.ts';
import type {
  Combination,
  ImageKey,
  ImageSky,
  ImageStamps,
  IsrRecipe,
  OpenedImage,
  OpenProgress,
  OpenRequest,
} from './contract.ts';
import { Download, nowUnixMs } from './download.ts';
import { CELL_PX, type Cells, Growing } from './growing.ts';
import { HeldImage } from './heldImage.ts';
import { HeldPreview } from './heldPreview.ts';
import { RawSource } from './rawSource.ts';
import type { Reduced, SettledSteps } from './reduction.ts';
import { plannedSteps, reduce, settleSteps } from './reduction.ts';
import { sampled } from './sampled.ts';

export interface PipelineTools {
  readonly engine: Engine;
  readonly calibs: CalibCache;
  readonly fetch: FetchLike;
  /** Never the same twice. */
  readonly newKey: () => ImageKey;
}

export async function openImage(
  request: OpenRequest,
  tools: PipelineTools,
  signal: AbortSignal,
  onProgress: (progress: OpenProgress) => void,
  onPreview: (preview: HeldPreview) => void,
): Promise<HeldImage> {
  const { engine } = tools;
  const fetchStarted = nowUnixMs();
  const download = new Download(request.rawUrl, `The raw of exposure ${request.exposure}`, tools.fetch, (d) =>
    onProgress({ stage: 'fetching', bytes: d.bytes, totalBytes: d.totalBytes ?? request.rawBytes }),
  );
  const cancelled = () => download.cancel();
  signal.addEventListener('abort', cancelled, { once: true });
  let source: RawSource | undefined;
  // Before the answer's head is here, so that the calibs are fetched beside the raw.
  const geometry: DetectorGeometry = engine.camera(request.instrument, request.detector);
  const settling = settleSteps(request, geometry, request.isr, tools.calibs);
  try {
    throwIfCancelled(signal);
    await download.opened();
    const settled = await orCancelled(settling, signal);
    const raw = (source = new RawSource(engine, request, geometry, download.totalBytes).hold());
    let decoded: UnixMs | undefined;
    const feed = async () => {
      const chunk = await download.read();
      throwIfCancelled(signal);
      if (chunk) raw.stream.push(chunk);
      else raw.stream.end();
      const segments = raw.stream.hdus.filter(({ complete, width }) => complete && width > 0).length;
      onProgress({ stage: 'decoding', fraction: Math.min(1, segments / geometry.amplifiers.length) });
    };
    const onRead = () => {
      decoded = nowUnixMs();
    };
    const growing =
      request.growing && Growing.canFollow(settled)
        ? new Growing(raw, ({ cells, share }) => {
            const stamps = { fetchStarted, fetched: nowUnixMs(), decoded: nowUnixMs(), reduced: nowUnixMs() };
            const facts = { share, stamps, bytes: download.bytes };
            onPreview(grown(tools, raw, settled, cells, facts));
          })
        : undefined;
    const onStep = growing && ((job: IsrJob, waiting: boolean) => growing.look(job, waiting));
    const hooks = { feed, onRead, ...(onStep && { onStep }) };
    const reduced = await reduce(engine, raw, request.isr, settled, signal, hooks);
    onProgress({ stage: 'reducing', fraction: 1 });
    decoded ??= nowUnixMs();
    return await held(tools, raw, request.isr, reduced, signal, {
      // Bytes after the last segment have no part in the image: it had all it needs when that was decoded.
      stamps: {
        fetchStarted,
        fetched: Math.min(download.fetched ?? decoded, decoded),
        decoded,
        reduced: nowUnixMs(),
      },
      bytes: download.bytes,
    });
  } finally {
    download.cancel();
    signal.removeEventListener('abort', cancelled);
    source?.release();
    // Released whenever they come, also after a cancel; the cache keeps them for the next exposure.
    void settling.then((settled) => settled.release());
  }
}

/** What there is of an image that is being made. */
function grown(
  { engine, newKey }: PipelineTools,
  { request, geometry }: RawSource,
  settled: SettledSteps,
  cells: Cells,
  facts: { readonly share: number; readonly stamps: ImageStamps; readonly bytes: number },
): HeldPreview {
  const plane = engine.plane('f32', cells.width, cells.height);
  cells.meansInto(plane.view() as Float32Array);
  const steps = plannedSteps(settled);
  const unit = steps.some(({ name, done }) => name === 'gain' && done) ? 'electron' : 'adu';
  const key = newKey();
  return new HeldPreview(engine, plane, { ...facts, key, request, geometry, binPx: CELL_PX, unit, steps });
}

/** The same raw, reduced in another way. */
export async function reduceAgain(
  image: HeldImage,
  isr: IsrRecipe,
  tools: PipelineTools,
  signal: AbortSignal,
): Promise<HeldImage> {
  const { source, opened } = image;
  source.hold();
  const settling = settleSteps(source.request, source.geometry, isr, tools.calibs);
  try {
    const settled = await orCancelled(settling, signal);
    const reduced = await reduce(tools.engine, source, isr, settled, signal);
    return await held(tools, source, isr, reduced, signal, opened);
  } finally {
    void settling.then((settled) => settled.release());
    source.release();
  }
}

/** The image as a file, with the variance, which images on the screen go without. */
export async function fitsOf(
  { source, opened }: HeldImage,
  { engine, calibs }: PipelineTools,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  source.hold();
  const isr = { ...opened.isr, switched: { ...opened.isr.switched, variance: true } };
  const settled = await settleSteps(source.request, source.geometry, isr, calibs);
  let reduced: Reduced | undefined;
  try {
    reduced = await reduce(engine, source, isr, settled, signal);
    const { writeFits } = await import('./exportFits.ts');
    return await writeFits(engine, source, reduced);
  } finally {
    for (const plane of [reduced?.plane, reduced?.mask, reduced?.variance]) if (plane) engine.free(plane);
    settled.release();
    source.release();
  }
}

/** A new image whose pixels are those of two others, taken from or divided by each other. */
export function combined(
  { engine, newKey }: PipelineTools,
  of: HeldImage,
  by: HeldImage,
  how: Combination,
): HeldImage {
  const { width, height } = of.plane;
  if (by.plane.width !== width || by.plane.height !== height) {
    const sizes = `${width} x ${height} and ${by.plane.width} x ${by.plane.height}`;
    throw new AppError('UnsupportedFits', `Images of ${sizes} pixels cannot be compared pixel by pixel.`);
  }
  if (of.opened.unit !== by.opened.unit) {
    const message = `One image is in ${of.opened.unit}, the other in ${by.opened.unit}: reduce both alike first.`;
    throw new AppError('UnsupportedFits', message);
  }
  const plane = engine.plane('f32', width, height);
  const [out, a, b] = [plane, of.plane, by.plane].map((each) => each.view() as Float32Array);
  if (!out || !a || !b) throw new AppError('Bug', 'A plane without pixels.');
  // A pixel that is divided by nothing has no value.
  if (how === 'difference') for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  else for (let i = 0; i < out.length; i++) out[i] = b[i] === 0 ? Number.NaN : a[i]! / b[i]!;
  const { statistics, sorted } = sampled(engine, plane, of.opened.amplifiers);
  const unit = how === 'difference' ? of.opened.unit : 'ratio';
  const opened: OpenedImage = { ...of.opened, key: newKey(), unit, statistics, maskPlanes: {} };
  return new HeldImage(engine, {
    opened,
    source: of.source,
    plane,
    mask: undefined,
    report: of.report,
    sorted,
  });
}

function skyOf({ sky }: RawSource): ImageSky {
  if (sky.kind === 'none') return { kind: 'none', reason: sky.reason };
  const { kind, label, note, plane } = sky;
  return { kind, label, note, plane };
}

async function held(
  { engine, newKey }: PipelineTools,
  source: RawSource,
  isr: IsrRecipe,
  { plane, mask, variance, report, steps, warnings }: Reduced,
  signal: AbortSignal,
  facts: { readonly stamps: ImageStamps; readonly bytes: number },
): Promise<HeldImage> {
  // Made for the step that follows it; nobody looks at it on the screen.
  if (variance) engine.free(variance);
  try {
    await nextTurn();
    throwIfCancelled(signal);
    const amplifiers = source.geometry.amplifiers.map(({ name, detector }) => ({ name, box: detector }));
    const { statistics, sorted } = sampled(engine, plane, amplifiers);
    const opened: OpenedImage = {
      key: newKey(),
      exposure: source.request.exposure,
      isr,
      preview: null,
      width: plane.width,
      height: plane.height,
      unit: report.unit,
      steps,
      warnings,
      statistics,
      amplifiers,
      maskPlanes: report.mask_planes,
      sky: skyOf(source),
      stamps: facts.stamps,
      bytes: facts.bytes,
    };
    return new HeldImage(engine, { opened, source, plane, mask, report, sorted });
  } catch (error) {
    engine.free(plane);
    if (mask) engine.free(mask);
    throw error;
  }
}
