/**
 * The sources of an image: peaks of its light under a matched filter (Stetson 1987, PASP 99, 191, section II) that stand
 * above the noise and are parted from brighter ones by a valley, each measured as its pixels are.
 */
import type { Box } from '../frames.ts';
import { meshSky } from './meshSky.ts';
import type { Plane } from './plane.ts';
import { medianOf, valueAt } from './plane.ts';
import { valueOrOpposite } from './radial.ts';
import { windowed } from './window.ts';

export interface Source {
  readonly x: number;
  readonly y: number;
  /** Above the sky, in a circle of `apertureRadiusPx`. */
  readonly flux: number;
  readonly apertureRadiusPx: number;
  readonly signalToNoise: number;
  /** Of a Gaussian with the source's second moments. */
  readonly fwhmPx: number;
  /** 1 - minor / major axis. */
  readonly ellipticity: number;
  /** Of the major axis, from x towards y, in (-90, 90]. */
  readonly positionAngleDeg: number;
  /** Of its pixels, above the sky. */
  readonly peak: number;
  readonly saturated: boolean;
}

export interface SourceImage {
  readonly pixels: Plane;
  /** Means of `binPx` by `binPx` pixels, in which sources are looked for. */
  readonly binned: Plane;
  readonly binPx: number;
  /** Each has a sky of its own: a step from one to the next is no source. */
  readonly amplifiers: readonly Box<'Detector'>[];
  /** What the camera knows at a place; null where it does not. */
  electronPerUnitAt(x: number, y: number): number | null;
  isSaturated(x: number, y: number): boolean;
}

/** Of the filtered light over its noise. */
export const DETECTION_SIGMA = 5;
/** The brightest are measured. */
export const MOST_SOURCES = 1000;
/** A peak is a source of its own where the way to a brighter one goes so far below it: a part of its height, or noise. */
const VALLEY = 0.1;
const VALLEY_SIGMA = 3;
/** Of the filter, in binned pixels. */
const FILTER_SIGMA = 1;
const FILTER_REACH = 3;
/** Of the sky's mesh, in binned pixels. */
const MESH = 32;
/** No star is as narrow along any direction: cosmic rays and hot pixels are. */
const LEAST_FWHM_PX = 1.7;
/** What is left of it in its aperture. */
const LEAST_SIGNAL_TO_NOISE = 4;
/** Of the median width of the brightest, along the minor axis; below that many stars nothing is known of it. */
const NARROWEST = 0.5;
const BRIGHTEST = 15;
const FEWEST_STARS = 5;
const CUTOUT_HALF_SIDE_PX = 30;
/** Of the source's own sigma: a Gaussian has 98.9 % of its light in it. */
const APERTURE_SIGMA = 3;
const MOST_RADIUS_PX = 25;
const FWHM_PER_SIGMA = 2 * Math.sqrt(2 * Math.LN2);
const DEG = Math.PI / 180;

/** Highest first. Yields often, so that who is asked for something else meanwhile can answer. */
export function* detectSources(image: SourceImage): Generator<undefined, Source[]> {
  const { binPx } = image;
  const sky = yield* skyOf(image);
  const filtered = yield* significance(image.binned, sky);
  const place = (at: number) => at * binPx + (binPx - 1) / 2;
  const peaks = partedPeaks(filtered)
    .slice(0, MOST_SOURCES)
    .map(({ x, y }) => ({ x: place(x), y: place(y) }));
  yield;
  const sources: Source[] = [];
  for (const start of peaks) {
    const source = measured(image, sky, peaks, start);
    if (source) sources.push(source);
    yield;
  }
  return withoutSlivers(sources);
}

/** What is much narrower than the image's stars is no star: noise of a bad column, the rest of a cosmic ray. */
function withoutSlivers(sources: Source[]): Source[] {
  if (sources.length < FEWEST_STARS) return sources;
  const bright = sources.slice(0, BRIGHTEST).map(({ fwhmPx }) => fwhmPx);
  const least = NARROWEST * medianOf(bright);
  return sources.filter(({ fwhmPx, ellipticity: e }) => {
    // fwhmPx is the mean of both axes, in squares.
    const minorFwhmPx = fwhmPx * (1 - e) * Math.sqrt(2 / (1 + (1 - e) ** 2));
    return minorFwhmPx >= least;
  });
}

