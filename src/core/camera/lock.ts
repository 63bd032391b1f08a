/** Two images looked at together: which place of the other belongs to a place of the first, and the view that shows it so. */
import type { Box, DetectorPixel } from '../frames.ts';
import type { TangentPlane } from '../sky/tangentPlane.ts';
import { pixelFromSky, skyFromPixel } from '../sky/tangentPlane.ts';
import type { View } from './view.ts';
import { detectorFromScreen } from './view.ts';

/**
 * - `pixel`: the same pixels of the detector.
 * - `amplifier`: the same place in the amplifier of the same name, wherever that lies.
 * - `sky`: the same right ascension and declination, north alike.
 */
export const LOCKS = ['pixel', 'amplifier', 'sky'] as const;
export type Lock = (typeof LOCKS)[number];

/** What of an image a lock needs. */
export interface Lockable {
  readonly amplifiers: readonly { readonly name: string; readonly box: Box<'Detector'> }[];
  /** Null where the image has no place on the sky. */
  readonly plane: TangentPlane | null;
}

/** The mapping is taken between places this far apart: far above rounding, far below distortion. */
const STEP_PX = 64;

/** Null where the other image has no such place. */
export function lockedPlace(
  lock: Lock,
  at: DetectorPixel,
  first: Lockable,
  other: Lockable,
): DetectorPixel | null {
  switch (lock) {
    case 'pixel':
      return at;
    case 'amplifier': {
      const from = nearestAmplifier(first, at);
      const to = other.amplifiers.find(({ name }) => name === from?.name);
      return from && to ? { x: at.x + to.box.x0 - from.box.x0, y: at.y + to.box.y0 - from.box.y0 } : null;
    }
    case 'sky':
      if (!first.plane || !other.plane) return null;
      return pixelFromSky(other.plane, skyFromPixel(first.plane, at)) ?? null;
  }
}

/** The other image's view, so that what belongs together lies at the same places of both panes; null as above. */
export function lockedView(lock: Lock, view: View, first: Lockable, other: Lockable): View | null {
  const { centre } = view;
  const middle = lockedPlace(lock, centre, first, other);
  if (lock !== 'sky' || !middle) return middle && { ...view, centre: middle };
  const right = lockedPlace(lock, { x: centre.x + STEP_PX, y: centre.y }, first, other);
  const above = lockedPlace(lock, { x: centre.x, y: centre.y + STEP_PX }, first, other);
  if (!right || !above) return null;
  // Steps on the screen to steps on the first image, and those to steps on the other.
  const [a, b, c, d] = detectorFromScreen(view);
  const step = (x: number, y: number): DetectorPixel => ({
    x: (x * (right.x - middle.x) + y * (above.x - middle.x)) / STEP_PX,
    y: (x * (right.y - middle.y) + y * (above.y - middle.y)) / STEP_PX,
  });
  const [across, upwards] = [step(a, b), step(c, d)];
  const area = across.x * upwards.y - across.y * upwards.x;
  if (area === 0) return null;
  return {
    centre: middle,
    devicePixelsPerPixel: 1 / Math.sqrt(Math.abs(area)),
    // The inverse of `detectorFromScreen`, whose first column is (±cos, -sin) and second (±sin, cos).
    rotationDeg: ((Math.atan2(-across.y, upwards.y) * 180) / Math.PI + 360) % 360,
    mirrored: area < 0,
  };
}

/** The one that holds the place, or whose middle is nearest to it. */
function nearestAmplifier({ amplifiers }: Lockable, at: DetectorPixel) {
  const outside = ({ box }: (typeof amplifiers)[number]) =>
    Math.hypot(
      Math.max(box.x0 - 0.5 - at.x, 0, at.x - box.x1 + 0.5),
      Math.max(box.y0 - 0.5 - at.y, 0, at.y - box.y1 + 0.5),
    );
  return amplifiers.toSorted((a, b) => outside(a) - outside(b))[0];
}
