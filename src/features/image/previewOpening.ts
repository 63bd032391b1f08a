/**
 * Opening with a picture before the pixels: the amplifiers that have arrived and, over a link on which a raw takes long,
 * the service's preview of it.
 */
import type { Exposure } from '../../core/dataId.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import type { ImageWorker } from '../../services/workerPool.ts';
import type { OpenedImage, OpenProgress } from '../../workers/image/contract.ts';
import { LinkRate } from './linkRate.ts';
import { calibsOf, type OpenAsk, type Opening, rawRequest } from './opening.ts';

/**
 * - `auto`: a preview comes first where the link is slow, and the pixels follow.
 * - `full`: no preview.
 * - `preview`: the pixels follow when they are asked for.
 */
export const PIXEL_CHOICES = ['auto', 'full', 'preview'] as const;
export type PixelChoice = (typeof PIXEL_CHOICES)[number];

/** A raw that takes longer, or what is missing of it, is preceded by its preview. */
const LONG_S = 3;
/** A service that is this slow is no help: the pixels themselves are asked for. */
const PREVIEW_WITHIN_MS = 8000;

export function previewOpening(
  butler: ButlerClient,
  worker: ImageWorker,
  choice: () => PixelChoice,
  rate = new LinkRate(),
  previewWithinMs = PREVIEW_WITHIN_MS,
): Opening {
  const preview = async (exposure: Exposure, ask: OpenAsk) => {
    const request = rawRequest(butler, exposure, ask.isr);
    const signal = AbortSignal.any([ask.signal, AbortSignal.timeout(previewWithinMs)]);
    return worker.preview(request, calibsOf(butler, exposure, signal), { signal });
  };

  const full = async (
    exposure: Exposure,
    ask: OpenAsk,
    { growing, onRate }: { readonly growing: boolean; readonly onRate?: (bytes: number) => void },
  ): Promise<OpenedImage> => {
    const { isr, signal } = ask;
    const request = { ...rawRequest(butler, exposure, isr), growing };
    rate.begin();
    return worker.open(request, calibsOf(butler, exposure, signal), {
      signal,
      onProgress(progress: OpenProgress) {
        if (progress.stage === 'growing') return ask.onPreview(progress.opened);
        if (progress.stage === 'fetching' && rate.note(progress.bytes)) onRate?.(progress.bytes);
        ask.onProgress(progress);
      },
    });
  };

  /** The raw, until its bytes turn out to come slowly. */
  const fullWhileFast = async (exposure: Exposure, ask: OpenAsk): Promise<OpenedImage | 'slow'> => {
    const [raw] = exposure.raws;
    const giving = new AbortController();
    try {
      const signal = AbortSignal.any([ask.signal, giving.signal]);
      const onRate = (bytes: number) => {
        if (rate.secondsFor((raw?.fileBytes ?? 0) - bytes) > LONG_S) giving.abort();
      };
      return await full(exposure, { ...ask, signal }, { growing: true, onRate });
    } catch (thrown) {
      if (giving.signal.aborted && !ask.signal.aborted) return 'slow';
      throw thrown;
    }
  };

  return async (exposure, ask) => {
    // Previews are trimmed.
    const wanted = ask.full || ask.isr.untrimmed ? 'full' : choice();
    if (wanted === 'full') return full(exposure, ask, { growing: !ask.full });
    if (wanted === 'auto' && !(rate.secondsFor(exposure.raws[0]?.fileBytes ?? 0) > LONG_S)) {
      const opened = await fullWhileFast(exposure, ask);
      if (opened !== 'slow') return opened;
    }
    let previewed = false;
    try {
      const opened = await preview(exposure, ask);
      if (wanted === 'preview') return opened;
      ask.onPreview(opened);
      previewed = true;
    } catch (thrown) {
      // The pixels themselves may still be had, and say better what is wrong.
      if (ask.signal.aborted) throw thrown;
    }
    // All of the detector is seen: a part of it would be a step back.
    return full(exposure, ask, { growing: !previewed });
  };
}
