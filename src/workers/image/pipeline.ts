/** From the URL of a raw to a reduced image: fetch, decode while fetching, ISR, display limits. */
import type { Engine, FitsStream, Hdu, Plane } from 'astro-fits-wasm';
import type { Amplifier, DetectorGeometry } from '../../core/camera/geometry.ts';
import { dataSectionText, geometryFor } from '../../core/camera/instruments.ts';
import { AppError, toAppError } from '../../core/errors.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { nextTurn, orCancelled, runInBands, throwIfCancelled } from '../shared/yielding.ts';
import type { CalibCache, HeldCalib } from './calibCache.ts';
import type { ImageStamps, IsrStep, OpenedImage, OpenProgress, OpenRequest } from './contract.ts';
import { Download, nowUnixMs } from './download.ts';
import { HeldImage } from './heldImage.ts';
import type { CalibName, CalibPlan } from './recipe.ts';
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
  const geometry = geometryFor(request.instrument, request.detector);
  const fetchStarted = nowUnixMs();
  const download = new Download(request.rawUrl, `The raw of exposure ${request.exposure}`, tools.fetch, (d) =>
    onProgress({ stage: 'fetching', bytes: d.bytes, totalBytes: d.totalBytes ?? request.rawBytes }),
  );
  const cancelled = () => download.cancel();
  signal.addEventListener('abort', cancelled, { once: true });
  const calibs = settleCalibs(request, geometry, tools.calibs);
  let raws: RawSegments | undefined;
  try {
    throwIfCancelled(signal);
    raws = await decodeRaw(engine, geometry, download, signal, onProgress);
    const decoded = nowUnixMs();
    const settled = await orCancelled(calibs, signal);
    const plane = await reduce(request, engine, geometry, raws, settled, signal, onProgress);
    const reduced = nowUnixMs();
    const fetched = download.fetched ?? decoded;
    raws.free();
    try {
      const opened = await describe(request, engine, plane, signal, {
        steps: [
          { name: 'overscan', done: true, with: 'median per row' },
          { name: 'assembly', done: true, with: `${geometry.instrument} ${geometry.name}` },
          ...settled.map((c) => c.step),
        ],
        warnings: [...raws.warnings, ...settled.flatMap((c) => c.warning ?? [])],
        stamps: { fetchStarted, fetched, decoded, reduced },
        bytes: download.bytes,
      });
      return new HeldImage(engine, geometry, { opened, plane, rawBytes: download.chunks });
    } catch (error) {
      engine.free(plane);
      throw error;
    }
  } finally {
    raws?.free();
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

interface RawSegments {
  /** In the order of the geometry's amplifiers. */
  readonly planes: readonly { readonly amplifier: Amplifier; readonly plane: Plane }[];
  readonly warnings: readonly string[];
  free(): void;
}

async function decodeRaw(
  engine: Engine,
  geometry: DetectorGeometry,
  download: Download,
  signal: AbortSignal,
  onProgress: (progress: OpenProgress) => void,
): Promise<RawSegments> {
  await download.opened();
  const { totalBytes } = download;
  const stream = engine.openStream(totalBytes === null ? {} : { expectedBytes: totalBytes });
  const planes = new Map<string, Plane>();
  const free = () => {
    for (const plane of planes.values()) engine.free(plane);
    planes.clear();
  };
  try {
    const headerSections = new Map<string, string | undefined>();
    const decodeArrived = async () => {
      for (const hdu of stream.hdus) {
        const amplifier = geometry.amplifiers.find((a) => a.hduName === hdu.name);
        if (!amplifier || planes.has(hdu.name) || !hdu.complete) continue;
        planes.set(hdu.name, await decodeSegment(stream, hdu, amplifier, signal));
        headerSections.set(hdu.name, hdu.header.text('DATASEC'));
        onProgress({ stage: 'decoding', fraction: planes.size / geometry.amplifiers.length });
      }
    };
    for (;;) {
      const chunk = await download.read();
      throwIfCancelled(signal);
      if (!chunk) break;
      stream.push(chunk);
      await decodeArrived();
    }
    stream.end();
    await decodeArrived();
    return {
      planes: geometry.amplifiers.map((amplifier) => {
        const plane = planes.get(amplifier.hduName);
        if (!plane) throw missingSegment(geometry, planes, amplifier);
        return { amplifier, plane };
      }),
      warnings: sectionWarnings(geometry, headerSections),
      free,
    };
  } catch (error) {
    free();
    throw error;
  } finally {
    stream.free();
  }
}

function missingSegment(
  geometry: DetectorGeometry,
  found: ReadonlyMap<string, unknown>,
  amplifier: Amplifier,
): AppError {
  return new AppError(
    'MalformedFits',
    `The raw has no HDU ${amplifier.hduName}: ${found.size} of ${geometry.amplifiers.length} segments are there.`,
    { keyword: 'EXTNAME' },
  );
}

async function decodeSegment(
  stream: FitsStream,
  hdu: Hdu,
  amplifier: Amplifier,
  signal: AbortSignal,
): Promise<Plane> {
  // Older raws have fewer overscan columns; data and at least some overscan must be there.
  if (
    hdu.height !== amplifier.rawHeight ||
    hdu.width < amplifier.data.x1 + 8 ||
    hdu.width > amplifier.rawWidth
  ) {
    throw new AppError(
      'UnsupportedFits',
      `${hdu.name} is ${hdu.width} x ${hdu.height}; the camera geometry has ${amplifier.rawWidth} x ${amplifier.rawHeight}.`,
      { hduIndex: hdu.index },
    );
  }
  try {
    const decoding = stream.decode(hdu);
    await runInBands(decoding, signal);
    const { plane } = decoding;
    decoding.free();
    return plane;
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.tag !== 'MalformedFits') throw error;
    const detail = { hduIndex: hdu.index, ...error.detail };
    throw new AppError(error.tag, `${hdu.name}: ${error.message}`, detail, { cause: thrown });
  }
}

