/** The pixels inside of a region: statistics, histogram, and for a line the cut along it. */
import { AppError } from '../../core/errors.ts';
import { type Cut, fwhmOfCut, lineCut } from '../../core/measure/cuts.ts';
import { histogramOf, regionStatistics } from '../../core/measure/statistics.ts';
import { gather, pixelsOf, type Rows } from '../../core/regions/raster.ts';
import type { Region, RegionOf } from '../../core/regions/region.ts';
import type { PixelUnit, RegionAnswer, RegionCut } from './contract.ts';
import type { HeldImage } from './heldImage.ts';

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array<ArrayBuffer>;
}

const BINS = 64;

/** Kept between two calls: a region that is dragged asks many times a second. */
let scratch: Float32Array<ArrayBuffer> | undefined;

export function regionOf(
  image: HeldImage,
  region: Region,
  unit: PixelUnit = image.opened.unit,
): RegionAnswer {
  const { plane, opened } = image;
  const size = { width: plane.width, height: plane.height };
  const pixels = plane.view() as Float32Array<ArrayBuffer>;
  const rows = pixelsOf(region, size);
  const gathered = gather(pixels, size, rows, scratch);
  scratch = gathered.values as Float32Array<ArrayBuffer>;
  const values = scratch.subarray(0, gathered.count);
  const convert = unit === opened.unit ? null : conversionOf(image, unit);
  const unknown = convert?.(values, rows) ?? [];
  if (unknown.length > 0) throw noGain(unknown, opened.unit);
  const statistics = regionStatistics(values);
  // Over what most pixels have: one hot pixel would leave all others in a single bin.
  const { percentiles } = statistics;
  const margin = (percentiles[99] - percentiles[1]) * 0.1 || 1;
  const [low, high] = [percentiles[1] - margin, percentiles[99] + margin];
  const known = Number.isFinite(low) && Number.isFinite(high);
  const counts = known ? histogramOf(values, { bins: BINS, low, high }).counts : new Uint32Array(BINS);
  const cut = region.kind === 'line' ? cutAlong({ ...size, values: pixels }, region, convert) : null;
  return { unit, statistics, histogram: { low, high, counts }, cut };
}

function cutAlong(image: Plane, line: RegionOf<'line'>, convert: Conversion | null): RegionCut {
  const { positionsPx, values } = convert
    ? convertedCut(image, line, convert)
    : lineCut(image, line.from, line.to, line.widthPx);
  return { positionsPx, values, width: fwhmOfCut(positionsPx, values) ?? null };
}

/** About a line's outermost samples, on both sides: what lies in this wider line is all that they are made of. */
const ABOUT_PX = 4;

/** A value on the line is of several pixels, which may be of two amplifiers: what is about the line is converted first. */
function convertedCut(image: Plane, line: RegionOf<'line'>, convert: Conversion): Cut {
  const rows = pixelsOf({ ...line, widthPx: Math.max(1, line.widthPx) + ABOUT_PX }, image);
  const { values } = gather(image.values, image, rows);
  convert(values, rows);
  // Where in the values a row begins that is a single span, and which columns it has.
  const { spans } = rows;
  const firstY = spans[0] ?? 0;
  const begins = new Float64Array(spans.length / 3);
  for (let i = 1; i < begins.length; i++) {
    begins[i] = begins[i - 1]! + spans[3 * i - 1]! - spans[3 * i - 2]!;
  }
  const pixelAt = (x: number, y: number): number => {
    const i = y - firstY;
    const [x0, x1] = [spans[3 * i + 1], spans[3 * i + 2]];
    return x0 !== undefined && x1 !== undefined && x >= x0 && x < x1
      ? values[begins[i]! + x - x0]!
      : Number.NaN;
  };
  return lineCut(image, line.from, line.to, line.widthPx, 'mean', pixelAt);
}

/** Changes values that were gathered from these rows; names the amplifiers of which no gain is known: theirs are NaN. */
type Conversion = (values: Float32Array, rows: Rows) => readonly string[];

function conversionOf(image: HeldImage, unit: PixelUnit): Conversion {
  if (image.opened.unit === 'ratio' || unit === 'ratio') {
    throw new AppError('NotFound', 'A ratio of images has no unit to convert.');
  }
  const factors = image.source.geometry.amplifiers.map((amplifier) => {
    const gain = image.gainOf(amplifier) ?? Number.NaN;
    return { name: amplifier.name, box: amplifier.detector, factor: unit === 'electron' ? gain : 1 / gain };
  });
  return (values, { spans }) => {
    const unknown = new Set<string>();
    let filled = 0;
    for (let i = 0; i < spans.length; i += 3) {
      const [y, x0, x1] = [spans[i] ?? 0, spans[i + 1] ?? 0, spans[i + 2] ?? 0];
      for (const { name, box, factor } of factors) {
        if (y < box.y0 || y >= box.y1) continue;
        const from = filled + Math.max(0, box.x0 - x0);
        const to = filled + Math.min(x1, box.x1) - x0;
        for (let at = from; at < to; at++) values[at] = (values[at] as number) * factor;
        if (from < to && Number.isNaN(factor)) unknown.add(name);
      }
      filled += x1 - x0;
    }
    return [...unknown];
  };
}

function noGain(names: readonly string[], unit: PixelUnit): AppError {
  return new AppError(
    'NotFound',
    `No gain is known of ${names.join(', ')}: choose ${unit}, the unit that the image has.`,
  );
}
