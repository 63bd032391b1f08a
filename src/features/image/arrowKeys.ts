/** The image by the arrow keys: panned, and pointed at by a crosshair where there is no mouse. */
import {
  deviceFromDetector,
  oriented,
  pixelStep,
  type ScreenStep,
  type Size,
  type View,
} from '../../core/camera/view.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type { ImageState, ImageStore } from './imageState.ts';

const ARROWS: Readonly<Record<string, ScreenStep>> = {
  ArrowLeft: { right: -1, up: 0 },
  ArrowRight: { right: 1, up: 0 },
  ArrowUp: { right: 0, up: 1 },
  ArrowDown: { right: 0, up: -1 },
};

/** Detector pixels of one press: with shift ten times as far. */
export const STEP_PX = 1;
export const FAST_STEP_PX = 10;
/** Of the pane's shorter side. */
const PAN_SHARE = 1 / 8;
/** Of the pane's shorter side: nearer to the edge the view goes along with the crosshair. */
const MARGIN_SHARE = 1 / 16;

export function arrowOf(key: string): ScreenStep | undefined {
  return ARROWS[key];
}

/** The view goes where the arrow points, and the pixels the other way. */
export function panByArrow(image: ImageStore, { right, up }: ScreenStep): void {
  const { drawn } = image.getState();
  if (!drawn) return;
  const byPx = Math.min(drawn.pane.width, drawn.pane.height) * PAN_SHARE;
  image.panBy(-right * byPx, up * byPx);
}

/** At the pixel under the mouse, or in the middle of the pane; false where there is no image to put it on. */
export function toggleCrosshair(image: ImageStore): boolean {
  const state = image.getState();
  const { crosshair, pointer, drawn } = state;
  if (crosshair) image.lookAt(null);
  else if (drawn) image.lookAt(pixelAt(pointer ?? (zoomedView(state) ?? drawn.view).centre), true);
  return drawn !== null;
}

export function moveCrosshair(image: ImageStore, step: ScreenStep, byPx: number): void {
  const { pointer, held, drawn, display } = image.getState();
  if (!pointer || !held || !drawn) return;
  const { dx, dy } = pixelStep(step, display.orientation);
  const within = (v: number, size: number) => Math.min(size - 1, Math.max(0, v));
  const { x, y } = pixelAt(pointer);
  const { width, height } = held.opened;
  const at: DetectorPixel = { x: within(x + dx * byPx, width), y: within(y + dy * byPx, height) };
  image.lookAt(at, true);
  keepInSight(image, at, drawn.pane);
}

function keepInSight(image: ImageStore, at: DetectorPixel, pane: Size): void {
  const view = zoomedView(image.getState());
  // The whole image is in sight.
  if (!view) return;
  const margin = Math.min(pane.width, pane.height) * MARGIN_SHARE;
  const place = deviceFromDetector(at, view, pane);
  const shift = (v: number, size: number) => Math.min(size - margin, Math.max(margin, v)) - v;
  const [dx, dy] = [shift(place.x, pane.width), shift(place.y, pane.height)];
  if (dx !== 0 || dy !== 0) image.panBy(dx, dy);
}

/** As asked for, not as drawn: a key that is held is ahead of the frames. */
function zoomedView({ view, display }: ImageState): View | null {
  return view === 'fit' ? null : oriented(view, display.orientation);
}

function pixelAt({ x, y }: DetectorPixel): DetectorPixel {
  return { x: Math.round(x), y: Math.round(y) };
}
