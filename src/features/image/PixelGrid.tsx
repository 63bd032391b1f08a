/** Lines between detector pixels. */
import { deviceFromDetector, type Size, type View, visibleBox } from '../../core/camera/view.ts';

interface PixelGridProps {
  readonly view: View;
  readonly pane: Size;
  readonly image: Size;
}

export function PixelGrid({ view, pane, image }: PixelGridProps) {
  const box = visibleBox(view, image, pane);
  const line = (x0: number, y0: number, x1: number, y1: number) => {
    const a = deviceFromDetector({ x: x0, y: y0 }, view, pane);
    const b = deviceFromDetector({ x: x1, y: y1 }, view, pane);
    return `M${a.x.toFixed(1)} ${a.y.toFixed(1)}L${b.x.toFixed(1)} ${b.y.toFixed(1)}`;
  };
  const lines: string[] = [];
  for (let x = box.x0; x <= box.x1; x++) lines.push(line(x - 0.5, box.y0 - 0.5, x - 0.5, box.y1 - 0.5));
  for (let y = box.y0; y <= box.y1; y++) lines.push(line(box.x0 - 0.5, y - 0.5, box.x1 - 0.5, y - 0.5));
  return <path className="image-pixel-grid" d={lines.join('')} />;
}
