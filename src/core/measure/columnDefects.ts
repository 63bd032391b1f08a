/**
 * Columns of an amplifier that stand out of their neighbours in one exposure, without master calibrations: judged by
 * each column's median over the image rows, so a column that is bad in well below half of them is not found.
 */
import { medianOf, robustSigmaOf } from './medians.ts';
import { finiteOf } from './serialOverscan.ts';

/** Columns to each side that make the level of a column's surroundings. */
const SURROUNDINGS = 25;
/** Columns to each side that a defect must stand out of; up to two of them may be bad themselves. */
const SIDE = 5;
const THRESHOLD_SIGMA = 8;
/** A spectrum along a column is as wide as the seeing: three columns from its ridge it has more than a third of it. */
const SHARPER_THAN_LIGHT = 3;
/** A dead column has less than this part of its neighbours' light. */
const DEAD_RESPONSE = 0.5;

export interface ColumnDefects {
  /** Indices into `medians`. */
  readonly hot: readonly number[];
  /** Null where there is too little light to see one. */
  readonly dead: readonly number[] | null;
}

/**
 * `mediansAdu`: of each column, above bias; NaN where unknown. `rows`: how many rows made each. A column is hot or dead
 * when it differs by more than `pixelNoiseAdu` and more than 8 sigma of the columns' own scatter.
 */
export function columnDefects(mediansAdu: Float32Array, rows: number, pixelNoiseAdu: number): ColumnDefects {
  const surroundings = mediansAdu.map((_, x) =>
    medianBetween(mediansAdu, x - SURROUNDINGS, x + SURROUNDINGS),
  );
  const scatter = robustSigmaOf(finiteOf(mediansAdu.map((median, x) => median - surroundings[x]!)));
  // The standard error of a median of normal numbers: what remains where the scatter is nothing but rounding.
  const leastScatter = (Math.sqrt(Math.PI / 2) * pixelNoiseAdu) / Math.sqrt(rows);
  const threshold = Math.max(pixelNoiseAdu, THRESHOLD_SIGMA * Math.max(scatter, leastScatter));

  const light = medianBetween(mediansAdu, 0, mediansAdu.length - 1);
  const deadShows = light * (1 - DEAD_RESPONSE) > threshold;
  const hot: number[] = [];
  const dead: number[] = [];
  mediansAdu.forEach((median, x) => {
    const sides = [
      medianBetween(mediansAdu, x - SIDE, x - 1),
      medianBetween(mediansAdu, x + 1, x + SIDE),
    ].filter(Number.isFinite);
    if (!Number.isFinite(median) || sides.length === 0) return;
    const higher = Math.max(...sides);
    const lower = Math.min(...sides);
    const around = surroundings[x]!;
    if (median - higher > threshold && median - around > SHARPER_THAN_LIGHT * (higher - around)) hot.push(x);
    if (lower - median > threshold && median < DEAD_RESPONSE * lower) dead.push(x);
  });
  return { hot, dead: deadShows ? dead : null };
}

/** Of the known ones from `first` to `last`, both included, cut to what there is; NaN where none is known. */
function medianBetween(values: Float32Array, first: number, last: number): number {
  return medianOf(finiteOf(values.subarray(Math.max(first, 0), Math.max(last + 1, 0))));
}
