/** Geometry of the strip: scales, ticks and lines as SVG paths. No DOM: tested in Node. */
import type { Series } from '../../services/efd/efdClient.ts';
import type { UnixMs } from '../../core/time.ts';

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
const GAP = 8;
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

/** A mount that settles after a slew would flatten everything else: larger errors leave the plot. */
const LARGEST_ERROR_ARCSEC = 12;
const LARGEST_SEEING_ARCSEC = 10;

function largest(values: Float64Array, limit: number): number {
  let top = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > top && size <= limit) top = size;
  }
  return top;
}

export function mountScale(azimuth: Series, elevation: Series): Scale {
  const high = Math.max(
    0.5,
    1.1 * largest(azimuth.values, LARGEST_ERROR_ARCSEC),
    1.1 * largest(elevation.values, LARGEST_ERROR_ARCSEC),
  );
  return { low: -high, high };
}

export function seeingScale(seeing: Series): Scale {
  return { low: 0, high: Math.max(1, 1.15 * largest(seeing.values, LARGEST_SEEING_ARCSEC)) };
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

/**
 * The largest mount error while a shutter was open, and when: what an observer looks for first. Slews between exposures do
 * not count. `open` holds the shutter intervals, oldest first.
 */
export function largestError(
  azimuth: Series,
  elevation: Series,
  open: readonly { readonly beginUnixMs: UnixMs; readonly endUnixMs: UnixMs }[],
): Peak | null {
  let peak: Peak | null = null;
  for (const series of [azimuth, elevation]) {
    let next = 0;
    series.values.forEach((value, i) => {
      const atUnixMs = series.originUnixMs + (series.timesMs[i] as number);
      while (next < open.length && (open[next] as { endUnixMs: UnixMs }).endUnixMs < atUnixMs) next += 1;
      const interval = open[next];
      if (!interval || atUnixMs < interval.beginUnixMs) return;
      const arcsec = Math.abs(value);
      if (arcsec > (peak?.arcsec ?? 0)) peak = { atUnixMs, arcsec };
    });
  }
  return peak;
}
