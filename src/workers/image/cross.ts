/** The row and the column through a pixel, each the mean or the median of so many beside each other. */
import { aside, projection } from '../../core/measure/cuts.ts';
import type { CrossAnswer, CrossRequest } from './contract.ts';
import type { HeldImage } from './heldImage.ts';

export function crossAt({ plane, opened }: HeldImage, { at, widthPx, how }: CrossRequest): CrossAnswer {
  const image = { width: plane.width, height: plane.height, values: plane.view() as Float32Array };
  const [x, y] = [Math.round(at.x), Math.round(at.y)];
  const [y0, y1] = aside(y, widthPx, image.height);
  const [x0, x1] = aside(x, widthPx, image.width);
  return {
    at: { x, y },
    unit: opened.unit,
    row: projection(image, { x0: 0, x1: image.width, y0, y1 }, 'x', how).values,
    column: projection(image, { x0, x1, y0: 0, y1: image.height }, 'y', how).values,
  };
}
