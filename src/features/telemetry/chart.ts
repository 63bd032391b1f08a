/** Geometry of the strip: scales, ticks and lines as SVG paths. No DOM: tested in Node. */
import type { Series } from '../../services/efd/efdClient.ts';
import type { UnixMs } from '../../core/time.ts';
import { formatFixed } from '../../core/units.ts';

/** CSS pixels, origin at the upper left. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** Both plots and the gap between: what bands and the cursor cross. */
  readonly all: Box;
  readonly mount: Box;
  readonly seeing: Box;
}

const MARGIN = { left: 44, right: 10, top: 4, bottom: 18 } as const;
/** The lowest label of the upper plot and the highest of the lower one stand one below the other. */
const GAP = 12;
const MOUNT_SHARE = 0.6;

/** Null while there is no room to draw. */
export function layoutOf(width: number, height: number): Layout | null {
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  if (inner.width < 40 || inner.height < 40) return null;
  const all = { left: MARGIN.left, top: MARGIN.top, ...inner };
  const mountHeight = Math.round((inner.height - GAP) * MOUNT_SHARE);
  return {
    all,
    mount: { ...all, height: mountHeight },
    seeing: { ...all, top: all.top + mountHeight + GAP, height: inner.height - GAP - mountHeight },
  };
}

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Few and fixed, so that a line keeps its height and its meaning from one minute to the next. */
const MOUNT_STEPS_ARCSEC = [0.5, 1, 2, 5, 10] as const;
/** The scale grows when more than a twentieth of the errors leave it, and shrinks when a fiftieth would not. */
const GROW_SHARE = 0.95;
const SHRINK_SHARE = 0.98;
const LARGEST_SEEING_ARCSEC = 10;

/**
 * Where the mount's plot ends, in arcsec up and down, so that tracking can be read and not only its largest errors. It is
 * judged while a shutter was open, or by all there is when none was. `before` is the plot's end until now: between growing
 * and shrinking it stays.
 */
export function mountEnd(
  azimuth: Series,
  elevation: Series,
  open: readonly Interval[],
  before: number | null,
): number {
  let sizes = [...errorSizes(azimuth, open), ...errorSizes(elevation, open)];
  if (sizes.length === 0) sizes = [...allSizes(azimuth), ...allSizes(elevation)];
  if (sizes.length === 0) return before ?? MOUNT_STEPS_ARCSEC[0];
  sizes.sort((a, b) => a - b);
  const stepAt = (share: number) => {
    const size = sizes[Math.ceil(share * sizes.length) - 1] as number;
    return MOUNT_STEPS_ARCSEC.find((step) => step >= size) ?? 10;
  };
  const grown = stepAt(GROW_SHARE);
  return before === null || grown > before ? grown : Math.min(before, stepAt(SHRINK_SHARE));
}

function allSizes(series: Series): number[] {
  return Array.from(series.values, Math.abs).filter((size) => !Number.isNaN(size));
}

function errorSizes(series: Series, open: readonly Interval[]): number[] {
  const sizes: number[] = [];
  whileOpen(series, open, (value) => sizes.push(Math.abs(value)));
  return sizes;
}

export function seeingScale(seeing: Series): Scale {
  const sane = allSizes(seeing).filter((size) => size <= LARGEST_SEEING_ARCSEC);
  return { low: 0, high: Math.max(1, 1.15 * Math.max(0, ...sane)) };
}

export function xOf(at: UnixMs, range: { readonly begin: UnixMs; readonly end: UnixMs }, box: Box): number {
  return box.left + ((at - range.begin) / (range.end - range.begin)) * box.width;
}

export function yOf(value: number, scale: Scale, box: Box): number {
  return box.top + ((scale.high - value) / (scale.high - scale.low)) * box.height;
}

/** The line of a series; it is broken where there is nothing to draw. Tenths of a pixel are finer than any screen. */
export function pathOf(
  series: Series,
  range: { readonly begin: UnixMs; readonly end: UnixMs },
  scale: Scale,
  box: Box,
): string {
  const parts: string[] = [];
  let pen = 'M';
  const { timesMs, values, originUnixMs } = series;
  for (let i = 0; i < timesMs.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) {
      pen = 'M';
      continue;
    }
    const x = xOf((timesMs[i] as number) + originUnixMs, range, box);
    parts.push(`${pen}${x.toFixed(1)} ${yOf(value, scale, box).toFixed(1)}`);
    pen = 'L';
  }
  return parts.join('');
}

