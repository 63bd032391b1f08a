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
import type { PaneTools } from './PanePointer.tsx';

const ARROWS: Readonly<Record<string, ScreenStep>> = {
  ArrowLeft: { right: -1, up: 0 },
  ArrowRight: { right: 1, up: 0 },
  ArrowUp: { right: 0, up: 1 },
  ArrowDown: { right: 0, up: -1 },
};

/** Detector pixels of one press: with shift ten times as far. */
const STEP_PX = 1;
const FAST_STEP_PX = 10;
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

/** False when there is none: then the arrow means something else. */
export function moveCrosshair(image: ImageStore, arrow: ScreenStep, fast: boolean): boolean {
  const { crosshair, pointer, held, drawn } = image.getState();
  if (!crosshair || !pointer || !held || !drawn) return false;
  const { dxPx, dyPx } = detectorStep(image, arrow, fast);
  const at = pixelOn(held.opened, { x: pointer.x + dxPx, y: pointer.y + dyPx });
  image.lookAt(at, true);
  keepInSight(image, at, drawn.pane);
  return true;
}

/** False when nothing is chosen. */
export function moveChosen(
  image: ImageStore,
  tools: PaneTools | undefined,
  arrow: ScreenStep,
  fast: boolean,
): boolean {
  const { dxPx, dyPx } = detectorStep(image, arrow, fast);
  return tools?.moveChosen?.(dxPx, dyPx) ?? false;
}

/** What an arrow of the keyboard is on the detector, however the image lies. */
function detectorStep(image: ImageStore, arrow: ScreenStep, fast: boolean) {
  const { dx, dy } = pixelStep(arrow, image.getState().display.orientation);
  const byPx = fast ? FAST_STEP_PX : STEP_PX;
  return { dxPx: dx * byPx, dyPx: dy * byPx };
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

/** The pixel of the image that is nearest to a place. */
export function pixelOn({ width, height }: Size, at: DetectorPixel): DetectorPixel {
  const within = (v: number, size: number) => Math.min(size - 1, Math.max(0, v));
  const { x, y } = pixelAt(at);
  return { x: within(x, width), y: within(y, height) };
}

function pixelAt({ x, y }: DetectorPixel): DetectorPixel {
  return { x: Math.round(x), y: Math.round(y) };
}
