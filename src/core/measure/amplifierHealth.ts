/**
 * How well an amplifier works, from one raw alone. docs/amplifier-health.md has the definitions; a quantity that this
 * raw cannot tell is null.
 */
import type { Amplifier } from '../camera/geometry.ts';
import { columnDefects, type ColumnDefects } from './columnDefects.ts';
import { imageAreaOf, imageSize, saturatedPixels, type ImageArea } from './imageArea.ts';
import { medianOf, robustSigmaOf } from './medians.ts';
import { finiteOf, serialOverscanOf, type RawSegment, type SerialOverscan } from './serialOverscan.ts';

export interface AmplifierHealth {
  /** Of the amplifier, for example C14. */
  readonly name: string;
  readonly biasLevelAdu: number | null;
  /** Of a pixel, without what is common to its row. */
  readonly overscanNoiseAdu: number | null;
  readonly overscanNoiseElectron: number | null;
  /** The camera table's read noise over its gain. */
  readonly nominalNoiseAdu: number | null;
  /** Of whole rows against each other, without drift and without what the pixels' noise adds to their mean. */
  readonly rowNoiseAdu: number | null;
  /** Level of the last twentieth of the rows less that of the first. */
  readonly biasDriftAdu: number | null;
  /** Of the image area above each row's overscan level. */
  readonly medianAdu: number | null;
  readonly robustSigmaAdu: number | null;
  /** Pixels of the image area. */
  readonly imagePixels: number;
  readonly saturatedPixels: number | null;
  /** Detector x. Null where there is too little light to see a dead column. */
  readonly deadColumns: readonly number[] | null;
  /** Detector x. */
  readonly hotColumns: readonly number[] | null;
}

/** Part of the rows at each end that the drift is measured between. */
const DRIFT_PART = 0.05;

export function amplifierHealth(segment: RawSegment, amplifier: Amplifier): AmplifierHealth {
  const overscan = serialOverscanOf(segment, amplifier);
  const { gainElectronPerAdu: gain, readNoiseElectron } = amplifier;
  const noise = overscan && pixelNoise(overscan);
  const { rows, columns } = imageSize(segment, amplifier);
  const image = overscan && imageAreaOf(segment, amplifier, overscan.rowMeanAdu);
  const defects = image && defectsOf(image, amplifier, noise ?? 0);
  return {
    name: amplifier.name,
    biasLevelAdu: overscan && numberOrNull(medianOf(finiteOf(overscan.pixelsAdu))),
    overscanNoiseAdu: noise,
    overscanNoiseElectron: noise !== null && gain !== null ? noise * gain : null,
    nominalNoiseAdu: readNoiseElectron !== null && gain !== null ? readNoiseElectron / gain : null,
    rowNoiseAdu: overscan && noise !== null ? rowNoise(overscan, noise) : null,
    biasDriftAdu: overscan && drift(overscan),
    medianAdu: image && numberOrNull(image.medianAdu),
    robustSigmaAdu: image && numberOrNull(image.robustSigmaAdu),
    imagePixels: rows * columns,
    saturatedPixels: saturatedPixels(segment, amplifier),
    deadColumns: defects && defects.dead,
    hotColumns: defects && defects.hot,
  };
}

/** A row's mean follows its pixels, which takes 1/n of their variance away. */
function pixelNoise({ rows, columns, pixelsAdu, rowMeanAdu }: SerialOverscan): number | null {
  if (columns < 2) return null;
  const residuals = new Float32Array(pixelsAdu.length);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) residuals[i] = pixelsAdu[i]! - rowMeanAdu[row]!;
  }
  return numberOrNull(robustSigmaOf(finiteOf(residuals)) * Math.sqrt(columns / (columns - 1)));
}

/**
 * Successive rows differ by sqrt(2) times the noise of a row's mean, however the level drifts; the deviation is the
 * robust one, for a row that bleeds into the overscan says nothing about the others.
 */
function rowNoise({ rows, columns, rowMeanAdu }: SerialOverscan, noiseAdu: number): number | null {
  const steps = new Float32Array(rows - 1);
  for (let row = 0; row < rows - 1; row++) steps[row] = rowMeanAdu[row + 1]! - rowMeanAdu[row]!;
  const ofMean = robustSigmaOf(finiteOf(steps)) ** 2 / 2;
  return numberOrNull(Math.sqrt(Math.max(0, ofMean - noiseAdu ** 2 / columns)));
}

function drift({ rows, rowMeanAdu }: SerialOverscan): number | null {
  const n = Math.max(1, Math.round(DRIFT_PART * rows));
  const level = (first: number) =>
    medianOf(finiteOf(Float32Array.from(rowMeanAdu.subarray(first, first + n))));
  return numberOrNull(level(rows - n) - level(0));
}

/** In detector x. */
function defectsOf(image: ImageArea, { detector, flipX }: Amplifier, noiseAdu: number): ColumnDefects {
  const { hot, dead } = columnDefects(image.columnMediansAdu, image.rowsUsed, noiseAdu);
  const onDetector = (columns: readonly number[]) =>
    columns.map((x) => (flipX ? detector.x1 - 1 - x : detector.x0 + x)).sort((a, b) => a - b);
  return { hot: onDetector(hot), dead: dead && onDetector(dead) };
}

function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
