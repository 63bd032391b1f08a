/** Markers of the catalogues' rows, the chosen ones larger, and the frame that is being drawn. */
import { useMemo } from 'react';
import { useStore } from 'zustand';
import type { DevicePoint, Size, View } from '../../../core/camera/view.ts';
import { detectorFromDevice, deviceFromDetector } from '../../../core/camera/view.ts';
import type { Box, DetectorPixel } from '../../../core/frames.ts';
import type { ImageStore } from '../imageState.ts';
import '../regions/regions.css';
import './catalogue.css';
import type { CatalogueState, CatalogueStore, ShownCatalogue } from './catalogueStore.ts';

const RADIUS_PX = 7;
const CHOSEN_RADIUS_PX = 11;
/** Circles for so many at a time; more of them are dots, which are quick to draw. */
const MOST_CIRCLES = 3000;
const DOT_PX = 2;

export interface CatalogueOverlayProps {
  readonly image: ImageStore;
  readonly store: CatalogueStore;
}

export default function CatalogueOverlay({ image, store }: CatalogueOverlayProps) {
  const drawn = useStore(image, (s) => s.drawn);
  const { catalogues, active, chosen, brush } = useStore(store);
  if (!drawn || (catalogues.length === 0 && !brush)) return null;
  const { view, pane } = drawn;
  return (
    <svg
      className="image-overlay"
      data-testid="catalogues"
      viewBox={`0 0 ${pane.width} ${pane.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {catalogues
        .filter(({ visible }) => visible)
        .map((catalogue) => (
          <Markers
            key={catalogue.id}
            catalogue={catalogue}
            chosen={catalogue.id === active ? chosen : NONE}
            view={view}
            pane={pane}
          />
        ))}
      {brush && <Brush {...brush} view={view} pane={pane} />}
    </svg>
  );
}

export const NONE: CatalogueState['chosen'] = new Set();

export interface MarkersProps {
  readonly catalogue: Pick<ShownCatalogue, 'at' | 'colour' | 'name'>;
  readonly chosen: CatalogueState['chosen'];
  readonly view: View;
  readonly pane: Size;
}

export function Markers({ catalogue, chosen, view, pane }: MarkersProps) {
  const { at, colour, name } = catalogue;
  const { all, few } = useMemo(() => {
    const { x0, y0, x1, y1 } = inSight(view, pane);
    const seen: { row: number; x: number; y: number }[] = [];
    for (let row = 0; 2 * row < at.length; row++) {
      const [x, y] = [at[2 * row] as number, at[2 * row + 1] as number];
      if (x > x0 && x < x1 && y > y0 && y < y1)
        seen.push({ row, ...deviceFromDetector({ x, y }, view, pane) });
    }
    return { all: seen, few: seen.filter(({ row }) => chosen.has(row)) };
  }, [at, view, pane, chosen]);
  const circles = all.length <= MOST_CIRCLES;
  const scale = devicePixelRatio;
  return (
    <g
      className="region catalogue-markers"
      data-colour={colour}
      data-catalogue={name}
      data-seen={all.length}
      data-chosen={few.length}
    >
      <path
        className={circles ? undefined : 'catalogue-dots'}
        d={all.map((p) => (circles ? circle(p, RADIUS_PX * scale) : dot(p, DOT_PX * scale))).join('')}
      />
      {few.length > 0 && (
        <path className="catalogue-chosen" d={few.map((p) => circle(p, CHOSEN_RADIUS_PX * scale)).join('')} />
      )}
    </g>
  );
}

/** What the pane shows and a little more; rows far off, of which there may be many, cost next to nothing by it. */
function inSight(view: View, pane: Size): Box<'Detector'> {
  const corners = [0, pane.width].flatMap((x) =>
    [0, pane.height].map((y) => detectorFromDevice({ x, y }, view, pane)),
  );
  const margin = (2 * CHOSEN_RADIUS_PX * devicePixelRatio) / view.devicePixelsPerPixel;
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  return {
    x0: Math.min(...xs) - margin,
    y0: Math.min(...ys) - margin,
    x1: Math.max(...xs) + margin,
    y1: Math.max(...ys) + margin,
  };
}

function circle({ x, y }: DevicePoint, radius: number): string {
  return `M${(x - radius).toFixed(1)} ${y.toFixed(1)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0`;
}

function dot({ x, y }: DevicePoint, side: number): string {
  return `M${(x - side / 2).toFixed(1)} ${(y - side / 2).toFixed(1)}h${side}v${side}h${-side}z`;
}

interface BrushProps {
  readonly from: DetectorPixel;
  readonly to: DetectorPixel;
  readonly view: View;
  readonly pane: Size;
}

function Brush({ from, to, view, pane }: BrushProps) {
  const points = [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }]
    .map((corner) => deviceFromDetector(corner, view, pane))
    .map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
  return <polygon className="catalogue-brush" points={points.join(' ')} />;
}
