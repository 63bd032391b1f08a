/** What is told and measured of the image on the screen, by the worker that holds its pixels. */
import type { StoreApi } from 'zustand/vanilla';
import { AppError } from '../../core/errors.ts';
import type { ImageWorker } from '../../services/workerPool.ts';
import type { ImageKey, OpenedImage, SourcesAnswer } from '../../workers/image/contract.ts';
import type { Examined, ImageState, ImageStore } from './imageState.ts';

/** A night's worth of clicks; older ones are in the saved table. */
const MOST_EXAMINED = 200;

type Measuring = Pick<ImageStore, 'headers' | 'region' | 'cross' | 'examine' | 'sources' | 'health' | 'fits'>;

export function measuring(
  { getState: get, setState: set }: StoreApi<ImageState>,
  worker: ImageWorker,
): Measuring {
  /** Nothing is measured on a preview. */
  const truePixels = (): OpenedImage | null => {
    const { shownAs } = get();
    if (!shownAs?.preview) return shownAs;
    throw new AppError('NotFound', 'Only a preview is here yet: measuring waits for the full pixels.');
  };

  let found: { readonly key: ImageKey; readonly answer: Promise<SourcesAnswer> } | undefined;

  return {
    async headers() {
      const image = truePixels();
      return image ? worker.headers(image.key) : [];
    },
    async region(region, unit) {
      const image = truePixels();
      return image ? worker.region({ key: image.key, region, ...(unit && { unit }) }) : null;
    },
    async cross(request) {
      const image = truePixels();
      return image ? worker.cross({ ...request, key: image.key }) : null;
    },
    async examine(place) {
      const { shown, pointer } = get();
      const image = truePixels();
      const at = place ?? pointer;
      if (!shown || !image) throw new AppError('NotFound', 'There is no image to measure yet.');
      if (!at) throw new AppError('NotFound', 'Point at a star first.');
      const answer = await worker.examine({ key: image.key, at });
      const result: Examined = { exposure: shown, isr: image.isr, at, ...answer };
      set(({ examined }) => ({ examined: [result, ...examined].slice(0, MOST_EXAMINED) }));
      return result;
    },
    async sources() {
      const image = truePixels();
      if (!image) return null;
      if (found?.key !== image.key) found = { key: image.key, answer: worker.sources(image.key) };
      return found.answer;
    },
    async health() {
      const image = truePixels();
      return image ? worker.health(image.key) : null;
    },
    async fits() {
      const image = truePixels();
      if (!image) throw new AppError('NotFound', 'There is no image to save yet.');
      return worker.fits(image.key);
    },
  };
}
