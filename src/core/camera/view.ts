/**
 * What part of a detector a pane shows, and how it lies there. A view is the detector point in the middle of the pane,
 * a scale in device pixels per detector pixel, and an orientation; pane coordinates here are device pixels, y
 * downwards, origin at the upper left corner.
 */
import type { DetectorPixel } from '../frames.ts';

/** The image is first mirrored in x, when `mirrored`, then turned counter-clockwise as seen on the screen. */
export interface Orientation {
  /** In [0, 360). */
  readonly rotationDeg: number;
  readonly mirrored: boolean;
}

export interface View extends Orientation {
  readonly centre: DetectorPixel;
  readonly devicePixelsPerPixel: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface DevicePoint {
  readonly x: number;
  readonly y: number;
}

/** One of the two is 1 or -1, the other 0. */
export interface ScreenStep {
  readonly right: number;
  readonly up: number;
}

/** The Data Management (afw) orientation: x to the right, y upwards. */
export const DM_ORIENTATION: Orientation = { rotationDeg: 0, mirrored: false };

const LARGEST_SCALE = 64;

interface Axes {
  readonly cos: number;
  readonly sin: number;
  readonly mirror: 1 | -1;
}

function axesOf({ rotationDeg, mirrored }: Orientation): Axes {
  const mirror = mirrored ? -1 : 1;
  // Quarter turns are exact, so that pixels stay square to the screen.
  if (rotationDeg % 90 === 0) {
    const quarter = (((rotationDeg / 90) % 4) + 4) % 4;
    return { cos: [1, 0, -1, 0][quarter] ?? 1, sin: [0, 1, 0, -1][quarter] ?? 0, mirror };
  }
  const angle = (rotationDeg * Math.PI) / 180;
  return { cos: Math.cos(angle), sin: Math.sin(angle), mirror };
}

/**
 * Column by column, the matrix that takes a step on the screen (device pixels, x right, y UP) to one on the detector.
 */
export function detectorFromScreen(view: View): readonly [number, number, number, number] {
  const { cos, sin, mirror } = axesOf(view);
  const s = view.devicePixelsPerPixel;
  return [(mirror * cos) / s, -sin / s, (mirror * sin) / s, cos / s];
}

/** The step by one detector pixel that comes nearest to one to the right, or upwards, on the screen. */
export function pixelStep(
  { right, up }: ScreenStep,
  orientation: Orientation,
): { readonly dx: number; readonly dy: number } {
  const { cos, sin, mirror } = axesOf(orientation);
  return Math.abs(cos) >= Math.abs(sin)
    ? { dx: mirror * Math.sign(cos) * right, dy: Math.sign(cos) * up }
    : { dx: mirror * Math.sign(sin) * up, dy: -Math.sign(sin) * right };
}

/** The whole detector, as large as it goes. */
export function fitView(image: Size, pane: Size, orientation: Orientation = DM_ORIENTATION): View {
  const { cos, sin } = axesOf(orientation);
  const width = Math.abs(cos) * image.width + Math.abs(sin) * image.height;
  const height = Math.abs(sin) * image.width + Math.abs(cos) * image.height;
  return {
    // Pixel centres are integers, so the frame runs from -0.5 to width - 0.5.
    centre: { x: (image.width - 1) / 2, y: (image.height - 1) / 2 },
    devicePixelsPerPixel: Math.min(pane.width / width, pane.height / height),
    rotationDeg: orientation.rotationDeg,
    mirrored: orientation.mirrored,
  };
}

export function detectorFromDevice(at: DevicePoint, view: View, pane: Size): DetectorPixel {
  const [xx, yx, xy, yy] = detectorFromScreen(view);
  const [right, up] = [at.x - pane.width / 2, pane.height / 2 - at.y];
  return {
    x: view.centre.x + xx * right + xy * up,
    y: view.centre.y + yx * right + yy * up,
  };
}

export function deviceFromDetector(at: DetectorPixel, view: View, pane: Size): DevicePoint {
  const { cos, sin, mirror } = axesOf(view);
  const dx = mirror * (at.x - view.centre.x) * view.devicePixelsPerPixel;
  const dy = (at.y - view.centre.y) * view.devicePixelsPerPixel;
  return { x: pane.width / 2 + cos * dx - sin * dy, y: pane.height / 2 - (sin * dx + cos * dy) };
}

/** Zooms so that the detector point under `at` stays under it. Stops at half the fitted scale and at 64:1. */
export function zoomedAbout(at: DevicePoint, factor: number, view: View, image: Size, pane: Size): View {
  const smallest = Math.min(1, fitView(image, pane, view).devicePixelsPerPixel) / 2;
  const scale = Math.min(LARGEST_SCALE, Math.max(smallest, view.devicePixelsPerPixel * factor));
  const under = detectorFromDevice(at, view, pane);
  const moved = detectorFromDevice(at, { ...view, devicePixelsPerPixel: scale }, pane);
  const centre = { x: view.centre.x + under.x - moved.x, y: view.centre.y + under.y - moved.y };
  return keptInside({ ...view, centre, devicePixelsPerPixel: scale }, image);
}

/** The image follows the pointer by this many device pixels. */
export function pannedBy(dx: number, dy: number, view: View, image: Size): View {
  const [xx, yx, xy, yy] = detectorFromScreen(view);
  const centre = { x: view.centre.x - xx * dx + xy * dy, y: view.centre.y - yx * dx + yy * dy };
  return keptInside({ ...view, centre }, image);
}

/** With that detector point in the middle of the pane, or the nearest of the detector. */
export function centredOn(centre: DetectorPixel, view: View, image: Size): View {
  return keptInside({ ...view, centre }, image);
}

/** Turned and mirrored about the middle of the pane. */
export function oriented(view: View, { rotationDeg, mirrored }: Orientation): View {
  return { ...view, rotationDeg: ((rotationDeg % 360) + 360) % 360, mirrored };
}

/** The detector's box that a pane shows, half-open in whole pixels, cut off at the detector's edges. */
export function visibleBox(view: View, image: Size, pane: Size) {
  const corners = [
    { x: 0, y: 0 },
    { x: pane.width, y: 0 },
    { x: 0, y: pane.height },
    { x: pane.width, y: pane.height },
  ].map((corner) => detectorFromDevice(corner, view, pane));
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const within = (v: number, size: number) => Math.min(size, Math.max(0, v));
  return {
    x0: within(Math.floor(Math.min(...xs) + 0.5), image.width),
    y0: within(Math.floor(Math.min(...ys) + 0.5), image.height),
    x1: within(Math.ceil(Math.max(...xs) + 0.5), image.width),
    y1: within(Math.ceil(Math.max(...ys) + 0.5), image.height),
  };
}

/** The middle of the pane never leaves the detector, so that the image cannot be lost. */
function keptInside(view: View, image: Size): View {
  const clamp = (v: number, size: number) => Math.min(size - 0.5, Math.max(-0.5, v));
  return {
    ...view,
    centre: { x: clamp(view.centre.x, image.width), y: clamp(view.centre.y, image.height) },
  };
}
