/**
 * A kiosk whose address asks for an exposure shows it, but not for ever: nobody is there to take it away, and on a wall an
 * old image passes for the newest. It follows after a while, and at once where there is nothing to show.
 */
import { exposureLabel } from '../../core/dataId.ts';
import { concernsAllImages, isRetryable } from '../../core/errors.ts';
import type { ExposuresStore } from '../../features/exposures/exposuresStore.ts';
import type { ImageStore } from '../../features/image/imageState.ts';

export const PINNED_FOR_MS = 10 * 60_000;

export interface PinnedParts {
  readonly exposures: ExposuresStore;
  readonly image: ImageStore;
  /** The screen follows from here on; why before its time, where that is so. */
  readonly onEnd: (problem: string | null) => void;
}

export function pinnedByAddress({ exposures, image, onEnd }: PinnedParts, signal: AbortSignal): void {
  let stops: readonly (() => void)[] = [];
  const stop = () => stops.forEach((each) => each());
  const end = (problem: string | null) => {
    stop();
    signal.removeEventListener('abort', stop);
    exposures.follow();
    onEnd(problem);
  };
  const timer = setTimeout(() => end(null), PINNED_FOR_MS);
  stops = [
    () => clearTimeout(timer),
    exposures.subscribe(({ missing }) => {
      if (missing?.tag === 'NotFound') end(`${missing.message} ${INSTEAD}`);
    }),
    image.subscribe(({ error, wanted }) => {
      // What passes by itself is waited for.
      if (!error || !wanted || isRetryable(error) || concernsAllImages(error)) return;
      end(`${exposureLabel(wanted)} cannot be shown: ${error.message} ${INSTEAD}`);
    }),
  ];
  signal.addEventListener('abort', stop);
}

const INSTEAD = 'The address asks for it; this screen follows the newest instead.';