/** Of each binned pixel; NaN where it is not known. */
interface Sky {
  readonly level: Float64Array;
  readonly sigma: Float64Array;
}

/** Of each amplifier by itself, for the binned pixels whose middles lie in it. */
function* skyOf({ binned, binPx, amplifiers }: SourceImage): Generator<undefined, Sky> {
  const { width, height, values } = binned;
  const level = new Float64Array(values.length).fill(NaN);
  const sigma = new Float64Array(values.length).fill(NaN);
  const first = (edge: number, most: number) =>
    Math.min(most, Math.max(0, Math.ceil((edge - binPx / 2) / binPx)));
  for (const box of amplifiers) {
    const [x0, x1] = [first(box.x0, width), first(box.x1, width)];
    const [y0, y1] = [first(box.y0, height), first(box.y1, height)];
    const part: Plane = { width: x1 - x0, height: y1 - y0, values: new Float64Array((x1 - x0) * (y1 - y0)) };
    for (let y = y0; y < y1; y++) {
      part.values.set(values.subarray(y * width + x0, y * width + x1), (y - y0) * part.width);
    }
    const mesh = meshSky(part, MESH);
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        level[y * width + x] = mesh.levelAt(x - x0, y - y0);
        sigma[y * width + x] = mesh.sigmaAt(x - x0, y - y0);
      }
    }
    yield;
  }
  return { level, sigma };
}

/** The matched filter's answer in units of its noise; 0 where there is no value. */
function* significance(plane: Plane, sky: Sky): Generator<undefined, Plane> {
  const { width, height } = plane;
  const kernel = Array.from({ length: 2 * FILTER_REACH + 1 }, (_, i) =>
    Math.exp(-((i - FILTER_REACH) ** 2) / (2 * FILTER_SIGMA ** 2)),
  );
  const light = new Float64Array(width * height);
  const known = new Float64Array(width * height);
  for (let i = 0; i < light.length; i++) {
    const ratio = ((plane.values[i] as number) - (sky.level[i] as number)) / (sky.sigma[i] as number);
    if (!Number.isFinite(ratio)) continue;
    light[i] = ratio;
    known[i] = 1;
  }
  const squares = kernel.map((weight) => weight * weight);
  const convolvedBoth = function* (values: Float64Array, weights: readonly number[]) {
    const along = convolved(values, width, height, weights, 1);
    yield;
    const across = convolved(along, width, height, weights, width);
    yield;
    return across;
  };
  const sum = yield* convolvedBoth(light, kernel);
  const variance = yield* convolvedBoth(known, squares);
  return { width, height, values: sum.map((s, i) => (known[i] ? s / Math.sqrt(variance[i] as number) : 0)) };
}

/** Along x with a stride of 1, along y with one of the width; nothing comes from outside. */
function convolved(
  values: Float64Array,
  width: number,
  height: number,
  kernel: readonly number[],
  stride: number,
): Float64Array {
  const out = new Float64Array(values.length);
  const along = stride === 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [place, length] = along ? [x, width] : [y, height];
      const i = y * width + x;
      let sum = 0;
      const from = Math.max(-FILTER_REACH, -place);
      const to = Math.min(FILTER_REACH, length - 1 - place);
      for (let k = from; k <= to; k++) {
        sum += (kernel[k + FILTER_REACH] as number) * (values[i + k * stride] as number);
      }
      out[i] = sum;
    }
  }
  return out;
}

interface Peak {
  readonly x: number;
  readonly y: number;
}

