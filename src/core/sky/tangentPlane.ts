/**
 * The gnomonic projection (TAN: FITS standard 4.0, section 8.3; Calabretta and Greisen 2002, A&A 395, 1077, section
 * 5.1.3) as plain data with pure functions, so that it crosses threads and serves compass, grid and readout alike.
 */
import type { DetectorPixel } from '../frames.ts';

/** Right ascension in [0, 360) and declination, both ICRS. */
export interface SkyPoint {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** Place in a tangent plane, towards increasing right ascension and declination at the tangent point. */
export interface PlaneOffset {
  readonly eastDeg: number;
  readonly northDeg: number;
}

export interface TangentPlane {
  readonly crvalDeg: SkyPoint;
  /** 0-based, as all our pixels; FITS counts CRPIX from 1. */
  readonly crpixPx: DetectorPixel;
  /** CD1_1, CD1_2, CD2_1, CD2_2: rows east and north, columns x and y. */
  readonly cdDegPerPx: readonly [number, number, number, number];
}

const DEG = Math.PI / 180;

/** Undefined from 90 degrees off the tangent point on. */
export function offsetFromSky(tangent: SkyPoint, sky: SkyPoint): PlaneOffset | undefined {
  const dRa = (sky.raDeg - tangent.raDeg) * DEG;
  const [dec, dec0] = [sky.decDeg * DEG, tangent.decDeg * DEG];
  const toward = Math.sin(dec) * Math.sin(dec0) + Math.cos(dec) * Math.cos(dec0) * Math.cos(dRa);
  if (!(toward > 1e-12)) return undefined;
  const east = Math.cos(dec) * Math.sin(dRa);
  // The cosine of a small angle would lose half of the digits: sin(dec - dec0) plus what the meridians' angle adds.
  const north = Math.sin(dec - dec0) + Math.cos(dec) * Math.sin(dec0) * 2 * Math.sin(dRa / 2) ** 2;
  return { eastDeg: east / toward / DEG, northDeg: north / toward / DEG };
}

export function skyFromOffset(tangent: SkyPoint, offset: PlaneOffset): SkyPoint {
  const [east, north, dec0] = [offset.eastDeg * DEG, offset.northDeg * DEG, tangent.decDeg * DEG];
  const across = Math.cos(dec0) - north * Math.sin(dec0);
  const up = Math.sin(dec0) + north * Math.cos(dec0);
  const raDeg = tangent.raDeg + Math.atan2(east, across) / DEG;
  return { raDeg: wrapped(raDeg), decDeg: Math.atan2(up, Math.hypot(east, across)) / DEG };
}

export function skyFromPixel(plane: TangentPlane, at: DetectorPixel): SkyPoint {
  const [cd11, cd12, cd21, cd22] = plane.cdDegPerPx;
  const [dx, dy] = [at.x - plane.crpixPx.x, at.y - plane.crpixPx.y];
  return skyFromOffset(plane.crvalDeg, { eastDeg: cd11 * dx + cd12 * dy, northDeg: cd21 * dx + cd22 * dy });
}

/** Undefined on the far side of the sphere and for a matrix that cannot be inverted. */
export function pixelFromSky(plane: TangentPlane, sky: SkyPoint): DetectorPixel | undefined {
  const offset = offsetFromSky(plane.crvalDeg, sky);
  const [cd11, cd12, cd21, cd22] = plane.cdDegPerPx;
  const area = determinant(plane);
  if (!offset || area === 0) return undefined;
  const { eastDeg, northDeg } = offset;
  return {
    x: plane.crpixPx.x + (cd22 * eastDeg - cd12 * northDeg) / area,
    y: plane.crpixPx.y + (cd11 * northDeg - cd21 * eastDeg) / area,
  };
}

/** The side of a square of one pixel's area. */
export function scaleArcsecPerPx(plane: TangentPlane): number {
  return Math.sqrt(Math.abs(determinant(plane))) * 3600;
}

/** -1 as the sky is seen (north up, east to the left), +1 mirrored (east to the right). */
export function parity(plane: TangentPlane): 1 | -1 {
  return determinant(plane) > 0 ? 1 : -1;
}

/**
 * By how much the picture must turn, anticlockwise, for north to point up; in [-180, 180]. East is then to the left for
 * a parity of -1. The y axis points up before the turn.
 */
export function northUpRotationDeg(plane: TangentPlane): number {
  const [cd11, cd12] = plane.cdDegPerPx;
  // The pixel direction that (east, north) = (0, 1) comes from: a column of the inverse matrix.
  const side = parity(plane);
  return Math.atan2(-cd12 * side, cd11 * side) / DEG;
}

/** `06:49:06.68 -26:03:48.6`: hours and degrees; the last digits are 0.15 and 0.1 arcseconds. */
export function formatRaDec(sky: SkyPoint): string {
  // Rounded before it is split, so that 59.99 carries over instead of showing as 60.
  const ra = sexagesimal(Math.round((sky.raDeg / 15) * 360_000) % (24 * 360_000), 2);
  const dec = Math.round(sky.decDeg * 36_000);
  return `${ra} ${dec < 0 ? '-' : '+'}${sexagesimal(Math.abs(dec), 1)}`;
}

/** `102.27785 -26.06349`: degrees, to 0.04 arcseconds. */
export function formatRaDecDeg(sky: SkyPoint): string {
  const ra = (Math.round(sky.raDeg * 1e5) / 1e5) % 360;
  const dec = Math.round(sky.decDeg * 1e5) / 1e5;
  return `${ra.toFixed(5)} ${dec < 0 ? '-' : '+'}${Math.abs(dec).toFixed(5)}`;
}

function determinant({ cdDegPerPx: [cd11, cd12, cd21, cd22] }: TangentPlane): number {
  return cd11 * cd22 - cd12 * cd21;
}

function wrapped(raDeg: number): number {
  const turn = ((raDeg % 360) + 360) % 360;
  return turn === 360 ? 0 : turn;
}

/** `count` is in units of the last decimal of the seconds. */
function sexagesimal(count: number, decimals: number): string {
  const unit = 10 ** decimals;
  const seconds = (count % (60 * unit)) / unit;
  const minutes = Math.floor(count / (60 * unit));
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${seconds.toFixed(decimals).padStart(3 + decimals, '0')}`;
}
