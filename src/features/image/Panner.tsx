/** The whole image in a corner while the pane shows a part of it, with that part framed; a drag of it pans. */
import { useRef, useState } from 'react';
import { useStore } from 'zustand';
import {
  centredOn,
  detectorFromDevice,
  type DevicePoint,
  deviceFromDetector,
  type Size,
  type View,
} from '../../core/camera/view.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import { useBeside } from './besidePicture.ts';
import type { ImageState, ImageStore } from './imageState.ts';
import './view.css';

const SIDE_PX = 160;
/** A pane that is not so many times as wide and high is needed for the picture. */
const LEAST_PANE = 2.5;
/** Radius of the circle that stands for a smaller frame. */
const LEAST_FRAME_PX = 5;

export default function Panner({ store }: { readonly store: ImageStore }) {
  const drawn = useStore(store, (s) => s.drawn);
  if (!drawn || showsAll(drawn.view, drawn.opened, drawn.pane)) return null;
  const { width, height } = drawn.pane;
  if (Math.min(width, height) < LEAST_PANE * SIDE_PX * devicePixelRatio) return null;
  return <Overview store={store} view={drawn.view} pane={drawn.pane} />;
}

function showsAll(view: View, image: Size, pane: Size): boolean {
  const corners = [
    { x: -0.5, y: -0.5 },
    { x: image.width - 0.5, y: -0.5 },
    { x: -0.5, y: image.height - 0.5 },
    { x: image.width - 0.5, y: image.height - 0.5 },
  ];
  // A fitted image touches the pane's edges.
  const slack = 1;
  return corners
    .map((corner) => deviceFromDetector(corner, view, pane))
    .every(({ x, y }) => x >= -slack && y >= -slack && x <= pane.width + slack && y <= pane.height + slack);
}

/** Smoothing and binning would take time and not be seen. */
const look = ({ display }: ImageState) => ({
  view: 'fit' as const,
  display: { ...display, smoothSigmaPx: 0, bin: 1 as const },
});

const changed = (now: ImageState, before: ImageState) =>
  now.drawn?.opened !== before.drawn?.opened ||
  now.drawn?.display !== before.drawn?.display ||
  now.survey !== before.survey ||
  now.overlays.mask !== before.overlays.mask ||
  now.maskLooks !== before.maskLooks;

interface OverviewProps {
  readonly store: ImageStore;
  /** Of the picture. */
  readonly view: View;
  readonly pane: Size;
}

function Overview({ store, view, pane }: OverviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  /** From the pointer to the middle of the pane, while it is dragged. */
  const held = useRef<DetectorPixel | null>(null);
  const [whole, setWhole] = useState<View | null>(null);
  const [size] = useState<Size>(() => {
    const side = Math.round(SIDE_PX * devicePixelRatio);
    return { width: side, height: side };
  });
  const [beside] = useState(() => ({
    pane: size,
    look,
    changed,
    presented: (frame: { readonly view: View }) => setWhole(frame.view),
  }));
  useBeside(store, canvas, beside);
  const under = (event: React.PointerEvent<HTMLElement>): DetectorPixel | null => {
    const rect = event.currentTarget.getBoundingClientRect();
    const at = {
      x: ((event.clientX - rect.left) / rect.width) * size.width,
      y: ((event.clientY - rect.top) / rect.height) * size.height,
    };
    return whole && detectorFromDevice(at, whole, size);
  };
  const moveTo = (at: DetectorPixel | null) => {
    const { held: image } = store.getState();
    if (!at || !held.current || !image) return;
    const centre = { x: at.x + held.current.x, y: at.y + held.current.y };
    store.setView(centredOn(centre, view, image.opened));
  };
  return (
    <div
      className="image-panner"
      data-testid="panner"
      title="The whole image; drag to pan (P hides it)"
      style={{ width: SIDE_PX, height: SIDE_PX }}
      onPointerDown={(event) => {
        const at = under(event);
        if (event.button !== 0 || !at) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        // What is taken hold of stays under the pointer; elsewhere the frame comes to it.
        const { x, y } = deviceFromDetector(at, view, pane);
        const inside = x >= 0 && y >= 0 && x < pane.width && y < pane.height;
        held.current = inside ? { x: view.centre.x - at.x, y: view.centre.y - at.y } : { x: 0, y: 0 };
        moveTo(at);
      }}
      onPointerMove={(event) => moveTo(under(event))}
      onPointerUp={() => (held.current = null)}
      onPointerCancel={() => (held.current = null)}
    >
      <canvas ref={canvas} width={size.width} height={size.height} role="img" aria-label="The whole image" />
      {whole && (
        <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
          <Visible view={view} pane={pane} whole={whole} size={size} />
        </svg>
      )}
    </div>
  );
}

interface VisibleProps {
  readonly view: View;
  readonly pane: Size;
  /** The overview's own. */
  readonly whole: View;
  readonly size: Size;
}

/** What the pane shows; where that is next to nothing, a circle about it. */
function Visible({ view, pane, whole, size }: VisibleProps) {
  const ratio = whole.devicePixelsPerPixel / view.devicePixelsPerPixel;
  if (Math.max(pane.width, pane.height) * ratio < 2 * LEAST_FRAME_PX * devicePixelRatio) {
    const { x, y } = deviceFromDetector(view.centre, whole, size);
    return <circle className="image-panner-visible" cx={x} cy={y} r={LEAST_FRAME_PX * devicePixelRatio} />;
  }
  const points = cornersOf(pane)
    .map((corner) => detectorFromDevice(corner, view, pane))
    .map((corner) => deviceFromDetector(corner, whole, size))
    .map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
  return <polygon className="image-panner-visible" points={points.join(' ')} />;
}

function cornersOf({ width, height }: Size): readonly DevicePoint[] {
  return [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: width, y: height },
    { x: 0, y: height },
  ];
}
