/**
 * Exact statistics of many float32 values in a few passes, without sorting.
 *
 * Order statistics come from counting: the bits of a float32, with the sign handled, are an unsigned integer in the
 * order of the numbers. One pass counts its upper 16 bits, a second gathers the lower 16 bits of the values whose upper
 * half a wanted rank falls on, and these are counted. Values that are not finite are left out and counted.
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
// Upper halves of keys below and from here on belong to -Infinity, Infinity and NaN alone.
const FIRST_FINITE = 0x0080;
const FIRST_ABOVE_FINITE = 0xff80;

// Kept between calls: a region's statistics follow the mouse, and fresh megabytes each time would cost more than they.
// Signed, because V8 adds to unsigned words as floating-point numbers.
const upperCounts = new Int32Array(HALF);
const lowerCounts = new Int32Array(HALF);
const slotOfUpper = new Uint8Array(HALF);
let gathered = new Uint16Array(0);
let deviations = new Float32Array(0);

const wordOfFloat = new Float32Array(1);
const bitsOfFloat = new Uint32Array(wordOfFloat.buffer);

function floatOfKey(key: number): number {
  bitsOfFloat[0] = key >= 0x80000000 ? key ^ 0x80000000 : ~key;
  // -0 is the number 0.
  return (wordOfFloat[0] as number) + 0;
}

/** Forgets what is not finite and says how many values `upperCounts` then holds. */
function finiteInCounts(): number {
  upperCounts.fill(0, 0, FIRST_FINITE);
  upperCounts.fill(0, FIRST_ABOVE_FINITE);
  let n = 0;
  for (let upper = FIRST_FINITE; upper < FIRST_ABOVE_FINITE; upper++) n += upperCounts[upper] as number;
  return n;
}

interface Slot {
  readonly upper: number;
  /** How many finite values have a smaller upper half. */
  readonly before: number;
  readonly start: number;
  readonly size: number;
}

/** The values of ascending `ranks`, from 0, among the finite ones; `upperCounts` holds the counts of `bits`. */
function valuesOfRanks(bits: Int32Array, ranks: readonly number[]): Map<number, number> {
  const slots: Slot[] = [];
  slotOfUpper.fill(0);
  let upper = FIRST_FINITE;
  let before = 0;
  let size = 0;
  for (const rank of ranks) {
    while (before + (upperCounts[upper] as number) <= rank) before += upperCounts[upper++] as number;
    if (slotOfUpper[upper] !== 0) continue;
    slots.push({ upper, before, start: size, size: upperCounts[upper] as number });
    slotOfUpper[upper] = slots.length;
    size += upperCounts[upper] as number;
  }

  if (gathered.length < size) gathered = new Uint16Array(size);
  const lowers = gathered;
  const ends = Int32Array.from([0, ...slots.map(({ start }) => start)]);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    const key = word ^ ((word >> 31) | 0x80000000);
    const slot = slotOfUpper[key >>> 16] as number;
    if (slot === 0) continue;
    const end = ends[slot] as number;
    lowers[end] = key & 0xffff;
    ends[slot] = (end + 1) | 0;
  }

  const values = new Map<number, number>();
  for (const slot of slots) {
    lowerCounts.fill(0);
    for (let i = slot.start; i < slot.start + slot.size; i++) {
      const lower = lowers[i] as number;
      lowerCounts[lower] = ((lowerCounts[lower] as number) + 1) | 0;
    }
    let lower = 0;
    let passed = slot.before;
    for (const rank of ranks) {
      if (rank < slot.before || rank >= slot.before + slot.size) continue;
      while (passed + (lowerCounts[lower] as number) <= rank) passed += lowerCounts[lower++] as number;
      values.set(rank, floatOfKey(slot.upper * HALF + lower));
    }
  }
  return values;
}

/** Linear between the two neighbouring order statistics, as numpy's default. `fractions` ascend. */
function quantiles(bits: Int32Array, n: number, fractions: readonly number[]): number[] {
  const lowRanks = fractions.map((fraction) => Math.floor(fraction * (n - 1)));
  const ranks = lowRanks.flatMap((rank) => [rank, Math.min(rank + 1, n - 1)]);
  const values = valuesOfRanks(
    bits,
    ranks.sort((a, b) => a - b),
  );
  return fractions.map((fraction, i) => {
    const rank = lowRanks[i] as number;
    const low = values.get(rank) as number;
    const high = values.get(Math.min(rank + 1, n - 1)) as number;
    return low + (high - low) * (fraction * (n - 1) - rank);
  });
}

export function regionStatistics(values: Float32Array, count = values.length): RegionStatistics {
  const bits = new Int32Array(values.buffer, values.byteOffset, count);
  upperCounts.fill(0);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const word = bits[i] as number;
    const upper = (word ^ ((word >> 31) | 0x80000000)) >>> 16;
    upperCounts[upper] = ((upperCounts[upper] as number) + 1) | 0;
    const value = values[i] as number;
    if (value - value === 0) sum += value;
  }
  const n = finiteInCounts();
  const notFinite = count - n;
  if (n === 0) {
    const percentiles = { 1: NaN, 5: NaN, 25: NaN, 75: NaN, 95: NaN, 99: NaN };
    const none = { mean: NaN, median: NaN, robustSigma: NaN, standardDeviation: NaN, min: NaN, max: NaN };
    return { n, notFinite, sum, ...none, percentiles };
  }
  const mean = sum / n;
  const [min, p1, p5, p25, median, p75, p95, p99, max] = quantiles(
    bits,
    n,
    [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1],
  ) as [number, number, number, number, number, number, number, number, number];

  if (deviations.length < count) deviations = new Float32Array(count);
  const distances = deviations;
  const deviationBits = new Int32Array(distances.buffer, 0, count);
  upperCounts.fill(0);
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    distances[i] = Math.abs(value - median);
    const word = deviationBits[i] as number;
    const upper = (word ^ ((word >> 31) | 0x80000000)) >>> 16;
    upperCounts[upper] = ((upperCounts[upper] as number) + 1) | 0;
    if (value - value === 0) squares += (value - mean) * (value - mean);
  }
  // Deviations that overflow float32 are not among these; the rank is that among the others.
  const [mad] = quantiles(deviationBits, finiteInCounts(), [0.5]) as [number];

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
