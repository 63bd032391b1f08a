/** What keeps the picture from being the pixels as they are; empty where nothing does. */
import type { DisplayState } from './displayState.ts';

export function viewNote({ smoothSigmaPx, bin }: Pick<DisplayState, 'smoothSigmaPx' | 'bin'>): string {
  return [
    ...(smoothSigmaPx > 0 ? [`smoothed view, σ ${smoothSigmaPx} px`] : []),
    ...(bin > 1 ? [`binned ${bin}×${bin} view`] : []),
  ].join(' · ');
}
