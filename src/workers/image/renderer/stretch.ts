/**
 * How a value between the limits becomes a brightness from 0 to 1. The same numbers go into the shader; the function
 * here is what it is tested against. Steepness as in SAOImage DS9: log with 1000, asinh with 10.
 */
import type { StretchName } from '../contract.ts';

export const LOG_STEEPNESS = 1000;
export const ASINH_STEEPNESS = 10;
export const STRETCHES: readonly StretchName[] = ['linear', 'log', 'asinh'];

export function brightness(
  value: number,
  [low, high]: readonly [number, number],
  stretch: StretchName,
): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  switch (stretch) {
    case 'linear':
      return t;
    case 'log':
      return Math.log(1 + LOG_STEEPNESS * t) / Math.log(1 + LOG_STEEPNESS);
    case 'asinh':
      return Math.asinh(ASINH_STEEPNESS * t) / Math.asinh(ASINH_STEEPNESS);
  }
}

/** Limits that can be divided by: finite and in order. An image of one value, or of none, comes out dark. */
export function usableLimits([low, high]: readonly [number, number]): readonly [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  return high > low ? [low, high] : [low, low + 1];
}
