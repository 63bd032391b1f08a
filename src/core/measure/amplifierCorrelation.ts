/**
 * Noise that amplifiers have in common because they are read at the same time: the correlation coefficients of their
 * overscan pixels, pixel by pixel in readout order.
 */
import type { Amplifier } from '../camera/geometry.ts';
import { medianOf, robustSigmaOf } from './medians.ts';
import { finiteOf, serialOverscanOf, type RawSegment } from './serialOverscan.ts';

export interface OverscanResiduals {
  /** Of the amplifier. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Of every second row: pixel less row mean less column median. 0 for outliers and unknown pixels, which then do not count. */
  readonly valuesAdu: Float32Array;
}

export interface AmplifierCorrelation {
  readonly names: readonly string[];
  /** [i][j]: of names[i] and names[j]. Null where one of them has no noise, or their overscans differ in size. */
  readonly matrix: readonly (readonly (number | null)[])[];
  /** By name: the other amplifier that it is most correlated with, of whichever sign. */
  readonly strongest: Readonly<Record<string, CorrelatedWith>>;
}

export interface CorrelatedWith {
  readonly partner: string;
  readonly r: number;
}

/** 58,000 pixels of an amplifier still give a coefficient to 0.004. */
const ROW_STEP = 2;
/** A star that bleeds into the overscan is no noise. */
const OUTLIER_SIGMA = 5;

/** Null where there are not two columns of overscan. */
export function overscanResiduals(segment: RawSegment, amplifier: Amplifier): OverscanResiduals | null {
  const overscan = serialOverscanOf(segment, amplifier);
  if (!overscan || overscan.columns < 2) return null;
  const { columns, pixelsAdu, rowMeanAdu } = overscan;
  const rows = Math.ceil(overscan.rows / ROW_STEP);
  const valuesAdu = new Float32Array(rows * columns);
  const column = new Float32Array(rows);
  for (let x = 0; x < columns; x++) {
    for (let k = 0; k < rows; k++) {
      const row = k * ROW_STEP;
      column[k] = pixelsAdu[row * columns + x]! - rowMeanAdu[row]!;
    }
    // Not the mean, which one star that bleeds into a few rows would move in all of them.
    const level = medianOf(finiteOf(column));
    for (let k = 0; k < rows; k++) valuesAdu[k * columns + x] = column[k]! - level;
  }
  const limit = OUTLIER_SIGMA * robustSigmaOf(finiteOf(valuesAdu), 0);
  for (let i = 0; i < valuesAdu.length; i++) {
    if (!(Math.abs(valuesAdu[i]!) <= limit)) valuesAdu[i] = 0;
  }
  return { name: amplifier.name, rows, columns, valuesAdu };
}

export function amplifierCorrelation(residuals: readonly OverscanResiduals[]): AmplifierCorrelation {
  const norms = residuals.map(({ valuesAdu }) => Math.sqrt(dot(valuesAdu, valuesAdu)));
  const matrix: (number | null)[][] = residuals.map(() => residuals.map(() => null));
  residuals.forEach((a, i) => {
    residuals.slice(0, i + 1).forEach((b, j) => {
      const scale = norms[i]! * norms[j]!;
      if (scale === 0 || a.rows !== b.rows || a.columns !== b.columns) return;
      const r = i === j ? 1 : dot(a.valuesAdu, b.valuesAdu) / scale;
      matrix[i]![j] = matrix[j]![i] = r;
    });
  });
  const names = residuals.map(({ name }) => name);
  const strongest: Record<string, CorrelatedWith> = {};
  matrix.forEach((row, i) => {
    row.forEach((r, j) => {
      if (r === null || i === j) return;
      const best = strongest[names[i]!];
      if (!best || Math.abs(r) > Math.abs(best.r)) strongest[names[i]!] = { partner: names[j]!, r };
    });
  });
  return { names, matrix, strongest };
}

/** Two sums, because an addition need not wait for the one before it then. */
function dot(a: Float32Array, b: Float32Array): number {
  let even = 0;
  let odd = 0;
  for (let i = 0; i + 1 < a.length; i += 2) {
    even += a[i]! * b[i]!;
    odd += a[i + 1]! * b[i + 1]!;
  }
  const last = a.length - 1;
  return even + odd + (a.length % 2 === 1 ? a[last]! * b[last]! : 0);
}
