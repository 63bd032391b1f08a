/**
 * The median of the absolute deviations from the median, from counts of the values alone: it lies in the few bins about as
 * far below the median as above it, and nearer ones need only be counted.
 */
import { type Bins, eachValue, highestOf, lowestOf } from './floatCounts.ts';

/** Bins, by index, that may hold the deviation, and how many values lie in those that are surely nearer. */
export interface DeviationBins {
  readonly wanted: readonly number[];
  readonly nearer: number;
}

/**
 * `middle`: the bins of the two values that the median lies between. Undefined where more than `mostBins` may hold it, as
 * when nothing lies near the median, or where a deviation may overflow float32: it is then no finite value, and not counted.
 */
export function deviationBins(
  bins: Bins,
  middle: readonly [number, number],
  mostBins: number,
): DeviationBins | undefined {
  const { uppers, before } = bins;
  const [first, last] = middle;
  const upperOf = (bin: number) => uppers[bin] as number;
  const [low, high] = [lowestOf(upperOf(first)), highestOf(upperOf(last))];
  // Of any value in a bin from any median between these two.
  const nearest = (bin: number) =>
    bin < first ? low - highestOf(upperOf(bin)) : bin > last ? lowestOf(upperOf(bin)) - high : 0;
  const farthest = (bin: number) => Math.max(high - lowestOf(upperOf(bin)), highestOf(upperOf(bin)) - low);
  const end = uppers.length;
  if (!Number.isFinite(Math.fround(Math.max(farthest(0), farthest(end - 1))))) return undefined;

  const n = before[end] as number;
  const least = reach(bins, middle, nearest, (n - 1) >> 1);
  const most = Math.max(high - low, reach(bins, middle, farthest, n >> 1));
  let [innerStart, innerEnd] = [first, first];
  if (high - low < least) {
    innerEnd = last + 1;
    while (innerStart > 0 && farthest(innerStart - 1) < least) innerStart -= 1;
    while (innerEnd < end && farthest(innerEnd) < least) innerEnd += 1;
  }
  let [outerStart, outerEnd] = [innerStart, innerEnd];
  while (outerStart > 0 && nearest(outerStart - 1) <= most) outerStart -= 1;
  while (outerEnd < end && nearest(outerEnd) <= most) outerEnd += 1;
  if (innerStart - outerStart + outerEnd - innerEnd > mostBins) return undefined;
  const wanted = [...range(outerStart, innerStart), ...range(innerEnd, outerEnd)];
  return { wanted, nearer: (before[innerEnd] as number) - (before[innerStart] as number) };
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** Going outward from the middle, the distance at which more than `rank` values are behind. */
function reach(
  { uppers, before }: Bins,
  [first, last]: readonly [number, number],
  distanceOf: (bin: number) => number,
  rank: number,
): number {
  let [start, end] = [first, last + 1];
  let reached = 0;
  while ((before[end] as number) - (before[start] as number) <= rank) {
    const below = start > 0 ? distanceOf(start - 1) : Infinity;
    const above = end < uppers.length ? distanceOf(end) : Infinity;
    reached = Math.min(below, above);
    if (below <= above) start -= 1;
    else end += 1;
  }
  return reached;
}

/** `countsOf`: the counts of each value in a bin that was wanted. */
export function medianDeviation(
  { uppers, before }: Bins,
  { wanted, nearer }: DeviationBins,
  median: number,
  countsOf: (bin: number) => Int32Array,
): number {
  const deviations: number[] = [];
  const counts: number[] = [];
  let above = 0;
  for (const bin of wanted) {
    eachValue(uppers[bin] as number, countsOf(bin), (value, count) => {
      above = value < median ? above + 1 : above;
      deviations.push(Math.fround(Math.abs(value - median)));
      counts.push(count);
    });
  }
  // Both ascend outward: the values below the median, and those from it on.
  let below = above - 1;
  let passed = nearer;
  const ofRank = (rank: number): number => {
    for (;;) {
      const left = deviations[below] ?? Infinity;
      const right = deviations[above] ?? Infinity;
      const count = counts[left < right ? below : above] as number;
      if (passed + count > rank) return Math.min(left, right);
      passed += count;
      if (left < right) below -= 1;
      else above += 1;
    }
  };
  const n = before.at(-1) as number;
  const low = ofRank((n - 1) >> 1);
  const high = ofRank(n >> 1);
  return low + (high - low) * (n % 2 === 0 ? 0.5 : 0);
}