/** The geometry table wins over the header; that they differ is worth a note. */
function sectionWarnings(
  geometry: DetectorGeometry,
  sections: ReadonlyMap<string, string | undefined>,
): readonly string[] {
  const differing = geometry.amplifiers.flatMap((amplifier) => {
    const header = sections.get(amplifier.hduName)?.replaceAll(' ', '');
    const expected = dataSectionText(amplifier);
    return header === undefined || header === expected ? [] : [{ name: amplifier.hduName, header, expected }];
  });
  const [first] = differing;
  if (!first) return [];
  const where = differing.length === 1 ? first.name : `${differing.length} segments`;
  return [
    `DATASEC of ${where} is ${first.header}, the camera geometry has ${first.expected}; the geometry was used.`,
  ];
}

async function reduce(
  request: OpenRequest,
  engine: Engine,
  geometry: DetectorGeometry,
  raws: RawSegments,
  calibs: readonly SettledCalib[],
  signal: AbortSignal,
  onProgress: (progress: OpenProgress) => void,
): Promise<Plane> {
  const calibPlane = (name: CalibName) => calibs.find((c) => c.step.name === name)?.held?.plane;
  const [bias, dark, flat] = [calibPlane('bias'), calibPlane('dark'), calibPlane('flat')];
  const reduction = engine.reduce({
    width: geometry.width,
    height: geometry.height,
    overscan: true,
    amplifiers: raws.planes.map(({ amplifier, plane }) => ({
      raw: plane,
      data: amplifier.data,
      serialOverscan: { ...amplifier.serialOverscan, x1: plane.width },
      detector: amplifier.detector,
      flipX: amplifier.flipX,
      flipY: amplifier.flipY,
    })),
    ...(bias && { bias }),
    // Masters are in adu per second of dark time.
    ...(dark && { dark, darkScale: request.darkTimeSeconds }),
    ...(flat && { flat }),
  });
  onProgress({ stage: 'reducing', fraction: 0 });
  await runInBands(reduction, signal);
  const { plane } = reduction;
  reduction.free();
  return plane;
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
