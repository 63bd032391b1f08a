/** The serial overscan of one raw segment beside its image rows: what the electronics did, without light. */
import type { Amplifier } from '../camera/geometry.ts';

/** One decoded raw HDU in readout order, row 0 first. */
export interface RawSegment {
  readonly width: number;
  readonly height: number;
  readonly values: Int32Array | Float32Array;
}

/** Charge left behind spills into the first columns, and the last ones may belong to the next row's start. */
const LEFT_OUT_COLUMNS = 3;

export interface SerialOverscan {
  readonly rows: number;
  readonly columns: number;
  /** Row by row; NaN where the raw has no number. */
  readonly pixelsAdu: Float32Array;
  /** Of each image row; NaN where no pixel of it has a number. */
  readonly rowMeanAdu: Float64Array;
}

/** Null where no column of overscan is left behind those that are left out. */
export function serialOverscanOf(segment: RawSegment, amplifier: Amplifier): SerialOverscan | null {
  const { serialOverscan: box, data } = amplifier;
  // Raws may be narrower or lower than the camera table has them.
  const x0 = box.x0 + LEFT_OUT_COLUMNS;
  const x1 = Math.min(box.x1, segment.width) - LEFT_OUT_COLUMNS;
  const y1 = Math.min(data.y1, segment.height);
  const columns = x1 - x0;
  const rows = y1 - data.y0;
  if (columns < 1 || rows < 1) return null;

  const pixelsAdu = new Float32Array(rows * columns);
  const rowMeanAdu = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const from = (data.y0 + row) * segment.width + x0;
    let sum = 0;
    let n = 0;
    for (let column = 0; column < columns; column++) {
      const value = segment.values[from + column]!;
      const known = Number.isFinite(value);
      pixelsAdu[row * columns + column] = known ? value : NaN;
      if (!known) continue;
      sum += value;
      n++;
    }
    rowMeanAdu[row] = n > 0 ? sum / n : NaN;
  }
  return { rows, columns, pixelsAdu, rowMeanAdu };
}

/** The numbers among them; the same array where all are. */
export function finiteOf(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) return values.filter(Number.isFinite);
  }
  return values;
}
