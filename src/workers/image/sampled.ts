/**
 * Statistics for the display, from an evenly spaced sample of an image: good to a few thousandths of the noise and
 * there before the first frame is drawn, where all 16 million pixels would take longer than their reduction.
 */
import type { Engine, Plane } from 'astro-fits-wasm';
import type { Box } from '../../core/frames.ts';
import type { AmplifierPlace, ImageStatistics, SampledHistogram, SampledStatistics } from './contract.ts';
import { QUANTILES } from './contract.ts';

/** Of the whole image; the amplifiers share it. More would be sorted for longer than the eye can tell. */
const SAMPLES = 40_000;
const HISTOGRAM_BINS = 256;

/** Every pixel of a grid inside of the box; the steps are odd, so that no pattern of even period is missed. */
function gridSample(plane: Plane, box: Box<'Detector'>, most: number): Float32Array<ArrayBuffer> {
  const [width, height] = [box.x1 - box.x0, box.y1 - box.y0];
  const step = Math.max(1, Math.ceil(Math.sqrt((width * height) / most)) | 1);
  const pixels = plane.view() as Float32Array;
  const sample = new Float32Array(Math.ceil(width / step) * Math.ceil(height / step));
  let count = 0;
  for (let y = box.y0; y < box.y1; y += step) {
    const row = y * plane.width;
    for (let x = box.x0; x < box.x1; x += step) {
      const value = pixels[row + x] ?? Number.NaN;
      // NaN minus itself is NaN, and so is an infinity.
      if (value - value === 0) sample[count++] = value;
    }
  }
  return sample.subarray(0, count);
}

/** Linear between order statistics; NaN where there are none. */
function quantile(sorted: Float32Array, fraction: number): number {
  const at = fraction * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** The median of the distances from the median, by going outwards from it: the sample is sorted already. */
function medianDeviation(sorted: Float32Array, median: number): number {
  const half = (sorted.length - 1) / 2;
  let above = countBelow(sorted, median);
  let below = above - 1;
  let [before, last] = [0, 0];
  for (let taken = 0; taken <= Math.ceil(half); taken++) {
    const down = below >= 0 ? median - sorted[below]! : Infinity;
    const up = above < sorted.length ? sorted[above]! - median : Infinity;
    before = last;
    last = Math.min(down, up);
    if (down <= up) below -= 1;
    else above += 1;
  }
  return Number.isInteger(half) ? last : (before + last) / 2;
}

function statisticsOf(engine: Engine, sample: Float32Array<ArrayBuffer>): SampledStatistics {
  if (sample.length === 0) {
    const nan = Number.NaN;
    return {
      zscale: [nan, nan],
      min: nan,
      max: nan,
      median: nan,
      robustSigma: nan,
      quantiles: QUANTILES.map(() => nan),
    };
  }
  const zscale = zscaleOf(engine, sample);
  sample.sort();
  const median = quantile(sample, 0.5);
  return {
    zscale,
    min: sample[0] ?? Number.NaN,
    max: sample.at(-1) ?? Number.NaN,
    median,
    robustSigma: 1.4826 * medianDeviation(sample, median),
    quantiles: QUANTILES.map((fraction) => quantile(sample, fraction)),
  };
}

/** The engine's, of the sample before it is sorted. */
function zscaleOf(engine: Engine, sample: Float32Array): readonly [number, number] {
  const plane = engine.plane('f32', sample.length, 1);
  try {
    (plane.view() as Float32Array).set(sample);
    return engine.zscale(plane);
  } finally {
    engine.free(plane);
  }
}

/** Of a sorted sample, over its central 99.8 %, with some room at both sides. */
function histogramOf(sorted: Float32Array): SampledHistogram {
  const [inner, outer] = [quantile(sorted, 0.001), quantile(sorted, 0.999)];
  const margin = Math.max((outer - inner) * 0.1, Math.abs(inner) * 1e-6, 1e-6);
  const [low, high] = [inner - margin, outer + margin];
  const counts = new Array<number>(HISTOGRAM_BINS).fill(0);
  if (sorted.length > 0) {
    const scale = HISTOGRAM_BINS / (high - low);
    for (const value of sorted) {
      const bin = Math.floor((value - low) * scale);
      if (bin >= 0 && bin < HISTOGRAM_BINS) counts[bin]! += 1;
    }
  }
  return { low, high, counts };
}

export interface Sampled {
  readonly statistics: ImageStatistics;
  /** Sorted; what histogram equalization is worked out from. */
  readonly sorted: Float32Array;
}

export function sampled(engine: Engine, plane: Plane, amplifiers: readonly AmplifierPlace[]): Sampled {
  const most = SAMPLES / Math.max(1, amplifiers.length);
  const parts = amplifiers.map(({ box }) => gridSample(plane, box, most));
  // Row by row of the whole frame, where no amplifiers are known.
  const frame = { x0: 0, y0: 0, x1: plane.width, y1: plane.height };
  const whole = amplifiers.length > 0 ? together(parts) : gridSample(plane, frame, SAMPLES);
  const statistics = statisticsOf(engine, whole);
  return {
    statistics: {
      ...statistics,
      histogram: histogramOf(whole),
      percentiles: Array.from({ length: 101 }, (_, percent) => quantile(whole, percent / 100)),
      amplifiers: amplifiers.map(({ name }, i) => ({
        name,
        ...statisticsOf(engine, parts[i] ?? new Float32Array(0)),
      })),
    },
    sorted: whole,
  };
}

function together(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The share of the pixels between the limits that lie below each of `size` equal steps from one limit to the other. */
export function equalizing(
  sorted: Float32Array,
  [low, high]: readonly [number, number],
  size: number,
): Float32Array<ArrayBuffer> {
  const table = new Float32Array(size);
  const first = countBelow(sorted, low);
  const all = Math.max(1, countBelow(sorted, high) - first);
  for (let i = 0; i < size; i++) {
    table[i] = Math.min(
      1,
      Math.max(0, (countBelow(sorted, low + ((high - low) * i) / (size - 1)) - first) / all),
    );
  }
  return table;
}

function countBelow(sorted: Float32Array, value: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
