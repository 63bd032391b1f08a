/** Smooth peaks of an image: a median over 3 x 3 pixels takes hot ones out, a Gaussian of 2 px then gathers light. */
import type { Plane } from './plane.ts';
import { medianOf, valueAt } from './plane.ts';

export const SMOOTHING_SIGMA_PX = 2;
const REACH_PX = 6;
const KERNEL = Array.from({ length: 2 * REACH_PX + 1 }, (_, i) =>
  Math.exp(-((i - REACH_PX) ** 2) / (2 * SMOOTHING_SIGMA_PX ** 2)),
);

function medianOf3x3({ width, height, values }: Plane): Plane {
  const out = new Float64Array(width * height);
  const near: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      near.length = 0;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const value = values[v * width + u] as number;
          if (Number.isFinite(value)) near.push(value);
        }
      }
      out[y * width + x] = medianOf(near);
    }
  }
  return { width, height, values: out };
}

/** One direction; pixels without a value do not count. */
function blurred({ width, height, values }: Plane, stepX: 0 | 1, stepY: 0 | 1): Plane {
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      let weights = 0;
      for (let k = -REACH_PX; k <= REACH_PX; k++) {
        const [u, v] = [x + k * stepX, y + k * stepY];
        if (u < 0 || v < 0 || u >= width || v >= height) continue;
        const value = values[v * width + u] as number;
        if (!Number.isFinite(value)) continue;
        const weight = KERNEL[k + REACH_PX] as number;
        sum += weight * value;
        weights += weight;
      }
      out[y * width + x] = sum / weights;
    }
  }
  return { width, height, values: out };
}

export function smoothed(plane: Plane): Plane {
  return blurred(blurred(medianOf3x3(plane), 1, 0), 0, 1);
}

export interface Peak {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** Pixels that none of their eight neighbours exceeds, highest first. */
export function peaksOf(plane: Plane): Peak[] {
  const peaks: Peak[] = [];
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const height = valueAt(plane, x, y);
      let highest = Number.isFinite(height);
      for (let k = 0; k < 9 && highest; k++) {
        highest = !(valueAt(plane, x - 1 + (k % 3), y - 1 + Math.floor(k / 3)) > height);
      }
      if (highest) peaks.push({ x, y, height });
    }
  }
  return peaks.sort((a, b) => b.height - a.height);
}
