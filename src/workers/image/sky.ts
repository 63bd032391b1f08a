/** Which sky coordinates an opened file has: those of its header when they hold good, else the pointing, else none. */
import type { FitsStream, Hdu, Wcs } from 'astro-fits-wasm';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import { amplifierAt, ampRawFromDetector, detectorFromAmpRaw } from '../../core/camera/geometry.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import { plateScaleArcsecPerPx } from '../../core/sky/plateScale.ts';
import type { CardLookup, Pointing } from '../../core/sky/pointing.ts';
import { pointingOf } from '../../core/sky/pointing.ts';
import type { SkyPoint, TangentPlane } from '../../core/sky/tangentPlane.ts';
import { offsetFromSky, pixelFromSky, scaleArcsecPerPx, skyFromPixel } from '../../core/sky/tangentPlane.ts';

export type Sky =
  | {
      readonly kind: 'header' | 'pointing';
      /** What it rests on: "header, TAN-SIP"; "pointing, ±5 arcsec". */
      readonly label: string;
      /** What was refused or not checked, as a sentence; null when there is nothing to say. */
      readonly note: string | null;
      /** Undefined where the pixel has no counterpart. */
      toIcrs(at: DetectorPixel): SkyPoint | undefined;
      toPixel(sky: SkyPoint): DetectorPixel | undefined;
      /** About the middle of the frame: for compass and scale bar, not for coordinates of a distorted image. */
      readonly plane: TangentPlane;
      /** Gives up the engine's memory; nothing may be asked afterwards. Harmless the second time. */
      free(): void;
    }
  /** A sentence that begins with "no WCS: ". */
  | { readonly kind: 'none'; readonly reason: string; free(): void };

export interface SkyRequest {
  readonly stream: FitsStream;
  /** Those whose headers have arrived; the primary first. */
  readonly hdus: readonly Hdu[];
  readonly geometry: DetectorGeometry;
  /** The Butler's name. */
  readonly instrument: string;
  readonly dayObs: number;
}

type Mapping = Pick<Extract<Sky, { toIcrs: unknown }>, 'toIcrs' | 'toPixel' | 'free'>;

interface Described {
  readonly hdu: Hdu;
  readonly wcs: Wcs;
}

/** CTYPE of a celestial axis: FITS standard 4.0, section 8.3. */
const CELESTIAL = /^(RA--|DEC-|.LON|.LAT)-/;
/** By how much a header's scale may differ from the instrument's. */
const SCALE_TOLERANCE = 0.05;
/** Round trips that miss by more are no inverse. */
const ROUND_TRIP_PX = 0.1;
/** Where a header's coordinates are tried, as fractions of the frame; off the borders of amplifiers. */
const TRIED_AT = [
  [0.1, 0.1],
  [0.46, 0.54],
  [0.9, 0.9],
] as const;
const NOTHING_HELD = (): void => undefined;

export function openSky(request: SkyRequest): Sky {
  const { stream, hdus, geometry, instrument, dayObs } = request;
  const primary = hdus[0];
  if (!primary) return { kind: 'none', reason: 'no WCS: the file has no header', free: NOTHING_HELD };
  const header = headerSky(stream, hdus, geometry, instrument);
  if (header && 'toIcrs' in header) return header;
  const pointing: Pointing = pointingOf(cardsOf(primary), instrument, dayObs);
  if ('plane' in pointing) {
    const { plane, label } = pointing;
    return {
      kind: 'pointing',
      label,
      note: header ? `the header's WCS is refused: ${header.refused}` : null,
      toIcrs: (at) => skyFromPixel(plane, at),
      toPixel: (sky) => pixelFromSky(plane, sky),
      plane,
      free: NOTHING_HELD,
    };
  }
  const reason = header
    ? `no WCS: the header's WCS is refused: ${header.refused}; ${pointing.reason.replace('no WCS: ', '')}`
    : pointing.reason;
  return { kind: 'none', reason, free: NOTHING_HELD };
}

function cardsOf({ header }: Hdu): CardLookup {
  return (keyword) => header.text(keyword) ?? header.number(keyword) ?? header.boolean(keyword);
}

