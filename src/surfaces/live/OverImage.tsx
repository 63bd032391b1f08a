/** Loads what lies over the image of a kiosk or panel behind the first picture, and only what the address asks for. */
import { lazy, Suspense } from 'react';
import { useStore } from 'zustand';
import type { ImageStore } from '../../features/image/imageState.ts';

const AddressRegions = lazy(() => import('./AddressRegions.tsx'));
const FoundSources = lazy(() => import('./FoundSources.tsx'));

export interface OverImageProps {
  readonly image: ImageStore;
  /** As the address has them. */
  readonly regions: string;
  readonly onProblems: (problems: readonly string[]) => void;
}

export function OverImage({ image, regions, onProblems }: OverImageProps) {
  const drawn = useStore(image, (s) => s.drawn !== null);
  const sources = useStore(image, (s) => s.overlays.sources);
  const untrimmed = useStore(image, (s) => s.shownAs?.untrimmed);
  if (!drawn || untrimmed) return null;
  return (
    <Suspense fallback={null}>
      {regions !== '' && <AddressRegions image={image} text={regions} onProblems={onProblems} />}
      {sources && <FoundSources image={image} />}
    </Suspense>
  );
}
