/** Where LATISS looked by its header's pointing cards, for raws whose own WCS cards cannot be used. */
import { LATISS_BORESIGHT_PX } from '../camera/latissMarks.ts';
import { plateScaleArcsecPerPx } from './plateScale.ts';
import type { TangentPlane } from './tangentPlane.ts';

export const POINTING_LABEL = 'pointing, ±5 arcsec';

/** Of the first card of a keyword; undefined where it is missing or has no value. */
export type CardLookup = (keyword: string) => string | number | boolean | undefined;

export type Pointing =
  | { readonly plane: TangentPlane; readonly label: typeof POINTING_LABEL }
  /** A sentence that begins with "no WCS: ". */
  | { readonly reason: string };

/**
 * How the position angle of detector y (from north through east) follows from ROTPA, by the first day_obs of each era:
 * lsst/obs_lsst, translators/latiss.py, ROTPA_CONVENTION_180_SWITCH1 and 2 (2020-11-19T00:00 and 2021-10-29T00:00 UTC).
 * A day_obs begins at noon UTC and the sun sets in Chile just before midnight UTC, so the nights are those of the day
 * before. Before the first one RA and DEC are in radians (RADEC_IS_RADIANS, 2020-01-28T22:00).
 */
const ROTPA_ERAS: readonly { readonly firstDayObs: number; readonly turnedByDeg: 0 | 180 }[] = [
  { firstDayObs: 20200128, turnedByDeg: 0 },
  { firstDayObs: 20201118, turnedByDeg: 180 },
  { firstDayObs: 20211028, turnedByDeg: 0 },
];

const OFF_SKY = new Set(['BIAS', 'DARK', 'FLAT']);

export function pointingOf(cards: CardLookup, instrument: string, dayObs: number): Pointing {
  const scale = plateScaleArcsecPerPx(instrument);
  if (instrument !== 'LATISS' || scale === undefined) {
    return none(`a pointing is made for LATISS only, not for ${instrument}`);
  }
  const imageType = cards('IMGTYPE');
  if (typeof imageType === 'string' && OFF_SKY.has(imageType.trim().toUpperCase())) {
    return none(`a ${imageType.trim()} frame does not look at the sky`);
  }
  const era = ROTPA_ERAS.findLast(({ firstDayObs }) => dayObs >= firstDayObs);
  if (!era) return none(`headers before ${ROTPA_ERAS[0]?.firstDayObs} give the pointing in other units`);
  const rotationFrame = cards('ROTCOORD');
  if (typeof rotationFrame === 'string' && rotationFrame.trim().toLowerCase() !== 'sky') {
    return none(`ROTPA is not an angle on the sky (ROTCOORD is '${rotationFrame.trim()}')`);
  }
  const [raDeg, decDeg, rotpaDeg] = [cards('RA'), cards('DEC'), cards('ROTPA')];
  if (!isNumber(raDeg)) return none('the header has no RA');
  if (!isNumber(decDeg)) return none('the header has no DEC');
  if (!isNumber(rotpaDeg)) return none('the header has no ROTPA');
  if (raDeg < 0 || raDeg > 360 || Math.abs(decDeg) > 90) {
    return none(`RA ${raDeg} and DEC ${decDeg} are no place on the sky`);
  }
  const angle = ((rotpaDeg - era.turnedByDeg) * Math.PI) / 180;
  const [cos, sin] = [(scale / 3600) * Math.cos(angle), (scale / 3600) * Math.sin(angle)];
  return {
    label: POINTING_LABEL,
    plane: {
      crvalDeg: { raDeg: raDeg % 360, decDeg },
      crpixPx: LATISS_BORESIGHT_PX,
      // Detector x is mirrored against the sky (obs_lsst: LatissRawFormatter.wcsFlipX, focalPlaneParity): with y to the
      // north it points east, with y at position angle p it lies at p + 90.
      cdDegPerPx: [cos, sin, -sin, cos],
    },
  };
}

function isNumber(value: string | number | boolean | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function none(why: string): Pointing {
  return { reason: `no WCS: ${why}` };
}
