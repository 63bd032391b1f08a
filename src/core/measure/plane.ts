/** Pixels of an image, row-major from the lowest row, 0-based with an integer at a pixel's centre; NaN is no value. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array | Float64Array;
}

export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

/** NaN outside of the image. */
export function valueAt(plane: Plane, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= plane.width || y >= plane.height) return NaN;
  return plane.values[y * plane.width + x] as number;
}
