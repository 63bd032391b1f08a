/** The regions of the address over the image of a kiosk or panel, which draw none of their own. */
import { useState } from 'react';
import { regionsFromText } from '../../core/regions/addressText.ts';
import type { ImageStore } from '../../features/image/imageState.ts';
import { RegionShapes } from '../../features/image/regions/RegionOverlay.tsx';

export default function AddressRegions({ image }: { readonly image: ImageStore }) {
  const [regions] = useState(() => {
    const text = new URLSearchParams(location.search).get('regions') ?? '';
    return regionsFromText(text, () => crypto.randomUUID()).regions;
  });
  return <RegionShapes image={image} regions={regions} selected={null} />;
}
