/** Whose brightness is set and whose pixels are saved: the difference or the ratio, where that is what is seen. */
import { useStore } from 'zustand';
import type { Combination } from '../../../workers/image/contract.ts';
import type { ImageStore } from '../imageState.ts';
import { type CompareMode, type CompareState, type CompareStore, isCombination } from './compareStore.ts';

export function seenImage(main: ImageStore, { combined }: Pick<CompareState, 'combined'>): ImageStore {
  return combined ?? main;
}

/** Null where what is seen is one image, or images beside each other. */
export function combinedAs({ combined, mode }: Pick<CompareState, 'combined' | 'mode'>): Combination | null {
  return combined && isCombination(mode) ? mode : null;
}

/** How the pane shows more than the image alone; null also where a difference or a ratio is not there. */
export function seenMode({
  mode,
  others,
  combined,
}: Pick<CompareState, 'mode' | 'others' | 'combined'>): CompareMode | null {
  return others.length > 0 && (!isCombination(mode) || combined) ? mode : null;
}

export function useSeenImage(main: ImageStore, compare: CompareStore): ImageStore {
  return useStore(compare, (state) => seenImage(main, state));
}
