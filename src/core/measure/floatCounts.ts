/**
 * Order statistics of many float32 values by counting: the bits of a float32, with the sign handled, are an unsigned
 * integer in the order of the numbers. A first pass counts its upper 20 bits, which makes bins so narrow that a second one
 * need count the lower 12 bits of a few bins alone: those that a wanted rank falls on.
 */

/** Bins that hold a value, ascending. */
export interface Bins {
  readonly uppers: readonly number[];
  /** How many values lie before each bin; one more at the end: all. */
  readonly before: readonly number[];
}

const LOWER_BITS = 12;
const LOWERS = 1 << LOWER_BITS;
const UPPERS = 1 << (32 - LOWER_BITS);
/** The upper bits of keys below belong to -Infinity and NaN alone. */
const FIRST_FINITE = 0x00800;
/** Of so many bins the lower bits can be counted at once. */
export const MOST_SLOTS = 64;

// Kept between calls: a region's statistics follow the mouse, and fresh megabytes each time would cost more than they.
// Signed, because V8 adds to unsigned words as floating-point numbers.
const upperCounts = new Int32Array(UPPERS);
const lowerCounts = new Int32Array((MOST_SLOTS + 1) * LOWERS);
/** 0 for bins whose lower bits nobody wants. */
const slotOfUpper = new Uint8Array(UPPERS);

const wordOfFloat = new Float32Array(1);
const bitsOfFloat = new Uint32Array(wordOfFloat.buffer);

function floatOf(upper: number, lower: number): number {
  const key = upper * LOWERS + lower;
  bitsOfFloat[0] = key >= 0x80000000 ? key ^ 0x80000000 : ~key;
  // -0 is the number 0.
  return (wordOfFloat[0] as number) + 0;
}

/** The smallest and the largest number that fall into a bin of finite ones. */
export const lowestOf = (upper: number): number => floatOf(upper, 0);
export const highestOf = (upper: number): number => floatOf(upper, LOWERS - 1);

/** Of the first `count` values those that are finite. */
export function countUppers(values: Float32Array, count: number): { n: number; sum: number } {
  const bits = new Int32Array(values.buffer, values.byteOffset, count);
  upperCounts.fill(0);
  let n = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const word = bits[i] as number;
    const upper = (word ^ ((word >> 31) | 0x80000000)) >>> LOWER_BITS;
    upperCounts[upper] = ((upperCounts[upper] as number) + 1) | 0;
    const value = values[i] as number;
    // Infinity minus itself is NaN, and so is NaN.
    if (value - value !== 0) continue;
    n = (n + 1) | 0;
    sum += value;
  }
  return { n, sum };
}

/** Of the `n` finite values that were counted. */
export function binsOf(n: number): Bins {
  const uppers: number[] = [];
  const before: number[] = [];
  let passed = 0;
  for (let upper = FIRST_FINITE; passed < n; upper++) {
    const count = upperCounts[upper] as number;
    if (count === 0) continue;
    uppers.push(upper);
    before.push(passed);
    passed = (passed + count) | 0;
  }
  before.push(passed);
  return { uppers, before };
}

/** The index of the bin that a rank, from 0, falls on. */
export function binOfRank({ before }: Bins, rank: number): number {
  let low = 0;
  let high = before.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((before[middle] as number) <= rank) low = middle;
    else high = middle;
  }
  return low;
}

/** The counts of each value in the bins `wanted`, by index, and the squares of the distances from `mean`, added up. */
export function countLowers(
  values: Float32Array,
  count: number,
  { mean, bins, wanted }: { readonly mean: number; readonly bins: Bins; readonly wanted: readonly number[] },
): { squares: number; countsOf: (bin: number) => Int32Array } {
  const bits = new Int32Array(values.buffer, values.byteOffset, count);
  const slots = new Map(wanted.map((bin, i) => [bin, i + 1]));
  lowerCounts.fill(0, 0, (wanted.length + 1) * LOWERS);
  for (const [bin, slot] of slots) slotOfUpper[bins.uppers[bin] as number] = slot;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const word = bits[i] as number;
    const key = word ^ ((word >> 31) | 0x80000000);
    const slot = slotOfUpper[key >>> LOWER_BITS] as number;
    if (slot !== 0) {
      const lower = (slot << LOWER_BITS) | (key & (LOWERS - 1));
      lowerCounts[lower] = ((lowerCounts[lower] as number) + 1) | 0;
    }
    const value = values[i] as number;
    if (value - value === 0) squares += (value - mean) * (value - mean);
  }
  for (const bin of wanted) slotOfUpper[bins.uppers[bin] as number] = 0;
  return {
    squares,
    countsOf: (bin) => {
      const start = (slots.get(bin) as number) * LOWERS;
      return lowerCounts.subarray(start, start + LOWERS);
    },
  };
}

/** The value of a rank that falls on `bin`. */
export function valueOfRank({ uppers, before }: Bins, bin: number, counts: Int32Array, rank: number): number {
  let passed = before[bin] as number;
  let lower = 0;
  while (passed + (counts[lower] as number) <= rank) passed += counts[lower++] as number;
  return floatOf(uppers[bin] as number, lower);
}

/** The different values in a bin, ascending. */
export function eachValue(upper: number, counts: Int32Array, take: (value: number, count: number) => void) {
  for (let lower = 0; lower < counts.length; lower++) {
    const count = counts[lower] as number;
    if (count !== 0) take(floatOf(upper, lower), count);
  }
}
