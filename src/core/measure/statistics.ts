/**
 * Exact statistics of many float32 values in two passes, without sorting. Values that are not finite are left out and
 * counted.
 */
import {
  type Bins,
  binOfRank,
  binsOf,
  countLowers,
  countUppers,
  MOST_SLOTS,
  valueOfRank,
} from './floatCounts.ts';
import { type DeviationBins, deviationBins, medianDeviation } from './medianDeviation.ts';

/** NaN where nothing is left to measure; `standardDeviation` (n - 1) needs two values. */
export interface RegionStatistics {
  readonly n: number;
  readonly notFinite: number;
  readonly sum: number;
  readonly mean: number;
  readonly median: number;
  /** 1.4826 times the median absolute deviation: the sigma of a normal distribution. */
  readonly robustSigma: number;
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
  readonly percentiles: Readonly<Record<Percentile, number>>;
}

export const PERCENTILES = [1, 5, 25, 75, 95, 99] as const;
export type Percentile = (typeof PERCENTILES)[number];

export interface Histogram {
  readonly counts: Uint32Array;
  readonly below: number;
  readonly above: number;
  readonly low: number;
  readonly high: number;
}

/** Of a normal distribution, sigma over the median absolute deviation. */
export const SIGMA_PER_MAD = 1.482602218505602;

const FRACTIONS = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1] as const;

/** The two order statistics that a fraction lies between. */
function ranksOf(fraction: number, n: number): readonly [number, number] {
  const rank = Math.floor(fraction * (n - 1));
  return [rank, Math.min(rank + 1, n - 1)];
}

/** Linear between the two neighbouring order statistics, as numpy's default. */
function between(low: number, high: number, fraction: number, n: number): number {
  const rank = fraction * (n - 1);
  return low + (high - low) * (rank - Math.floor(rank));
}

export function regionStatistics(values: Float32Array, count = values.length): RegionStatistics {
  const { n, sum } = countUppers(values, count);
  const notFinite = count - n;
  if (n === 0) {
    const percentiles = { 1: NaN, 5: NaN, 25: NaN, 75: NaN, 95: NaN, 99: NaN };
    const none = { mean: NaN, median: NaN, robustSigma: NaN, standardDeviation: NaN, min: NaN, max: NaN };
    return { n, notFinite, sum, ...none, percentiles };
  }
  const mean = sum / n;
  const bins = binsOf(n);
  const spread = spreadOf(bins, n);
  const wanted = new Set([...binsOfFractions(bins, FRACTIONS, n), ...(spread?.wanted ?? [])]);
  const { squares, countsOf } = countLowers(values, count, { mean, bins, wanted: [...wanted] });
  const [min, p1, p5, p25, median, p75, p95, p99, max] = FRACTIONS.map((fraction) =>
    quantile(bins, countsOf, fraction, n),
  ) as [number, number, number, number, number, number, number, number, number];
  const mad = spread
    ? medianDeviation(bins, spread, median, countsOf)
    : medianOf(values.subarray(0, count).map((value) => Math.abs(value - median)));

  return {
    n,
    notFinite,
    sum,
    mean,
    median,
    robustSigma: SIGMA_PER_MAD * mad,
    standardDeviation: n > 1 ? Math.sqrt(squares / (n - 1)) : NaN,
    min,
    max,
    percentiles: { 1: p1, 5: p5, 25: p25, 75: p75, 95: p95, 99: p99 },
  };
}

function binsOfFractions(bins: Bins, fractions: readonly number[], n: number): Set<number> {
  return new Set(fractions.flatMap((fraction) => ranksOf(fraction, n).map((rank) => binOfRank(bins, rank))));
}

/** Undefined where the deviations themselves must be counted. */
function spreadOf(bins: Bins, n: number): DeviationBins | undefined {
  const [low, high] = ranksOf(0.5, n);
  const middle = [binOfRank(bins, low), binOfRank(bins, high)] as const;
  return deviationBins(bins, middle, MOST_SLOTS - 2 * FRACTIONS.length);
}

function quantile(bins: Bins, countsOf: (bin: number) => Int32Array, fraction: number, n: number): number {
  const [low, high] = ranksOf(fraction, n).map((rank) => {
    const bin = binOfRank(bins, rank);
    return valueOfRank(bins, bin, countsOf(bin), rank);
  }) as [number, number];
  return between(low, high, fraction, n);
}

/** Of the finite ones. */
function medianOf(values: Float32Array): number {
  const { n, sum } = countUppers(values, values.length);
  const bins = binsOf(n);
  const wanted = [...binsOfFractions(bins, [0.5], n)];
  const { countsOf } = countLowers(values, values.length, { mean: sum / n, bins, wanted });
  return quantile(bins, countsOf, 0.5, n);
}

/** Equal bins over low <= value <= high (the last one holds `high`); NaN is in no count. */
export function histogramOf(
  values: Float32Array,
  { bins, low, high }: { readonly bins: number; readonly low: number; readonly high: number },
): Histogram {
  if (!(Number.isInteger(bins) && bins >= 1))
    throw new RangeError(`A histogram needs 1 bin or more, not ${bins}.`);
  if (!(high > low) || !Number.isFinite(high - low)) {
    throw new RangeError(`A histogram needs finite limits with low < high, not ${low} and ${high}.`);
  }
  // One more: `high` itself may fall behind the last bin.
  const counts = new Int32Array(bins + 1);
  const perUnit = bins / (high - low);
  let below = 0;
  let above = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value >= low && value <= high) {
      const bin = ((value - low) * perUnit) | 0;
      counts[bin] = ((counts[bin] as number) + 1) | 0;
    } else if (value < low) below++;
    else if (value > high) above++;
  }
  counts[bins - 1] = (counts[bins - 1] as number) + (counts[bins] as number);
  return { counts: Uint32Array.from(counts.subarray(0, bins)), below, above, low, high };
}
