/** The regions of the address over the image of a kiosk or panel, which draw none of their own. */
import { useEffect, useState } from 'react';
import type { ImageStore } from '../../features/image/imageState.ts';
import { RegionShapes } from '../../features/image/regions/RegionOverlay.tsx';
import { regionsOfAddress } from '../regionsAddress.ts';

export interface AddressRegionsProps {
  readonly image: ImageStore;
  readonly text: string;
  /** What of the text is no region. */
  readonly onProblems: (problems: readonly string[]) => void;
}

export default function AddressRegions({ image, text, onProblems }: AddressRegionsProps) {
  const [{ regions, problems }] = useState(() => regionsOfAddress(text, () => crypto.randomUUID()));
  useEffect(() => onProblems(problems), [problems, onProblems]);
  return <RegionShapes image={image} regions={regions} selected={null} />;
}
