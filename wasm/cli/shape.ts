import type { Hdu } from '../index.ts';

/** The axes of an image, slowest first as numpy has them; undefined without pixels. */
export function shapeOf({ header, kind, width, height }: Hdu): readonly number[] | undefined {
  if (width === 0 || height === 0) return undefined;
  const keyword = kind === 'compressed-image' ? 'ZNAXIS' : 'NAXIS';
  const axes = header.number(keyword) ?? 0;
  return Array.from({ length: axes }, (_, i) => header.number(`${keyword}${axes - i}`) ?? 0);
}
