/** How an image must lie for north to be up and east to the left, and which ways those are in a view. */
import type { Orientation, View } from '../camera/view.ts';
import { deviceFromDetector } from '../camera/view.ts';
import type { DetectorPixel } from '../frames.ts';
import type { TangentPlane } from './tangentPlane.ts';
import { parity } from './tangentPlane.ts';

/** Detector steps towards north and east, of no particular length. */
function directions({ cdDegPerPx: [cd11, cd12, cd21, cd22] }: TangentPlane): {
  readonly north: DetectorPixel;
  readonly east: DetectorPixel;
} {
  const side = Math.sign(cd11 * cd22 - cd12 * cd21);
  return { north: { x: -cd12 * side, y: cd11 * side }, east: { x: cd22 * side, y: -cd21 * side } };
}

export function northUp(plane: TangentPlane): Orientation {
  const mirrored = parity(plane) === 1;
  const { north } = directions(plane);
  const angleDeg = (Math.atan2(north.y, mirrored ? -north.x : north.x) * 180) / Math.PI;
  return { rotationDeg: (((90 - angleDeg) % 360) + 360) % 360, mirrored };
}

/** Unit vectors on the screen, y downwards. */
export function compass(
  plane: TangentPlane,
  view: View,
): { readonly north: DetectorPixel; readonly east: DetectorPixel } {
  const none = { width: 0, height: 0 };
  const onScreen = (step: DetectorPixel) => {
    const at = { x: view.centre.x + step.x, y: view.centre.y + step.y };
    const { x, y } = deviceFromDetector(at, view, none);
    const length = Math.hypot(x, y) || 1;
    return { x: x / length, y: y / length };
  };
  const { north, east } = directions(plane);
  return { north: onScreen(north), east: onScreen(east) };
}
