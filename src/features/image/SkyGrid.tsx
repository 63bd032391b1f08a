/** Lines of right ascension and declination with their values. About the middle of the frame, as compass and scale bar. */
import type { DevicePoint, Size, View } from '../../core/camera/view.ts';
import { skyGrid, type SkyGridLine } from '../../core/sky/skyGrid.ts';
import { formatRaDec, type TangentPlane } from '../../core/sky/tangentPlane.ts';

/** Labels keep so far from the pane's edges, in CSS pixels. */
const MARGIN_PX = 14;

export interface SkyGridProps {
  readonly plane: TangentPlane;
  readonly view: View;
  readonly pane: Size;
}

export function SkyGrid({ plane, view, pane }: SkyGridProps) {
  return (
    <g data-sky-grid>
      {skyGrid(plane, view, pane).map((line) => {
        const points = line.points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
        const label = labelPlace(line, pane);
        return (
          <g key={`${line.kind}${line.valueDeg}`} data-kind={line.kind}>
            <polyline className="image-sky-grid" points={points} />
            {label && (
              <text className="image-sky-label" x={label.x} y={label.y} data-kind={line.kind}>
                {valueText(line)}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** Right ascensions stand at the upper end of their line, declinations at the left one, where both are in the pane. */
function labelPlace({ kind, points }: SkyGridLine, pane: Size): DevicePoint | undefined {
  const margin = MARGIN_PX * devicePixelRatio;
  const inside = ({ x, y }: DevicePoint) =>
    x > margin && y > margin && x < pane.width - margin && y < pane.height - margin;
  const order = (at: DevicePoint) => (kind === 'ra' ? at.y : at.x);
  return points.filter(inside).toSorted((a, b) => order(a) - order(b))[0];
}

/** Steps are round: of seconds only what is not zero. */
function valueText({ kind, valueDeg }: SkyGridLine): string {
  const [ra = '', dec = ''] = formatRaDec(
    kind === 'ra' ? { raDeg: valueDeg, decDeg: 0 } : { raDeg: 0, decDeg: valueDeg },
  ).split(' ');
  return (kind === 'ra' ? ra : dec).replace(/\.0+$/, '');
}
