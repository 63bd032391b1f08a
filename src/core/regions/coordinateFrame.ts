/**
 * The coordinate frames of region files, as they lie on a detector. Lengths and angles go through the frame's local
 * linear form at the region's place (finite differences over a pixel), so that a distorted, turned or flipped sky is
 * right where the region is.
 */
import type { DetectorPixel } from '../frames.ts';
import { fk5FromIcrs, icrsFromFk5, unitVector, type SkyDeg } from './fk5.ts';

/** What the display knows of the sky and of the file's own pixels; absent functions are frames that it lacks. */
export interface RegionFrames {
  readonly pixelFromIcrs?: (sky: SkyDeg) => DetectorPixel | undefined;
  readonly icrsFromPixel?: (at: DetectorPixel) => SkyDeg | undefined;
  /** For lengths in angular units when there is no WCS. */
  readonly scaleArcsecPerPx?: number;
  /** Physical coordinates (LTM and LTV of the header). Without them they are the image's. */
  readonly pixelFromPhysical?: (at: Place) => DetectorPixel;
  readonly physicalFromPixel?: (at: DetectorPixel) => Place;
}

export const FRAME_NAMES = ['image', 'physical', 'fk5', 'icrs'] as const;
export type FrameName = (typeof FRAME_NAMES)[number];

/** In a frame's own coordinates: pixels counted from 1, or right ascension and declination in degrees. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface LocalFrame {
  /** Pixels of the image or the physical frame, or arcseconds, to one detector pixel. */
  readonly unitsPerPx: number;
  angleFromDetector(angleDeg: number): number;
  angleToDetector(angleDeg: number): number;
}

export interface CoordinateFrame {
  readonly name: FrameName;
  /** Plain sizes of sky frames are degrees, angles run from west through north. */
  readonly isSky: boolean;
  toPixel(at: Place): DetectorPixel | undefined;
  fromPixel(at: DetectorPixel): Place | undefined;
  localAt(at: DetectorPixel): LocalFrame | undefined;
}

/** FITS counts pixels from 1. */
const IMAGE: CoordinateFrame = {
  name: 'image',
  isSky: false,
  toPixel: ({ x, y }) => ({ x: x - 1, y: y - 1 }),
  fromPixel: ({ x, y }) => ({ x: x + 1, y: y + 1 }),
  localAt: () => localFrame([1, 0, 0, 1]),
};

/** A frame by name, or undefined when the display has no such frame. */
export function coordinateFrame(name: FrameName, frames: RegionFrames): CoordinateFrame | undefined {
  switch (name) {
    case 'image':
      return IMAGE;
    case 'physical':
      return physicalFrame(frames);
    case 'icrs':
    case 'fk5':
      return skyFrame(name, frames);
  }
}

function physicalFrame({ pixelFromPhysical, physicalFromPixel }: RegionFrames): CoordinateFrame {
  if (!pixelFromPhysical || !physicalFromPixel) return { ...IMAGE, name: 'physical' };
  return {
    name: 'physical',
    isSky: false,
    toPixel: pixelFromPhysical,
    fromPixel: physicalFromPixel,
    localAt: (at) => {
      const [left, right, below, above] = around(at).map(physicalFromPixel);
      if (!left || !right || !below || !above) return undefined;
      return localFrame([right.x - left.x, above.x - below.x, right.y - left.y, above.y - below.y]);
    },
  };
}

function skyFrame(
  name: 'icrs' | 'fk5',
  { pixelFromIcrs, icrsFromPixel }: RegionFrames,
): CoordinateFrame | undefined {
  if (!pixelFromIcrs || !icrsFromPixel) return undefined;
  const skyFromPixel = (at: DetectorPixel): SkyDeg | undefined => {
    const icrs = icrsFromPixel(at);
    return icrs && name === 'fk5' ? fk5FromIcrs(icrs) : icrs;
  };
  return {
    name,
    isSky: true,
    toPixel: ({ x: raDeg, y: decDeg }) => {
      const sky = { raDeg, decDeg };
      return pixelFromIcrs(name === 'fk5' ? icrsFromFk5(sky) : sky);
    },
    fromPixel: (at) => {
      const sky = skyFromPixel(at);
      return sky && { x: sky.raDeg, y: sky.decDeg };
    },
    localAt: (at) => {
      const centre = skyFromPixel(at);
      const [left, right, below, above] = around(at).map(skyFromPixel);
      if (!centre || !left || !right || !below || !above) return undefined;
      const alongX = westNorthArcsec(centre, left, right);
      const alongY = westNorthArcsec(centre, below, above);
      return localFrame([alongX.west, alongY.west, alongX.north, alongY.north]);
    },
  };
}

/** Half a pixel to the left, right, below and above. */
function around({ x, y }: DetectorPixel): DetectorPixel[] {
  return [
    { x: x - 0.5, y },
    { x: x + 0.5, y },
    { x, y: y - 0.5 },
    { x, y: y + 0.5 },
  ];
}

/** By vectors, which know neither poles nor the step from 360 to 0 degrees. */
function westNorthArcsec(at: SkyDeg, from: SkyDeg, to: SkyDeg): { west: number; north: number } {
  const a = unitVector(from);
  const b = unitVector(to);
  const [dx, dy, dz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const ra = (at.raDeg * Math.PI) / 180;
  const dec = (at.decDeg * Math.PI) / 180;
  const arcsecPerRadian = (180 * 3600) / Math.PI;
  const inward = dx * Math.cos(ra) + dy * Math.sin(ra);
  return {
    west: (dx * Math.sin(ra) - dy * Math.cos(ra)) * arcsecPerRadian,
    north: (dz * Math.cos(dec) - inward * Math.sin(dec)) * arcsecPerRadian,
  };
}

/**
 * From the matrix [a, b, c, d] of detector offsets to frame offsets (rightward, upward). DS9 turns its angles from
 * the frame's rightward axis to its upward one (of the sky: from west to north), so that a flipped frame turns them
 * the other way round on the detector.
 */
function localFrame([a, b, c, d]: [number, number, number, number]): LocalFrame | undefined {
  const determinant = a * d - b * c;
  if (!Number.isFinite(determinant) || determinant === 0) return undefined;
  return {
    unitsPerPx: Math.sqrt(Math.abs(determinant)),
    angleFromDetector: (angleDeg) => throughMatrix([a, b, c, d], angleDeg),
    // The inverse's direction: its sign matters, its size does not.
    angleToDetector: (angleDeg) =>
      throughMatrix(
        [d, -b, -c, a].map((v) => v * Math.sign(determinant)) as [number, number, number, number],
        angleDeg,
      ),
  };
}

function throughMatrix([a, b, c, d]: [number, number, number, number], angleDeg: number): number {
  const x = Math.cos((angleDeg * Math.PI) / 180);
  const y = Math.sin((angleDeg * Math.PI) / 180);
  return (Math.atan2(c * x + d * y, a * x + b * y) * 180) / Math.PI;
}
