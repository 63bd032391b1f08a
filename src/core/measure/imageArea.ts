/**
 * The image area of one raw segment above its bias, row by row: its level, its scatter and its columns. They come from
 * every eighth row: the median of a column of 250 pixels is still exact to a twelfth of their scatter.
 */
import type { Amplifier } from '../camera/geometry.ts';
import { medianNear, medianOf, robustSigmaOf } from './medians.ts';
import { finiteOf, type RawSegment } from './serialOverscan.ts';

export interface ImageArea {
  /** NaN where no pixel has a number. */
  readonly medianAdu: number;
  readonly robustSigmaAdu: number;
  /** In readout order; NaN where unknown. */
  readonly columnMediansAdu: Float32Array;
  /** How many pixels made each column's median. */
  readonly rowsUsed: number;
}

const ROW_STEP = 8;
/** Neighbouring columns differ by less than this part of the image's scatter, mostly. */
const NEIGHBOURS_DIFFER = 0.3;

/** Raws may be narrower or lower than the camera table has them. */
export function imageSize(segment: RawSegment, { data }: Amplifier): { rows: number; columns: number } {
  return {
    rows: Math.max(0, Math.min(data.y1, segment.height) - data.y0),
    columns: Math.max(0, Math.min(data.x1, segment.width) - data.x0),
  };
}

/** `levelAdu`: the bias level of each image row. */
export function imageAreaOf(segment: RawSegment, amplifier: Amplifier, levelAdu: Float64Array): ImageArea {
  const { rows, columns } = imageSize(segment, amplifier);
  const { values, width } = segment;
  const rowsUsed = Math.ceil(rows / ROW_STEP);
  // Column by column, so that each one's pixels lie side by side.
  const above = new Float32Array(columns * rowsUsed);
  for (let k = 0; k < rowsUsed; k++) {
    const row = k * ROW_STEP;
    const from = (amplifier.data.y0 + row) * width + amplifier.data.x0;
    const level = levelAdu[row]!;
    for (let x = 0; x < columns; x++) above[x * rowsUsed + k] = values[from + x]! - level;
  }
  const known = finiteOf(above);
  const medianAdu = medianOf(known);
  const robustSigmaAdu = robustSigmaOf(known, medianAdu);

  const reach = NEIGHBOURS_DIFFER * robustSigmaAdu;
  const columnMediansAdu = new Float32Array(columns);
  let near = medianAdu;
  for (let x = 0; x < columns; x++) {
    near = medianNear(finiteOf(above.subarray(x * rowsUsed, (x + 1) * rowsUsed)), near - reach, near + reach);
    columnMediansAdu[x] = near;
  }
  return { medianAdu, robustSigmaAdu, columnMediansAdu, rowsUsed };
}

/** Pixels of the image area at or above the camera's saturation level; null where the camera has none. */
export function saturatedPixels(segment: RawSegment, amplifier: Amplifier): number | null {
  const { data, saturationAdu } = amplifier;
  if (saturationAdu === null) return null;
  const { rows, columns } = imageSize(segment, amplifier);
  const { values, width } = segment;
  let n = 0;
  for (let row = 0; row < rows; row++) {
    const from = (data.y0 + row) * width + data.x0;
    for (let i = from; i < from + columns; i++) n += +(values[i]! >= saturationAdu);
  }
  return n;
}
