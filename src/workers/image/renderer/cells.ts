/** The pixels that have a value, and means of them: what the mask says is none is NaN. */
import type { Engine, Plane } from 'astro-fits-wasm';
import type { Grid } from '../../../core/display/smoothing.ts';
import type { Box } from '../../../core/frames.ts';

/** These have no light of the sky's, unless another step has filled them. */
const NO_VALUE = ['BAD', 'NO_DATA', 'UNMASKEDNAN'] as const;
const FILLED = 'INTRP';

export interface MaskedImage {
  readonly plane: Plane;
  readonly mask: Plane | undefined;
  /** Bit numbers of the mask's planes by name. */
  readonly maskPlanes: Readonly<Record<string, number>>;
}

/** Whether a pixel with these bits has no value, whatever stands there. */
function leftOut(maskPlanes: MaskedImage['maskPlanes']): (bits: number) => boolean {
  const bitOf = (name: string) => {
    const bit = maskPlanes[name];
    return bit === undefined ? 0 : 1 << bit;
  };
  const without = NO_VALUE.reduce((bits, name) => bits | bitOf(name), 0);
  const filled = bitOf(FILLED);
  return (bits) => (bits & without) !== 0 && (bits & filled) === 0;
}

export function pixelsIn({ plane, mask, maskPlanes }: MaskedImage, box: Box<'Cell'>): Grid {
  const grid = cut({ width: plane.width, height: plane.height, values: plane.view() as Float32Array }, box);
  const bits = mask?.view() as Int32Array | undefined;
  if (!bits) return grid;
  const isLeftOut = leftOut(maskPlanes);
  let to = 0;
  for (let y = box.y0; y < box.y1; y++) {
    for (let at = y * plane.width + box.x0; at < y * plane.width + box.x1; at++, to++) {
      if (bits[at] !== 0 && isLeftOut(bits[at]!)) grid.values[to] = Number.NaN;
    }
  }
  return grid;
}

/** The engine's means, made anew in the cells where the mask leaves pixels out. */
export function binnedCells(engine: Engine, image: MaskedImage, binning: number): Grid {
  const { plane, mask, maskPlanes } = image;
  const { width, height } = plane;
  const binned = engine.bin(plane, binning);
  const values = Float32Array.from(binned.view() as Float32Array);
  const grid = { width: binned.width, height: binned.height, values };
  engine.free(binned);
  const bits = mask?.view() as Int32Array | undefined;
  if (!bits) return grid;
  const isLeftOut = leftOut(maskPlanes);
  const again = new Set<number>();
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (bits[at] === 0 || !isLeftOut(bits[at]!)) continue;
      again.add(Math.floor(y / binning) * grid.width + Math.floor(x / binning));
    }
  }
  for (const cell of again) {
    const [left, bottom] = [(cell % grid.width) * binning, Math.floor(cell / grid.width) * binning];
    const box = {
      x0: left,
      y0: bottom,
      x1: Math.min(width, left + binning),
      y1: Math.min(height, bottom + binning),
    };
    const known = pixelsIn(image, box).values.filter(Number.isFinite);
    values[cell] = known.reduce((sum, value) => sum + value, 0) / known.length;
  }
  return grid;
}

export function cut({ width, values }: Grid, { x0, y0, x1, y1 }: Box<'Cell'>): Grid {
  const part = new Float32Array((x1 - x0) * (y1 - y0));
  for (let y = y0; y < y1; y++) {
    part.set(values.subarray(y * width + x0, y * width + x1), (y - y0) * (x1 - x0));
  }
  return { width: x1 - x0, height: y1 - y0, values: part };
}
