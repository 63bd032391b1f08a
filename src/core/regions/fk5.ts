/**
 * ICRS and FK5 at J2000.0. The two frames differ by a rotation of some 20 milliarcseconds: the orientation of FK5
 * against Hipparcos, Mignard & Froeschlé 2000, A&A 354, 732, in the form of IAU SOFA's routine `iauFk5hip`. Its spin
 * is left out, which is exact for positions of epoch J2000.0 and below 1 milliarcsecond a year otherwise.
 */

export interface SkyDeg {
  readonly raDeg: number;
  readonly decDeg: number;
}

export type Vector = readonly [number, number, number];

const RADIANS_PER_DEGREE = Math.PI / 180;
const RADIANS_PER_MAS = RADIANS_PER_DEGREE / 3_600_000;
/** Rotation vector from FK5 to ICRS. */
const EX = -19.9 * RADIANS_PER_MAS;
const EY = -9.1 * RADIANS_PER_MAS;
const EZ = 22.9 * RADIANS_PER_MAS;

export function unitVector({ raDeg, decDeg }: SkyDeg): Vector {
  const ra = raDeg * RADIANS_PER_DEGREE;
  const dec = decDeg * RADIANS_PER_DEGREE;
  return [Math.cos(dec) * Math.cos(ra), Math.cos(dec) * Math.sin(ra), Math.sin(dec)];
}

function skyOf([x, y, z]: Vector): SkyDeg {
  const raDeg = Math.atan2(y, x) / RADIANS_PER_DEGREE;
  return {
    raDeg: raDeg < 0 ? raDeg + 360 : raDeg,
    decDeg: Math.atan2(z, Math.hypot(x, y)) / RADIANS_PER_DEGREE,
  };
}

/** The rotation to first order; the second is below a picoradian. */
function turned([x, y, z]: Vector, sign: 1 | -1): Vector {
  return [x + sign * (EZ * y - EY * z), y + sign * (EX * z - EZ * x), z + sign * (EY * x - EX * y)];
}

export function icrsFromFk5(fk5: SkyDeg): SkyDeg {
  return skyOf(turned(unitVector(fk5), 1));
}

export function fk5FromIcrs(icrs: SkyDeg): SkyDeg {
  return skyOf(turned(unitVector(icrs), -1));
}
