/** The pointer of the keys: lines across the pane that leave its pixel free. */
import { useStore } from 'zustand';
import { deviceFromDetector, type Size, type View } from '../../core/camera/view.ts';
import type { ImageStore } from './imageState.ts';

interface CrosshairProps {
  readonly store: ImageStore;
  readonly view: View;
  readonly pane: Size;
}

/** CSS pixels from the place to its lines, where a detector pixel is not larger. */
const GAP_PX = 6;

export function Crosshair({ store, view, pane }: CrosshairProps) {
  const at = useStore(store, (s) => (s.crosshair ? s.pointer : null));
  if (!at) return null;
  const { x, y } = deviceFromDetector(at, view, pane);
  const gap = Math.max(GAP_PX * devicePixelRatio, 0.75 * view.devicePixelsPerPixel);
  const lines = `M0 ${y}H${x - gap}M${x + gap} ${y}H${pane.width}M${x} 0V${y - gap}M${x} ${y + gap}V${pane.height}`;
  return (
    <g data-testid="crosshair">
      <path className="image-crosshair-edge" d={lines} />
      <path className="image-crosshair" d={lines} />
    </g>
  );
}
