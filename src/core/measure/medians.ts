/**
 * Exact medians without sorting. A small sample says between which two values the median lies; one pass counts what is
 * below and gathers what is between, of which few are left to select from (R. W. Floyd and R. L. Rivest, Expected time
 * bounds for selection, CACM 18, 165, 1975).
 */

/** Of a normal distribution: its standard deviation over its median absolute deviation. */
export const SIGMA_PER_MAD = 1.4826;

/** Fewer values are selected from directly. */
const SAMPLED_FROM = 1000;

/** All values must be finite. An even count gives the mean of the two in the middle; NaN for no values. */
export function medianOf(values: Float32Array): number {
  if (values.length < SAMPLED_FROM) return medianIn(values.slice());
  const [low, high] = bracketOf(values);
  return medianNear(values, low, high);
}

/** The same where the median is thought to lie between `low` and `high`: quicker when it does. */
export function medianNear(values: Float32Array, low: number, high: number): number {
  const between = scratchFor(values.length + 1);
  let below = 0;
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // Without branches, for which way they go cannot be foreseen.
    between[n] = value;
    n += +(value >= low) & +(value <= high);
    below += +(value < low);
  }
  const rank = ((values.length - 1) >> 1) - below;
  const last = rank + 1 - (values.length % 2);
  if (rank < 0 || last >= n) return medianIn(values.slice());
  return middleFrom(between.subarray(0, n), rank, last);
}

/** 1.4826 times the median absolute deviation. All values must be finite; NaN for none. */
export function robustSigmaOf(values: Float32Array, median = medianOf(values)): number {
  const deviations = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) deviations[i] = Math.abs(values[i]! - median);
  return SIGMA_PER_MAD * medianOf(deviations);
}

let kept = new Float32Array(0);

/** Kept between calls: fresh memory costs more than the pass that fills it. */
function scratchFor(length: number): Float32Array {
  if (kept.length < length) kept = new Float32Array(length);
  return kept;
}

/** Values between which the median lies all but surely: four standard errors of the sample's median to each side. */
function bracketOf(values: Float32Array): readonly [number, number] {
  const size = Math.round(60 + 0.25 * Math.cbrt(values.length) ** 2);
  const step = values.length / size;
  const sample = new Float32Array(size);
  for (let i = 0; i < size; i++) sample[i] = values[Math.floor(i * step)]!;
  sample.sort();
  const margin = Math.ceil(2 * Math.sqrt(size));
  const middle = size >> 1;
  return [sample[Math.max(0, middle - margin)]!, sample[Math.min(size - 1, middle + margin)]!];
}

/** Changes the order of `values`. */
function medianIn(values: Float32Array): number {
  const n = values.length;
  if (n === 0) return NaN;
  return middleFrom(values, (n - 1) >> 1, n >> 1);
}

/** Mean of the values of two neighbouring ranks, or the value of one; changes the order of `values`. Zero has no sign. */
function middleFrom(values: Float32Array, rank: number, last: number): number {
  const lower = select(values, rank) + 0;
  if (last === rank) return lower;
  let upper = values[last]!;
  for (let i = last + 1; i < values.length; i++) upper = Math.min(upper, values[i]!);
  return (lower + upper) / 2;
}

/** Puts the value of this rank in its place, smaller ones before and larger ones behind it (C. A. R. Hoare's FIND). */
function select(values: Float32Array, rank: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[rank]!;
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (pivot < values[j]!) j--;
      if (i > j) break;
      const value = values[i]!;
      values[i++] = values[j]!;
      values[j--] = value;
    }
    if (j < rank) left = i;
    if (rank < i) right = j;
  }
  return values[rank]!;
}
