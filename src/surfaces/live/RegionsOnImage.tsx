/** Loads what draws regions behind the first picture, and only for an address that has some. */
import { lazy, Suspense } from 'react';
import { useStore } from 'zustand';
import type { ImageStore } from '../../features/image/imageState.ts';

const AddressRegions = lazy(() => import('./AddressRegions.tsx'));

export function RegionsOnImage({ image }: { readonly image: ImageStore }) {
  const drawn = useStore(image, (s) => s.drawn !== null);
  if (!drawn || !new URLSearchParams(location.search).has('regions')) return null;
  return (
    <Suspense fallback={null}>
      <AddressRegions image={image} />
    </Suspense>
  );
}
