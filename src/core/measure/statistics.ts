/**
 * Exact statistics of many float32 values in a few passes, without sorting.
 *
 * Order statistics come from counting: the bits of a float32, with the sign handled, are an unsigned integer in the
 * order of the numbers. One pass counts its upper 16 bits, a second the lower 16 bits within the few upper values
 * where a wanted rank lies. Values that are not finite are left out and counted.
 */

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

const HALF = 1 << 16;
const EXPONENT = 0x7f800000;

// Kept between calls: a region's statistics follow the mouse, and fresh megabytes each time would cost more than they.
const upperCounts = new Uint32Array(HALF);
const slotOfUpper = new Uint8Array(HALF);
let lowerCounts = new Uint32Array(HALF);
let deviations = new Float32Array(0);

const wordOfFloat = new Float32Array(1);
const bitsOfFloat = new Uint32Array(wordOfFloat.buffer);

function floatOfKey(key: number): number {
  bitsOfFloat[0] = key >= 0x80000000 ? key ^ 0x80000000 : ~key;
  // -0 is the number 0.
  return (wordOfFloat[0] ?? NaN) + 0;
}

function countUpper(bits: Int32Array): number {
  upperCounts.fill(0);
  let finite = 0;
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    if ((word & EXPONENT) === EXPONENT) continue;
    const upper = (word ^ ((word >> 31) | 0x80000000)) >>> 16;
    upperCounts[upper] = (upperCounts[upper] as number) + 1;
    finite++;
  }
  return finite;
}

/** The values of ascending `ranks`, from 0, among the finite ones; `countUpper` has just been run on `bits`. */
function valuesOfRanks(bits: Int32Array, ranks: readonly number[]): number[] {
  const places: { slot: number; upper: number; rank: number }[] = [];
  let upper = 0;
  let before = 0;
  let slots = 0;
  slotOfUpper.fill(0);
  for (const rank of ranks) {
    while (before + (upperCounts[upper] as number) <= rank) before += upperCounts[upper++] as number;
    if (slotOfUpper[upper] === 0) slotOfUpper[upper] = ++slots;
    places.push({ slot: slotOfUpper[upper] as number, upper, rank: rank - before });
  }
  if (lowerCounts.length < slots * HALF) lowerCounts = new Uint32Array(slots * HALF);
  else lowerCounts.fill(0, 0, slots * HALF);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    const key = word ^ ((word >> 31) | 0x80000000);
    const slot = slotOfUpper[key >>> 16] as number;
    if (slot === 0 || (word & EXPONENT) === EXPONENT) continue;
    const at = ((slot - 1) << 16) | (key & 0xffff);
    lowerCounts[at] = (lowerCounts[at] as number) + 1;
  }
  return places.map(({ slot, upper: high, rank }) => {
    const start = (slot - 1) * HALF;
    let lower = 0;
    let left = rank;
    while (left >= (lowerCounts[start + lower] as number)) left -= lowerCounts[start + lower++] as number;
    return floatOfKey(high * HALF + lower);
  });
}

/** Linear between the two neighbouring order statistics, as numpy's default. `fractions` ascend. */
function quantiles(bits: Int32Array, n: number, fractions: readonly number[]): number[] {
  const ranks = fractions.flatMap((fraction) => {
    const low = Math.floor(fraction * (n - 1));
    return [low, Math.min(low + 1, n - 1)];
  });
  const ascending = [...new Set(ranks)].sort((a, b) => a - b);
  const values = valuesOfRanks(bits, ascending);
  const valueOf = new Map(ascending.map((rank, i) => [rank, values[i] as number]));
  return fractions.map((fraction, i) => {
    const rank = fraction * (n - 1);
    const low = valueOf.get(ranks[2 * i] as number) as number;
    const high = valueOf.get(ranks[2 * i + 1] as number) as number;
    return low + (high - low) * (rank - Math.floor(rank));
  });
}

export function regionStatistics(values: Float32Array, count = values.length): RegionStatistics {
  const bits = new Int32Array(values.buffer, values.byteOffset, count);
  const n = countUpper(bits);
  const notFinite = count - n;
  if (n === 0) {
    const percentiles = { 1: NaN, 5: NaN, 25: NaN, 75: NaN, 95: NaN, 99: NaN };
    const none = { mean: NaN, median: NaN, robustSigma: NaN, standardDeviation: NaN, min: NaN, max: NaN };
    return { n, notFinite, sum: 0, ...none, percentiles };
  }
  const [min, p1, p5, p25, median, p75, p95, p99, max] = quantiles(
    bits,
    n,
    [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1],
  ) as [number, number, number, number, number, number, number, number, number];

  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (value - value === 0) sum += value;
  }
  const mean = sum / n;

  if (deviations.length < count) deviations = new Float32Array(count);
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    deviations[i] = Math.abs(value - median);
    if (value - value === 0) squares += (value - mean) * (value - mean);
  }
  const deviationBits = new Int32Array(deviations.buffer, 0, count);
  // A deviation that overflows float32 would fall out of the count, so the rank is taken among those that did not.
  const [mad] = quantiles(deviationBits, countUpper(deviationBits), [0.5]) as [number];

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
  const counts = new Uint32Array(bins);
  const perUnit = bins / (high - low);
  let below = 0;
  let above = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < low) below++;
    else if (value > high) above++;
    else if (value === value) {
      const bin = Math.min(bins - 1, Math.floor((value - low) * perUnit));
      counts[bin] = (counts[bin] as number) + 1;
    }
  }
  return { counts, below, above, low, high };
}
