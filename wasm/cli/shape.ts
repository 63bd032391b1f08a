import type { Hdu } from '../index.ts';

/** FITS allows no more. */
const MOST_AXES = 999;

/**
 * The axes of an image, slowest first as numpy has them; undefined without pixels. A compressed image whose axes are
 * impossible has a shape all the same: its decoding tells what is wrong.
 */
export function shapeOf({ header, kind, width, height }: Hdu): readonly number[] | undefined {
  const compressed = kind === 'compressed-image';
  if (!compressed && (width === 0 || height === 0)) return undefined;
  const keyword = compressed ? 'ZNAXIS' : 'NAXIS';
  const count = header.number(keyword);
  if (count === 0) return undefined;
  const axes = Math.min(count ?? 0, MOST_AXES);
  const shape = Array.from({ length: axes }, (_, i) => header.number(`${keyword}${axes - i}`) ?? Number.NaN);
  return shape.includes(0) ? undefined : shape;
}
