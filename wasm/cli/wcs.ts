/** `wcs`: from pixels to the sky and back. */
import type { FitsStream, Wcs } from '../index.ts';
import { FitsError } from '../index.ts';
import type { Arguments } from './arguments.ts';
import type { Command } from './command.ts';
import { Failure } from './failure.ts';
import { toJson } from './output.ts';
import { pickHdu, withFile } from './source.ts';

/** A longitude or latitude with a projection: RA---TAN, DEC--SIN, GLON-ZEA. */
const CELESTIAL = /^(?:RA|DEC|\w{1,2}(?:ON|AT|LN|LT))-+\w/;

/** Without `--hdu` the first HDU that has sky coordinates under that letter. */
function coordinates(stream: FitsStream, args: Arguments): { readonly index: number; readonly wcs: Wcs } {
  const { hdus } = stream;
  const alternate = args.text('alternate');
  if (alternate !== undefined && !/^[A-Z]$/.test(alternate)) {
    throw new Failure(
      'usage',
      'wcs',
      `--alternate wants a letter from A to Z, not ${JSON.stringify(alternate)}`,
    );
  }
  const keyword = `CTYPE1${alternate ?? ''}`;
  const index =
    args.count('hdu') ?? hdus.findIndex(({ header }) => CELESTIAL.test(header.text(keyword) ?? ''));
  if (index < 0) {
    throw new Failure(
      'usage',
      args.file,
      `no HDU has sky coordinates: ${keyword} is celestial in none of them`,
    );
  }
  return { index, wcs: stream.wcs(pickHdu(hdus, index, args.file), alternate) };
}

/** Coordinates stand in headers, so that the data can go. */
function releaseComplete(stream: FitsStream): void {
  for (const hdu of stream.hdus) if (hdu.complete) stream.release(hdu);
}

/** Null for a point without a counterpart. */
function pair([first, second]: Float64Array): readonly [number, number] | null {
  return first === undefined || second === undefined || Number.isNaN(first) ? null : [first, second];
}

/** Null where the frame cannot be turned into ICRS. */
function toIcrs(wcs: Wcs, sky: readonly number[]): readonly [number, number] | null {
  try {
    return pair(wcs.toIcrs(sky));
  } catch (error) {
    if (error instanceof FitsError && error.tag === 'UnsupportedFits') return null;
    throw error;
  }
}

interface Points {
  readonly pixel: readonly number[] | undefined;
  readonly sky: readonly number[] | undefined;
}

function convert(stream: FitsStream, args: Arguments, given: Points) {
  const { index, wcs } = coordinates(stream, args);
  try {
    const pixel = given.pixel ?? pair(wcs.toPixel(given.sky ?? []));
    const sky = given.sky ?? pair(wcs.toSky(given.pixel ?? []));
    return {
      hdu: index,
      types: wcs.types,
      frame: wcs.frame,
      equinox: wcs.equinox ?? null,
      pixel,
      sky,
      icrs: sky && toIcrs(wcs, sky),
    };
  } finally {
    wcs.free();
  }
}

export const wcs: Command = {
  summary: 'the place of a pixel on the sky, or of a place on the image',
  usage: 'FILE --pixel X,Y | --sky LON,LAT [--hdu N] [--alternate LETTER] [--json]',
  help: [
    '--pixel X,Y         counted from 0 at the centre of the first pixel, as numpy counts',
    '--sky LON,LAT       degrees, in the frame of the header (for example RA and Dec)',
    '--hdu N             the HDU; default: the first one with coordinates',
    '--alternate LETTER  an alternate description, A to Z',
  ],
  options: {
    pixel: { type: 'string' },
    sky: { type: 'string' },
    hdu: { type: 'string' },
    alternate: { type: 'string' },
  },
  async run(engine, args) {
    const given = { pixel: args.numbers('pixel', 2), sky: args.numbers('sky', 2) };
    if ((given.pixel === undefined) === (given.sky === undefined)) {
      throw new Failure('usage', 'wcs', 'either --pixel X,Y or --sky LON,LAT is wanted');
    }
    const result = await withFile(engine, args, releaseComplete, (stream) => convert(stream, args, given));
    if (args.json) return toJson(result);
    const point = (values: readonly number[] | null): string => values?.join(', ') ?? 'nowhere';
    const { equinox } = result;
    return [
      `pixel ${point(result.pixel)}`,
      `sky   ${point(result.sky)} (${result.types.join(', ')}; ${result.frame}${equinox === null ? '' : ` ${equinox}`})`,
      ...(result.icrs ? [`ICRS  ${point(result.icrs)}`] : []),
    ].join('\n');
  },
};
