/** The regions over the image, in the view of the frame that is on the screen. */
import { useStore } from 'zustand';
import type { Size, View } from '../../../core/camera/view.ts';
import { deviceFromDetector } from '../../../core/camera/view.ts';
import type { DetectorPixel } from '../../../core/frames.ts';
import { handlesOf } from '../../../core/regions/edit.ts';
import { outlineOf, type Outline } from '../../../core/regions/outline.ts';
import type { Region } from '../../../core/regions/region.ts';
import type { ImageStore } from '../imageState.ts';
import './regions.css';
import type { RegionStore } from './regionStore.ts';

export interface RegionOverlayProps {
  readonly image: ImageStore;
  readonly store: RegionStore;
}

export function RegionOverlay({ image, store }: RegionOverlayProps) {
  const regions = useStore(store, (s) => s.regions);
  const selected = useStore(store, (s) => s.selected);
  return <RegionShapes image={image} regions={regions} selected={selected} />;
}

interface RegionShapesProps {
  readonly image: ImageStore;
  readonly regions: readonly Region[];
  readonly selected: string | null;
}

/** To be looked at only. */
export function RegionShapes({ image, regions, selected }: RegionShapesProps) {
  const drawn = useStore(image, (s) => s.drawn);
  if (!drawn || regions.length === 0) return null;
  const { view, pane } = drawn;
  return (
    <svg
      className="image-overlay"
      data-testid="regions"
      viewBox={`0 0 ${pane.width} ${pane.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {regions.map((region) => (
        <Shown key={region.id} region={region} selected={region.id === selected} view={view} pane={pane} />
      ))}
    </svg>
  );
}

interface ShownProps {
  readonly region: Region;
  readonly selected: boolean;
  readonly view: View;
  readonly pane: Size;
}

function Shown({ region, selected, view, pane }: ShownProps) {
  const on = (at: DetectorPixel) => deviceFromDetector(at, view, pane);
  const handle = 3.5 * devicePixelRatio;
  const [firstHandle] = handlesOf(region);
  const label = firstHandle && region.label ? on(firstHandle.at) : null;
  return (
    <g className="region" data-colour={region.colour} data-selected={selected} data-kind={region.kind}>
      {outlineOf(region).map((outline, i) => (
        // The parts of one shape keep their order.
        <Part key={i} outline={outline} on={on} scale={view.devicePixelsPerPixel} />
      ))}
      {selected &&
        handlesOf(region).map(({ handle: name, at }) => {
          const { x, y } = on(at);
          return (
            <rect
              key={String(name)}
              className="region-handle"
              x={x - handle}
              y={y - handle}
              width={2 * handle}
              height={2 * handle}
            />
          );
        })}
      {label && (
        <text className="region-label" x={label.x + 6} y={label.y - 6}>
          {region.label}
        </text>
      )}
    </g>
  );
}

interface PartProps {
  readonly outline: Outline;
  readonly on: (at: DetectorPixel) => { x: number; y: number };
  readonly scale: number;
}

function Part({ outline, on, scale }: PartProps) {
  switch (outline.kind) {
    case 'mark': {
      const { x, y } = on(outline.at);
      const arm = 7 * devicePixelRatio;
      return <path d={`M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`} />;
    }
    case 'circle': {
      const { x, y } = on(outline.centre);
      return <circle cx={x} cy={y} r={outline.radiusPx * scale} />;
    }
    case 'polyline': {
      const points = outline.points.map(on).map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
      return outline.closed ? <polygon points={points.join(' ')} /> : <polyline points={points.join(' ')} />;
    }
  }
}
