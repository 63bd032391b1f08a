/** From the URL of a raw to an image: fetch, decode and reduce while fetching, what the display wants to know of it. */
import type { Engine } from 'astro-fits-wasm';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import type { UnixMs } from '../../core/time.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { nextTurn, orCancelled, throwIfCancelled } from '../shared/yielding.ts';
import type { CalibCache } from './calibCache.ts';
import type {
  FindCalibs,
  ImageKey,
  ImageSky,
  ImageStamps,
  IsrRecipe,
  OpenedImage,
  OpenProgress,
  OpenRequest,
} from './contract.ts';
import { Download, nowUnixMs } from './download.ts';
import { HeldImage } from './heldImage.ts';
import type { HeldUntrimmed } from './heldUntrimmed.ts';
import type { HeldPreview } from './heldPreview.ts';
import { RawSource } from './rawSource.ts';
import type { Reduced } from './reduction.ts';
import { reduce, settleSteps } from './reduction.ts';
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
  findCalibs: FindCalibs,
  tools: PipelineTools,
  signal: AbortSignal,
  onProgress: (progress: OpenProgress) => void,
  onPreview: (preview: HeldPreview) => void,
): Promise<HeldImage | HeldUntrimmed> {
  const { engine } = tools;
  const fetchStarted = nowUnixMs();
  const download = new Download(request.rawUrl, `The raw of exposure ${request.exposure}`, tools.fetch, (d) =>
    onProgress({ stage: 'fetching', bytes: d.bytes, totalBytes: d.totalBytes ?? request.rawBytes }),
  );
  const cancelled = () => download.cancel();
  signal.addEventListener('abort', cancelled, { once: true });
  let source: RawSource | undefined;
  // Before the answer's head is here, so that the calibs are found and fetched beside the raw.
  const geometry: DetectorGeometry = engine.camera(request.instrument, request.detector);
  const finding = findCalibs();
  const settling = finding.then((calibs) =>
    settleSteps({ request, calibs, geometry }, request.isr, tools.calibs),
  );
  // It is waited for behind the raw's own answer, whose failure comes first.
  settling.catch(() => undefined);
  // Only who wants it loads it, meanwhile; an image comes without it, too.
  const growing =
    request.growing && !request.isr.untrimmed ? import('./growing.ts').catch(() => undefined) : undefined;
  try {
    throwIfCancelled(signal);
    await download.opened();
    const settled = await orCancelled(settling, signal);
    const facts = { request, calibs: await finding, geometry };
    const raw = (source = new RawSource(engine, facts, download.totalBytes).hold());
    let decoded: UnixMs | undefined;
    const feed = async () => {
      const chunk = await download.read();
      throwIfCancelled(signal);
      if (chunk) raw.stream.push(chunk);
      else raw.stream.end();
      raw.refuseOtherSizes();
      const segments = raw.stream.hdus.filter(({ complete, width }) => complete && width > 0).length;
      onProgress({ stage: 'decoding', fraction: Math.min(1, segments / geometry.amplifiers.length) });
    };
    const onRead = () => {
      decoded = nowUnixMs();
    };
    const pictures = await growing;
    const growth = pictures && { of: raw, settled, fetchStarted, bytes: () => download.bytes };
    const onStep = growth && pictures.follow(tools, growth, onPreview);
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
    void settling.then(
      (settled) => settled.release(),
      () => undefined,
    );
  }
}

/** The same raw, reduced in another way. */
export async function reduceAgain(
  image: HeldImage | HeldUntrimmed,
  isr: IsrRecipe,
  tools: PipelineTools,
  signal: AbortSignal,
): Promise<HeldImage | HeldUntrimmed> {
  const { source, opened } = image;
  source.hold();
  const settling = settleSteps(source, isr, tools.calibs);
  try {
    const settled = await orCancelled(settling, signal);
    const reduced = await reduce(tools.engine, source, isr, settled, signal);
    return await held(tools, source, isr, reduced, signal, opened);
  } finally {
    void settling.then((settled) => settled.release());
    source.release();
  }
}

function skyOf({ sky }: RawSource): ImageSky {
  if (sky.kind === 'none') return { kind: 'none', reason: sky.reason };
  const { kind, label, note, plane } = sky;
  return { kind, label, note, plane };
}

async function held(
  tools: PipelineTools,
  source: RawSource,
  isr: IsrRecipe,
  { plane, mask, variance, report, steps, warnings }: Reduced,
  signal: AbortSignal,
  facts: { readonly stamps: ImageStamps; readonly bytes: number },
): Promise<HeldImage | HeldUntrimmed> {
  const { engine, newKey } = tools;
  // Made for the step that follows it; nobody looks at it on the screen.
  if (variance) engine.free(variance);
  if (isr.untrimmed) {
    engine.free(plane);
    if (mask) engine.free(mask);
    const { HeldUntrimmed: Untrimmed } = await import('./heldUntrimmed.ts');
    throwIfCancelled(signal);
    const { stamps, bytes } = facts;
    return new Untrimmed(tools, source, { isr, steps, warnings, stamps, bytes });
  }
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
      untrimmed: false,
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
