/** The pixels inside of a region: statistics, histogram, and for a line the cut along it. */
import { fwhmOfCut, lineCut } from '../../core/measure/cuts.ts';
import { histogramOf, regionStatistics } from '../../core/measure/statistics.ts';
import { gather, pixelsOf } from '../../core/regions/raster.ts';
import type { Region } from '../../core/regions/region.ts';
import type { RegionAnswer, RegionCut } from './contract.ts';
import type { HeldImage } from './heldImage.ts';

const BINS = 64;

/** Kept between two calls: a region that is dragged asks many times a second. */
let scratch: Float32Array<ArrayBuffer> | undefined;

export function regionOf({ plane, opened }: HeldImage, region: Region): RegionAnswer {
  const size = { width: plane.width, height: plane.height };
  const pixels = plane.view() as Float32Array<ArrayBuffer>;
  const gathered = gather(pixels, size, pixelsOf(region, size), scratch);
  scratch = gathered.values as Float32Array<ArrayBuffer>;
  const values = scratch.subarray(0, gathered.count);
  const statistics = regionStatistics(values);
  // Over what most pixels have: one hot pixel would leave all others in a single bin.
  const { percentiles } = statistics;
  const margin = (percentiles[99] - percentiles[1]) * 0.1 || 1;
  const [low, high] = [percentiles[1] - margin, percentiles[99] + margin];
  const known = Number.isFinite(low) && Number.isFinite(high);
  const counts = known ? histogramOf(values, { bins: BINS, low, high }).counts : new Uint32Array(BINS);
  const cut = region.kind === 'line' ? cutAlong({ ...size, values: pixels }, region) : null;
  return { unit: opened.unit, statistics, histogram: { low, high, counts }, cut };
}

function cutAlong(
  image: Parameters<typeof lineCut>[0],
  { from, to, widthPx }: Extract<Region, { kind: 'line' }>,
): RegionCut {
  const { positionsPx, values } = lineCut(image, from, to, widthPx);
  return { positionsPx, values, width: fwhmOfCut(positionsPx, values) ?? null };
}