/** Closer marks than this would be one bar. */
const MARK_PX = 8;

/** A small arrow head at the edge for each time that the line leaves the plot, as one path. */
export function clippedMarks(
  series: Series,
  range: { readonly begin: UnixMs; readonly end: UnixMs },
  { low, high }: Scale,
  box: Box,
): string {
  const parts: string[] = [];
  const last = { top: -Infinity, bottom: -Infinity };
  series.values.forEach((value, i) => {
    const edge = value > high ? 'top' : value < low ? 'bottom' : null;
    const x = xOf(series.originUnixMs + (series.timesMs[i] as number), range, box);
    if (edge === null || x - last[edge] < MARK_PX) return;
    last[edge] = x;
    const y = edge === 'top' ? box.top : box.top + box.height;
    parts.push(`M${x.toFixed(1)} ${y}l-4 ${edge === 'top' ? 7 : -7}h8z`);
  });
  return parts.join('');
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((n) => n * HOUR),
];

/** Round UTC times, at most `most` of them. */
export function timeTicks(begin: UnixMs, end: UnixMs, most: number): UnixMs[] {
  const step = TIME_STEPS.find((s) => (end - begin) / s <= most) ?? 24 * HOUR;
  const ticks: UnixMs[] = [];
  for (let at = Math.ceil(begin / step) * step; at <= end; at += step) ticks.push(at);
  return ticks;
}

/** 04:12, or 04:12:30 where the ticks are finer than a minute. */
export function utcLabel(at: UnixMs, withSeconds: boolean): string {
  return new Date(at).toISOString().slice(11, withSeconds ? 19 : 16);
}

/** About what a digit of the tick labels is wide, at 11 px. */
const DIGIT_PX = 6.4;

/** The middle of a label under `x` that still lies inside the strip. */
export function labelMiddle(x: number, label: string, { left, width }: Box): number {
  return Math.min(x, left + width + MARGIN.right - (label.length * DIGIT_PX) / 2);
}

/** Two decimals, and no minus before what rounds to nothing. */
export function formatArcsec(value: number): string {
  return Number.isFinite(value) ? `${formatFixed(Math.round(value * 100) / 100, 2)}″` : '–';
}

/** Values in steps of 1, 2 or 5 times a power of ten, at most `most` of them. */
export function valueTicks({ low, high }: Scale, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) ticks.push(Number((n * step).toPrecision(6)));
  return ticks;
}

/** The point nearest in time, if the line passes there. */
export function valueAt(series: Series, at: UnixMs, withinMs: number): number | null {
  const { timesMs, values, originUnixMs } = series;
  const wanted = at - originUnixMs;
  let low = 0;
  let high = timesMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  let best: number | null = null;
  let bestDistance = withinMs;
  for (const i of [low - 1, low]) {
    const time = timesMs[i];
    const value = values[i];
    if (time === undefined || value === undefined || Number.isNaN(value)) continue;
    const distance = Math.abs(time - wanted);
    if (distance <= bestDistance) {
      best = value;
      bestDistance = distance;
    }
  }
  return best;
}

export interface Peak {
  readonly atUnixMs: UnixMs;
  readonly arcsec: number;
}

export interface Interval {
  readonly beginUnixMs: UnixMs;
  readonly endUnixMs: UnixMs;
}

/** The points while a shutter was open. `open` holds the shutter intervals, oldest first. */
function whileOpen(
  series: Series,
  open: readonly Interval[],
  visit: (value: number, atUnixMs: UnixMs) => void,
): void {
  let next = 0;
  series.values.forEach((value, i) => {
    const atUnixMs = series.originUnixMs + (series.timesMs[i] as number);
    while (next < open.length && (open[next] as Interval).endUnixMs < atUnixMs) next += 1;
    const interval = open[next];
    if (interval && atUnixMs >= interval.beginUnixMs && !Number.isNaN(value)) visit(value, atUnixMs);
  });
}

/**
 * The largest mount error while a shutter was open, and when: what an observer looks for first. Slews between exposures do
 * not count.
 */
export function largestError(azimuth: Series, elevation: Series, open: readonly Interval[]): Peak | null {
  let peak: Peak | null = null;
  for (const series of [azimuth, elevation]) {
    whileOpen(series, open, (value, atUnixMs) => {
      const arcsec = Math.abs(value);
      if (arcsec > (peak?.arcsec ?? 0)) peak = { atUnixMs, arcsec };
    });
  }
  return peak;
}
