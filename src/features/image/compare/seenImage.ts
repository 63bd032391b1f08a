/** Whose brightness is set and whose pixels are saved: the difference or the ratio, where that is what is seen. */
import { useStore } from 'zustand';
import type { ImageStore } from '../imageState.ts';
import type { CompareState, CompareStore } from './compareStore.ts';

export function seenImage(main: ImageStore, { combined }: Pick<CompareState, 'combined'>): ImageStore {
  return combined ?? main;
}

export function useSeenImage(main: ImageStore, compare: CompareStore): ImageStore {
  return useStore(compare, (state) => seenImage(main, state));
}
