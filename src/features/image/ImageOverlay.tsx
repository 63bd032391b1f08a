/** Loads what lies over the pixels behind the first picture, and only when there is something to draw. */
import { lazy, Suspense } from 'react';
import { useStore } from 'zustand';
import type { ImageState, ImageStore } from './imageState.ts';

const OverlayLayers = lazy(() => import('./OverlayLayers.tsx'));

/** Below this many device pixels the lines between pixels would hide them. */
export const GRID_FROM_SCALE = 12;

export function ImageOverlay({ store }: { readonly store: ImageStore }) {
  const something = useStore(store, hasLayers);
  if (!something) return null;
  return (
    <Suspense>
      <OverlayLayers store={store} />
    </Suspense>
  );
}

function hasLayers({ overlays, drawn, examined, crosshair }: ImageState): boolean {
  const { amplifiers, compass, skyGrid, marks, pixelGrid } = overlays;
  const large = (drawn?.view.devicePixelsPerPixel ?? 0) >= GRID_FROM_SCALE;
  return (
    crosshair || amplifiers || compass || skyGrid || marks || (pixelGrid && large) || examined.length > 0
  );
}
