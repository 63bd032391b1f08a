/** How an exposure becomes an image: from its raw, with the calibs that are certified for it. */
import type { CalibSet, Exposure } from '../../core/dataId.ts';
import { exposureLabel } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import type { ImageWorker } from '../../services/workerPool.ts';
import type { IsrRecipe, OpenedImage, OpenProgress, OpenRequest } from '../../workers/image/contract.ts';

export interface OpenAsk {
  readonly isr: IsrRecipe;
  /** The user asked for true pixels. */
  readonly full: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: OpenProgress) => void;
  /** A picture that comes before the pixels; who is told owns it. */
  readonly onPreview: (opened: OpenedImage) => void;
}

/** Resolves with true pixels, or with a preview where that is all that is wanted. */
export type Opening = (exposure: Exposure, ask: OpenAsk) => Promise<OpenedImage>;

/** Nothing is on the screen before it is whole. */
export function rawOpening(butler: ButlerClient, worker: ImageWorker): Opening {
  return async (exposure, { isr, signal, onProgress }) => {
    const request = rawRequest(butler, exposure, isr);
    return worker.open(request, calibsOf(butler, exposure, signal), { signal, onProgress });
  };
}

export async function calibsOf(
  butler: ButlerClient,
  exposure: Exposure,
  signal: AbortSignal,
): Promise<CalibSet> {
  return butler.findCalibs(exposure.exposure, rawOf(butler, exposure).detector, signal);
}

export function rawRequest(
  butler: ButlerClient,
  exposure: Exposure,
  isr: IsrRecipe,
): Omit<OpenRequest, 'jobId'> {
  const raw = rawOf(butler, exposure);
  return {
    instrument: exposure.instrument,
    detector: raw.detector,
    exposure: exposure.exposure,
    dayObs: exposure.dayObs,
    observationType: exposure.observationType,
    physicalFilter: exposure.physicalFilter,
    rawUrl: absolute(butler.fileUrlPrefix + raw.datasetId),
    rawBytes: raw.fileBytes,
    fileUrlPrefix: absolute(butler.fileUrlPrefix),
    isr,
    growing: false,
  };
}

function rawOf(butler: ButlerClient, exposure: Exposure): Exposure['raws'][number] {
  const [raw] = exposure.raws;
  if (raw) return raw;
  const message = `${exposureLabel(exposure)} has no raw in ${butler.source}: it has not landed yet or has expired.`;
  throw new AppError('Expired', message);
}

/** A worker resolves relative addresses against its own script. */
function absolute(url: string): string {
  return typeof location === 'undefined' ? url : new URL(url, location.href).href;
}
