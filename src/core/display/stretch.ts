/**
 * How a value becomes a brightness from 0 to 1: its place between the limits, a stretch, then contrast and bias as in
 * SAOImage DS9. The same numbers go into the shader; the functions here are what it is tested against. Steepness as in
 * DS9: log and power with 1000, asinh with 10.
 */
export const STRETCHES = ['linear', 'log', 'sqrt', 'asinh', 'power', 'equalize'] as const;
/** `equalize`: equal numbers of pixels in equal steps of brightness (histogram equalization). */
export type StretchName = (typeof STRETCHES)[number];

export type Limits = readonly [low: number, high: number];

/** `bias` is the place of the middle of the colour map, `contrast` how steep it is there; [0.5, 1] changes nothing. */
export interface Contrast {
  readonly bias: number;
  readonly contrast: number;
}
export const NO_CONTRAST: Contrast = { bias: 0.5, contrast: 1 };

export const LOG_STEEPNESS = 1000;
export const ASINH_STEEPNESS = 10;

/** Without `equalize`, which depends on the image. */
export function brightness(
  value: number,
  [low, high]: Limits,
  stretch: Exclude<StretchName, 'equalize'>,
): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  switch (stretch) {
    case 'linear':
      return t;
    case 'log':
      return Math.log(1 + LOG_STEEPNESS * t) / Math.log(1 + LOG_STEEPNESS);
    case 'sqrt':
      return Math.sqrt(t);
    case 'asinh':
      return Math.asinh(ASINH_STEEPNESS * t) / Math.asinh(ASINH_STEEPNESS);
    case 'power':
      return (LOG_STEEPNESS ** t - 1) / (LOG_STEEPNESS - 1);
  }
}

export function contrasted(t: number, { bias, contrast }: Contrast): number {
  return Math.min(1, Math.max(0, (t - bias) * contrast + 0.5));
}

/** Limits that can be divided by: finite and in order. An image of one value, or of none, comes out dark. */
export function usableLimits([low, high]: Limits): Limits {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  return high > low ? [low, high] : [low, low + 1];
}