/** Highest first; a peak from which a brighter one is reached above its valley is a part of that one. */
function partedPeaks({ width, height, values }: Plane): Peak[] {
  const at = (i: number) => values[i] as number;
  const peaks: number[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const top = at(i);
      if (top < DETECTION_SIGMA) continue;
      // Of equal neighbours the first one is the peak.
      const before = [i - width - 1, i - width, i - width + 1, i - 1].every((j) => at(j) < top);
      if (before && [i + 1, i + width - 1, i + width, i + width + 1].every((j) => at(j) <= top))
        peaks.push(i);
    }
  }
  peaks.sort((a, b) => at(b) - at(a));
  const seenBy = new Int32Array(values.length).fill(-1);
  const stands = (peak: number, index: number): boolean => {
    const valley = Math.max(VALLEY * at(peak), VALLEY_SIGMA);
    const least = Math.max(DETECTION_SIGMA, at(peak) - valley);
    const waiting = [peak];
    seenBy[peak] = index;
    while (waiting.length > 0) {
      const i = waiting.pop() as number;
      const x = i % width;
      for (const j of [i - width, i + width, x > 0 ? i - 1 : -1, x < width - 1 ? i + 1 : -1]) {
        if (j < 0 || j >= values.length || seenBy[j] === index || at(j) < least) continue;
        if (at(j) > at(peak)) return false;
        seenBy[j] = index;
        waiting.push(j);
      }
    }
    return true;
  };
  return peaks.filter(stands).map((i) => ({ x: i % width, y: Math.floor(i / width) }));
}

/** Undefined where there is no light of a star's width. Pixels nearer to another peak are that one's. */
function measured(image: SourceImage, sky: Sky, peaks: readonly Peak[], start: Peak): Source | undefined {
  const { pixels, binned, binPx } = image;
  const cellAt = (x: number, y: number) => Math.floor(y / binPx) * binned.width + Math.floor(x / binPx);
  const [x0, y0] = [Math.round(start.x) - CUTOUT_HALF_SIDE_PX, Math.round(start.y) - CUTOUT_HALF_SIDE_PX];
  const side = 2 * CUTOUT_HALF_SIDE_PX + 1;
  const light: Plane = { width: side, height: side, values: new Float64Array(side * side) };
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const value = valueAt(pixels, x0 + x, y0 + y);
      light.values[y * side + x] = value - (sky.level[cellAt(x0 + x, y0 + y)] ?? NaN);
    }
  }
  for (const other of peaks) {
    const [dx, dy] = [other.x - start.x, other.y - start.y];
    if (other === start || Math.max(Math.abs(dx), Math.abs(dy)) > 2 * CUTOUT_HALF_SIDE_PX) continue;
    const half = (dx * dx + dy * dy) / 2;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        if ((x0 + x - start.x) * dx + (y0 + y - start.y) * dy > half) light.values[y * side + x] = NaN;
      }
    }
  }
  // A mean of binPx² pixels has 1 / binPx of a pixel's noise.
  const sigma = (sky.sigma[cellAt(start.x, start.y)] as number) * binPx;
  const noise = { skyVariance: sigma * sigma, electronPerUnit: image.electronPerUnitAt(start.x, start.y) };
  const found = windowed(light, { x: start.x - x0, y: start.y - y0 }, binPx * FILTER_SIGMA, noise, 2 * binPx);
  if (!found) return undefined;
  const { xx, xy, yy } = found;
  const [mean, half] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
  const fwhmPx = FWHM_PER_SIGMA * Math.sqrt(Math.max(0, mean));
  if (!(FWHM_PER_SIGMA * Math.sqrt(Math.max(0, mean - half)) >= LEAST_FWHM_PX)) return undefined;
  const apertureRadiusPx = Math.min(MOST_RADIUS_PX, APERTURE_SIGMA * Math.sqrt(mean + half));
  let [flux, variance, peak, saturated] = [0, 0, -Infinity, false];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (Math.hypot(x - found.x, y - found.y) > apertureRadiusPx) continue;
      const value = valueOrOpposite(light, x, y, found);
      if (!Number.isFinite(value)) continue;
      flux += value;
      variance +=
        noise.skyVariance + (noise.electronPerUnit ? Math.max(0, value) / noise.electronPerUnit : 0);
      peak = Math.max(peak, value);
      saturated ||= image.isSaturated(x0 + x, y0 + y);
    }
  }
  const signalToNoise = flux / Math.sqrt(variance);
  if (!(signalToNoise >= LEAST_SIGNAL_TO_NOISE)) return undefined;
  return {
    x: x0 + found.x,
    y: y0 + found.y,
    flux,
    apertureRadiusPx,
    signalToNoise,
    fwhmPx,
    ellipticity: mean > half ? 1 - Math.sqrt((mean - half) / (mean + half)) : 1,
    positionAngleDeg: Math.atan2(2 * xy, xx - yy) / 2 / DEG,
    peak,
    saturated,
  };
}
