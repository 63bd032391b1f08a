/** The pixels about the pointer as they are, large, beside it; the one under the pointer is marked. */
import { useRef, useState } from 'react';
import { useStore } from 'zustand';
import { deviceFromDetector } from '../../core/camera/view.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import { useBeside } from './besidePicture.ts';
import type { ImageState, ImageStore } from './imageState.ts';
import './view.css';

/** Odd, so that the pixel under the pointer is in the middle. */
const PIXELS = 13;
/** CSS pixels that a detector pixel is wide. */
const PIXEL_PX = 12;
const SIDE_PX = PIXELS * PIXEL_PX;
/** From the pointer to the nearest corner. */
const BESIDE_PX = 24;

const pixelAt = ({ x, y }: DetectorPixel): DetectorPixel => ({ x: Math.round(x), y: Math.round(y) });

const look = ({ pointer, display }: ImageState) =>
  pointer && {
    view: {
      centre: pixelAt(pointer),
      devicePixelsPerPixel: PIXEL_PX * devicePixelRatio,
      ...display.orientation,
    },
    // Of the pixels as the readout tells them.
    display: { ...display, smoothSigmaPx: 0, bin: 1 as const },
  };

const changed = (now: ImageState, before: ImageState) => {
  if (now.drawn?.opened !== before.drawn?.opened || now.drawn?.display !== before.drawn?.display) return true;
  if (!now.pointer || !before.pointer) return now.pointer !== before.pointer;
  const [a, b] = [pixelAt(now.pointer), pixelAt(before.pointer)];
  return a.x !== b.x || a.y !== b.y;
};

export default function Magnifier({ store }: { readonly store: ImageStore }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointer = useStore(store, (s) => s.pointer);
  const drawn = useStore(store, (s) => s.drawn);
  const [shows, setShows] = useState<DetectorPixel | null>(null);
  const [side] = useState(() => Math.round(SIDE_PX * devicePixelRatio));
  const [beside] = useState(() => ({
    pane: { width: side, height: side },
    look,
    changed,
    presented: (frame: { readonly view: { readonly centre: DetectorPixel } }) => setShows(frame.view.centre),
  }));
  useBeside(store, canvas, beside);
  const at = pointer && drawn && deviceFromDetector(pointer, drawn.view, drawn.pane);
  const middle = SIDE_PX / 2;
  return (
    <div
      className="image-magnifier"
      data-testid="magnifier"
      data-x={shows?.x}
      data-y={shows?.y}
      style={{
        visibility: at && shows ? 'visible' : 'hidden',
        left: at ? placed(at.x / devicePixelRatio, drawn.pane.width / devicePixelRatio) : 0,
        top: at ? placed(at.y / devicePixelRatio, drawn.pane.height / devicePixelRatio) : 0,
        width: SIDE_PX,
        height: SIDE_PX,
      }}
    >
      <canvas ref={canvas} width={side} height={side} role="img" aria-label="The pixels about the pointer" />
      <svg viewBox={`0 0 ${SIDE_PX} ${SIDE_PX}`} aria-hidden="true">
        <rect
          className="image-magnifier-mark"
          x={middle - PIXEL_PX / 2}
          y={middle - PIXEL_PX / 2}
          width={PIXEL_PX}
          height={PIXEL_PX}
        />
      </svg>
    </div>
  );
}

/** After the pointer, or before it where there is no room. */
function placed(pointerPx: number, lengthPx: number): number {
  const after = pointerPx + BESIDE_PX;
  return after + SIDE_PX <= lengthPx ? after : Math.max(0, pointerPx - BESIDE_PX - SIDE_PX);
}
