/** What lies over the pixels, in the view of the frame that is on the screen. */
import { useStore } from 'zustand';
import type { Size, View } from '../../core/camera/view.ts';
import { deviceFromDetector } from '../../core/camera/view.ts';
import type { Box } from '../../core/frames.ts';
import type { Examination } from '../../core/measure/examine.ts';
import type { AmplifierPlace } from '../../workers/image/contract.ts';
import { Compass } from './Compass.tsx';
import { Crosshair } from './Crosshair.tsx';
import { GRID_FROM_SCALE } from './ImageOverlay.tsx';
import type { ImageStore } from './imageState.ts';
import { Marks } from './Marks.tsx';
import { PixelGrid } from './PixelGrid.tsx';
import { SkyGrid } from './SkyGrid.tsx';

export default function OverlayLayers({ store }: { readonly store: ImageStore }) {
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
  // Stars and marks have their places on the detector.
  const marked = opened.untrimmed
    ? []
    : examined.filter(({ exposure }) => exposure.exposure === opened.exposure);
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
      {marksOn && shown && !opened.untrimmed && (
        <Marks instrument={shown.instrument} physicalFilter={shown.physicalFilter} view={view} pane={pane} />
      )}
      {skyGridOn && opened.sky.kind !== 'none' && (
        <SkyGrid plane={opened.sky.plane} view={view} pane={pane} />
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
      <Crosshair store={store} view={view} pane={pane} />
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
  const { box, name, data } = place;
  const middle = deviceFromDetector(
    { x: (box.x0 + box.x1 - 1) / 2, y: (box.y0 + box.y1 - 1) / 2 },
    view,
    pane,
  );
  return (
    <g data-amplifier={name}>
      <polygon className="image-amplifier" points={corners(box, { view, pane })} />
      {data && (
        <polygon className="image-amplifier image-amplifier-data" points={corners(data, { view, pane })} />
      )}
      <text className="image-amplifier-name" x={middle.x} y={middle.y}>
        {name}
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
