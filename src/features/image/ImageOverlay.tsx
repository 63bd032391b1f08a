/** What lies over the pixels, in the view of the frame that is on the screen: amplifiers and their names, pixel grid. */
import { lazy, Suspense } from 'react';
import { useStore } from 'zustand';
import type { DevicePoint, Size, View } from '../../core/camera/view.ts';
import { deviceFromDetector, visibleBox } from '../../core/camera/view.ts';
import type { Box } from '../../core/frames.ts';
import type { Examination } from '../../core/measure/examine.ts';
import { compass } from '../../core/sky/northUp.ts';
import { scaleArcsecPerPx, type TangentPlane } from '../../core/sky/tangentPlane.ts';
import type { AmplifierPlace } from '../../workers/image/contract.ts';
import type { ImageStore } from './imageState.ts';

// Behind the first picture: it is loaded when somebody asks.
const SkyGrid = lazy(() => import('./SkyGrid.tsx'));
const Marks = lazy(() => import('./Marks.tsx'));

/** Below this many device pixels the lines would hide the pixels. */
const GRID_FROM_SCALE = 12;

export function ImageOverlay({ store }: { readonly store: ImageStore }) {
  const drawn = useStore(store, (s) => s.drawn);
  const opened = useStore(store, (s) => s.shownAs);
  const amplifiers = useStore(store, (s) => s.overlays.amplifiers);
  const grid = useStore(store, (s) => s.overlays.pixelGrid);
  const examined = useStore(store, (s) => s.examined);
  const compassOn = useStore(store, (s) => s.overlays.compass);
  const marksOn = useStore(store, (s) => s.overlays.marks);
  const shown = useStore(store, (s) => s.shown);
  const skyGridOn = useStore(store, (s) => s.overlays.skyGrid);
  if (!drawn || !opened) return null;
  const { view, pane } = drawn;
  const marked = examined.filter(({ exposure }) => exposure.exposure === opened.exposure);
  return (
    <svg
      className="image-overlay"
      viewBox={`0 0 ${pane.width} ${pane.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {grid && view.devicePixelsPerPixel >= GRID_FROM_SCALE && (
        <PixelGrid view={view} pane={pane} image={opened} />
      )}
      {marksOn && shown && (
        <Suspense fallback={null}>
          <Marks
            instrument={shown.instrument}
            physicalFilter={shown.physicalFilter}
            view={view}
            pane={pane}
          />
        </Suspense>
      )}
      {skyGridOn && opened.sky.kind !== 'none' && (
        <Suspense fallback={null}>
          <SkyGrid plane={opened.sky.plane} view={view} pane={pane} />
        </Suspense>
      )}
      {compassOn && opened.sky.kind !== 'none' && (
        <Compass plane={opened.sky.plane} view={view} pane={pane} />
      )}
      {marked.map(
        ({ star }, i) => star && <Star key={marked.length - i} star={star} view={view} pane={pane} />,
      )}
      {amplifiers &&
        opened.amplifiers.map((place) => (
          <Amplifier key={place.name} place={place} view={view} pane={pane} />
        ))}
    </svg>
  );
}

interface Placed {
  readonly view: View;
  readonly pane: Size;
}

/** The box's edges are between pixels: half a pixel outside of its first and last centres. */
function corners(box: Box<'Detector'>, { view, pane }: Placed): string {
  return [
    { x: box.x0 - 0.5, y: box.y0 - 0.5 },
    { x: box.x1 - 0.5, y: box.y0 - 0.5 },
    { x: box.x1 - 0.5, y: box.y1 - 0.5 },
    { x: box.x0 - 0.5, y: box.y1 - 0.5 },
  ]
    .map((corner) => deviceFromDetector(corner, view, pane))
    .map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`)
    .join(' ');
}

function Amplifier({ place, view, pane }: Placed & { readonly place: AmplifierPlace }) {
  const { box, name } = place;
  const middle = deviceFromDetector(
    { x: (box.x0 + box.x1 - 1) / 2, y: (box.y0 + box.y1 - 1) / 2 },
    view,
    pane,
  );
  return (
    <g data-amplifier={name}>
      <polygon className="image-amplifier" points={corners(box, { view, pane })} />
      <text className="image-amplifier-name" x={middle.x} y={middle.y}>
        {name}
      </text>
    </g>
  );
}

const ARROW_PX = 36;
/** Round numbers of arcseconds. */
const BARS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300] as const;

/** In the lower left corner, at the scale of the screen. */
function Compass({ plane, view, pane }: Placed & { readonly plane: TangentPlane }) {
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

/** The aperture that its light was counted in. */
function Star({ star, view, pane }: Placed & { readonly star: Examination }) {
  const { x, y } = deviceFromDetector(star, view, pane);
  const radius = Math.max(4, star.apertureRadiusPx * view.devicePixelsPerPixel);
  return <circle className="image-examined-mark" cx={x} cy={y} r={radius} />;
}

function PixelGrid({ view, pane, image }: Placed & { readonly image: Size }) {
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
