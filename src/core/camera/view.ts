/**
 * What part of a detector a pane shows. A view is the detector point in the middle of the pane and a scale in device
 * pixels per detector pixel; pane coordinates here are device pixels, y downwards, origin at the upper left corner.
 */
import type { DetectorPixel } from '../frames.ts';

export interface View {
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

const LARGEST_SCALE = 64;

/** The whole detector, as large as it goes. */
export function fitView(image: Size, pane: Size): View {
  return {
    // Pixel centres are integers, so the frame runs from -0.5 to width - 0.5.
    centre: { x: (image.width - 1) / 2, y: (image.height - 1) / 2 },
    devicePixelsPerPixel: Math.min(pane.width / image.width, pane.height / image.height),
  };
}

export function detectorFromDevice(at: DevicePoint, view: View, pane: Size): DetectorPixel {
  return {
    x: view.centre.x + (at.x - pane.width / 2) / view.devicePixelsPerPixel,
    y: view.centre.y - (at.y - pane.height / 2) / view.devicePixelsPerPixel,
  };
}

export function deviceFromDetector(at: DetectorPixel, view: View, pane: Size): DevicePoint {
  return {
    x: pane.width / 2 + (at.x - view.centre.x) * view.devicePixelsPerPixel,
    y: pane.height / 2 - (at.y - view.centre.y) * view.devicePixelsPerPixel,
  };
}

/** Zooms so that the detector point under `at` stays under it. Stops at half the fitted scale and at 64:1. */
export function zoomedAbout(at: DevicePoint, factor: number, view: View, image: Size, pane: Size): View {
  const smallest = fitView(image, pane).devicePixelsPerPixel / 2;
  const wanted = view.devicePixelsPerPixel * factor;
  const scale = Math.min(LARGEST_SCALE, Math.max(smallest, wanted));
  const under = detectorFromDevice(at, view, pane);
  return keptInside(
    {
      centre: {
        x: under.x - (at.x - pane.width / 2) / scale,
        y: under.y + (at.y - pane.height / 2) / scale,
      },
      devicePixelsPerPixel: scale,
    },
    image,
  );
}

/** The image follows the pointer by this many device pixels. */
export function pannedBy(dx: number, dy: number, view: View, image: Size): View {
  const { centre, devicePixelsPerPixel: scale } = view;
  return keptInside(
    { centre: { x: centre.x - dx / scale, y: centre.y + dy / scale }, devicePixelsPerPixel: scale },
    image,
  );
}

/** The middle of the pane never leaves the detector, so that the image cannot be lost. */
function keptInside(view: View, image: Size): View {
  const clamp = (v: number, size: number) => Math.min(size - 0.5, Math.max(-0.5, v));
  return {
    centre: { x: clamp(view.centre.x, image.width), y: clamp(view.centre.y, image.height) },
    devicePixelsPerPixel: view.devicePixelsPerPixel,
  };
}
