/** North, east and a bar of a round number of arcseconds, about the middle of the frame. */
import type { DevicePoint, Size, View } from '../../core/camera/view.ts';
import { compass } from '../../core/sky/northUp.ts';
import { scaleArcsecPerPx, type TangentPlane } from '../../core/sky/tangentPlane.ts';

interface CompassProps {
  readonly plane: TangentPlane;
  readonly view: View;
  readonly pane: Size;
}

const ARROW_PX = 36;
/** Round numbers of arcseconds. */
const BARS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300] as const;

/** In the lower left corner, at the scale of the screen. */
export function Compass({ plane, view, pane }: CompassProps) {
  const ratio = devicePixelRatio;
  const { north, east } = compass(plane, view);
  const origin = { x: 60 * ratio, y: pane.height - 70 * ratio };
  const end = (way: DevicePoint, length: number) => ({
    x: origin.x + way.x * length * ratio,
    y: origin.y + way.y * length * ratio,
  });
  const arrow = (way: DevicePoint) => {
    const tip = end(way, ARROW_PX);
    return `M${origin.x} ${origin.y}L${tip.x} ${tip.y}`;
  };
  const devicePerArcsec = view.devicePixelsPerPixel / scaleArcsecPerPx(plane);
  const bar = BARS.findLast((arcsec) => arcsec * devicePerArcsec < 140 * ratio) ?? BARS[0];
  const [n, e] = [end(north, ARROW_PX + 10), end(east, ARROW_PX + 10)];
  const foot = pane.height - 16 * ratio;
  return (
    <g data-compass>
      <path className="image-compass" d={`${arrow(north)}${arrow(east)}`} />
      <text className="image-compass-name" x={n.x} y={n.y}>
        N
      </text>
      <text className="image-compass-name" x={e.x} y={e.y}>
        E
      </text>
      <path className="image-compass" d={`M${16 * ratio} ${foot}h${bar * devicePerArcsec}`} />
      <text className="image-compass-name" x={16 * ratio + (bar * devicePerArcsec) / 2} y={foot - 8 * ratio}>
        {bar >= 60 ? `${bar / 60}′` : `${bar}″`}
      </text>
    </g>
  );
}