/** Undefined when no header has celestial axes. */
function headerSky(
  stream: FitsStream,
  hdus: readonly Hdu[],
  geometry: DetectorGeometry,
  instrument: string,
): Extract<Sky, { toIcrs: unknown }> | { readonly refused: string } | undefined {
  const described = describing(hdus, geometry);
  if (described.length === 0) return undefined;
  const opened: Described[] = [];
  const free = (): void => opened.forEach(({ wcs }) => wcs.free());
  const refuse = (refused: string): { readonly refused: string } => {
    free();
    return { refused };
  };
  try {
    for (const hdu of described) opened.push({ hdu, wcs: stream.wcs(hdu) });
    const type = opened[0]?.wcs.types[0].replace(/^.*?-+/, '') ?? '';
    const mapping = detectorMapping(opened, geometry, free);
    if (typeof mapping === 'string') {
      // A scale that is wrong says more than a place that is: LATISS raws have both.
      return refuse(wrongScale(opened.flatMap(referenceScale), instrument) ?? mapping);
    }
    const planes = TRIED_AT.map(([fx, fy]) =>
      localPlane(mapping, { x: Math.floor(geometry.width * fx), y: Math.floor(geometry.height * fy) }),
    );
    if (planes.some((plane) => plane === undefined)) {
      return refuse('it cannot be inverted: pixels of the frame have no counterpart on the sky');
    }
    const wrong = wrongScale(
      planes.map((plane) => (plane ? scaleArcsecPerPx(plane) : 0)),
      instrument,
    );
    if (wrong !== undefined) return refuse(wrong);
    const plane = planes[1];
    if (!plane || !planes.every((p) => p && returns(mapping, p.crpixPx))) {
      return refuse('it cannot be inverted: pixels do not come back from the sky');
    }
    const unchecked = plateScaleArcsecPerPx(instrument) === undefined;
    const note = unchecked ? `the header's scale is not checked: that of ${instrument} is not known` : null;
    return { kind: 'header', label: `header, ${type}`, note, ...mapping, plane };
  } catch (thrown) {
    // The engine names the keyword that is wrong, and frames that cannot be turned into ICRS.
    return refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function fillsFrame(hdu: Hdu, geometry: DetectorGeometry): boolean {
  return hdu.width === geometry.width && hdu.height === geometry.height;
}

/** The HDUs whose headers to read: one that has the whole frame, else the amplifiers, else whatever has celestial axes. */
function describing(hdus: readonly Hdu[], geometry: DetectorGeometry): readonly Hdu[] {
  const celestial = hdus.filter(({ header }) => CELESTIAL.test(header.text('CTYPE1') ?? ''));
  const whole = celestial.find((hdu) => fillsFrame(hdu, geometry));
  if (whole) return [whole];
  const names = new Set(geometry.amplifiers.map(({ hduName }) => hduName));
  const parts = celestial.filter(({ name }) => names.has(name));
  return parts.length > 0 ? parts : celestial.slice(0, 1);
}

/** In detector pixels; or why the headers' pixels are not those of the detector. */
function detectorMapping(
  opened: readonly Described[],
  geometry: DetectorGeometry,
  free: () => void,
): Mapping | string {
  const whole = opened.find(({ hdu }) => fillsFrame(hdu, geometry));
  if (whole) {
    const { wcs } = whole;
    return { toIcrs: (at) => icrsOf(wcs, at), toPixel: (sky) => pixelOf(wcs, sky), free };
  }
  const byAmplifier = new Map(
    geometry.amplifiers.map((amp) => [amp, opened.find(({ hdu }) => hdu.name === amp.hduName)?.wcs]),
  );
  const missing = [...byAmplifier].filter(([, wcs]) => wcs === undefined).map(([amp]) => amp.name);
  if (missing.length === byAmplifier.size) {
    return 'it is in an HDU that has neither the frame nor an amplifier';
  }
  if (missing.length > 0) return `amplifiers have none: ${missing.join(' ')}`;
  return {
    toIcrs(at) {
      const amp = amplifierAt(geometry, at);
      const wcs = amp && byAmplifier.get(amp);
      return wcs && icrsOf(wcs, ampRawFromDetector(amp, at));
    },
    toPixel(sky) {
      for (const [amp, wcs] of byAmplifier) {
        const raw = wcs && pixelOf(wcs, sky);
        const at = raw && detectorFromAmpRaw(amp, raw);
        if (at && amplifierAt(geometry, at) === amp) return at;
      }
      return undefined;
    },
    free,
  };
}

function icrsOf(wcs: Wcs, at: { readonly x: number; readonly y: number }): SkyPoint | undefined {
  const [raDeg = Number.NaN, decDeg = Number.NaN] = wcs.toIcrs(wcs.toSky([at.x, at.y]));
  return Number.isFinite(raDeg) && Number.isFinite(decDeg) ? { raDeg, decDeg } : undefined;
}

function pixelOf(wcs: Wcs, sky: SkyPoint): { readonly x: number; readonly y: number } | undefined {
  const [x = Number.NaN, y = Number.NaN] = wcs.toPixel(wcs.fromIcrs([sky.raDeg, sky.decDeg]));
  return Number.isFinite(x) && Number.isFinite(y) ? { x, y } : undefined;
}

/** The linear form about a pixel, by differences to its neighbours. */
function localPlane(mapping: Pick<Mapping, 'toIcrs'>, at: DetectorPixel): TangentPlane | undefined {
  const centre = mapping.toIcrs(at);
  const right = mapping.toIcrs({ x: at.x + 1, y: at.y });
  const above = mapping.toIcrs({ x: at.x, y: at.y + 1 });
  const alongX = centre && right && offsetFromSky(centre, right);
  const alongY = centre && above && offsetFromSky(centre, above);
  if (!centre || !alongX || !alongY) return undefined;
  return {
    crvalDeg: centre,
    crpixPx: at,
    cdDegPerPx: [alongX.eastDeg, alongY.eastDeg, alongX.northDeg, alongY.northDeg],
  };
}

/** At the reference pixel, of a header whose pixels cannot be placed on the detector; empty where it has no scale. */
function referenceScale({ hdu: { header }, wcs }: Described): readonly number[] {
  const at = { x: (header.number('CRPIX1') ?? 0) - 1, y: (header.number('CRPIX2') ?? 0) - 1 };
  const plane = localPlane({ toIcrs: (pixel) => icrsOf(wcs, pixel) }, at);
  return plane ? [scaleArcsecPerPx(plane)] : [];
}

function wrongScale(scales: readonly number[], instrument: string): string | undefined {
  const right = plateScaleArcsecPerPx(instrument);
  if (right === undefined) return undefined;
  const wrong = scales.find((scale) => !(Math.abs(scale / right - 1) <= SCALE_TOLERANCE));
  if (wrong === undefined) return undefined;
  const digits = (scale: number): string => String(Number(scale.toPrecision(3)));
  return `${digits(wrong)} arcsec/px where ${instrument} has ${digits(right)}`;
}

function returns(mapping: Mapping, at: DetectorPixel): boolean {
  const sky = mapping.toIcrs(at);
  const back = sky && mapping.toPixel(sky);
  return back !== undefined && Math.hypot(back.x - at.x, back.y - at.y) <= ROUND_TRIP_PX;
}
