/** What keeps the picture from being the pixels as they are; empty where nothing does. */
import type { ImageState } from './imageState.ts';

export function viewNote({ display, shownAs }: Pick<ImageState, 'display' | 'shownAs'>): string {
  const { smoothSigmaPx, bin } = display;
  return [
    ...(shownAs?.untrimmed ? ['raw, overscan shown'] : []),
    ...(smoothSigmaPx > 0 ? [`smoothed view, σ ${smoothSigmaPx} px`] : []),
    ...(bin > 1 ? [`binned ${bin}×${bin} view`] : []),
  ].join(' · ');
}
