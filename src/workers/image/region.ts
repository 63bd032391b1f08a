/** The pixels inside of a region: statistics, histogram, and for a line the cut along it. */
import { AppError } from '../../core/errors.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import { type Cut, fwhmOfCut, lineCut } from '../../core/measure/cuts.ts';
import { histogramOf, regionStatistics } from '../../core/measure/statistics.ts';
import { boundsOf } from '../../core/regions/geometry.ts';
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

/** A value on the line is of several pixels, which may be of two amplifiers: what is about the line is converted first. */
function convertedCut(image: Plane, line: RegionOf<'line'>, convert: Conversion): Cut {
  const { from, to, widthPx } = line;
  const bounds = boundsOf(line);
  const [x0, y0] = [Math.max(0, Math.floor(bounds.x0) - 1), Math.max(0, Math.floor(bounds.y0) - 1)];
  const [x1, y1] = [
    Math.min(image.width, Math.ceil(bounds.x1) + 2),
    Math.min(image.height, Math.ceil(bounds.y1) + 2),
  ];
  const [width, height] = [Math.max(0, x1 - x0), Math.max(0, y1 - y0)];
  const rows = { spans: Int32Array.from(Array.from({ length: height }, (_, i) => [y0 + i, x0, x1]).flat()) };
  const { values } = gather(image.values, image, rows);
  convert(values, rows);
  const moved = ({ x, y }: DetectorPixel): DetectorPixel => ({ x: x - x0, y: y - y0 });
  return lineCut({ width, height, values }, moved(from), moved(to), widthPx);
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
