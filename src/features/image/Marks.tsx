/** Boresight and sweet spot, where the detector has them. */
import type { Size, View } from '../../core/camera/view.ts';
import { deviceFromDetector } from '../../core/camera/view.ts';
import { marksOf } from '../../core/camera/latissMarks.ts';

export interface MarksProps {
  readonly instrument: string;
  readonly physicalFilter: string;
  readonly view: View;
  readonly pane: Size;
}

const ARM_PX = 11;

export function Marks({ instrument, physicalFilter, view, pane }: MarksProps) {
  const arm = ARM_PX * devicePixelRatio;
  const gap = arm / 3;
  return (
    <g data-marks>
      {marksOf(instrument, physicalFilter).map(({ name, at }) => {
        const { x, y } = deviceFromDetector(at, view, pane);
        const cross = `M${x - arm} ${y}H${x - gap}M${x + gap} ${y}H${x + arm}M${x} ${y - arm}V${y - gap}M${x} ${y + gap}V${y + arm}`;
        return (
          <g key={name} data-mark={name}>
            <path className="image-mark" d={cross} />
            <text className="image-sky-label" x={x + gap} y={y + gap}>
              {name}
            </text>
          </g>
        );
      })}
    </g>
  );
}
