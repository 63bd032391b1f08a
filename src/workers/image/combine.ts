/** One image out of two. */
import { AppError } from '../../core/errors.ts';
import type { Combination, OpenedImage } from './contract.ts';
import { HeldImage } from './heldImage.ts';
import type { PipelineTools } from './pipeline.ts';
import { sampled } from './sampled.ts';

/** A new image whose pixels are those of two others, taken from or divided by each other. */
export function combined(
  { engine, newKey }: PipelineTools,
  of: HeldImage,
  by: HeldImage,
  how: Combination,
): HeldImage {
  const { width, height } = of.plane;
  if (by.plane.width !== width || by.plane.height !== height) {
    const sizes = `${width} x ${height} and ${by.plane.width} x ${by.plane.height}`;
    throw new AppError('UnsupportedFits', `Images of ${sizes} pixels cannot be compared pixel by pixel.`);
  }
  if (of.opened.unit !== by.opened.unit) {
    const message = `One image is in ${of.opened.unit}, the other in ${by.opened.unit}: reduce both alike first.`;
    throw new AppError('UnsupportedFits', message);
  }
  const plane = engine.plane('f32', width, height);
  const [out, a, b] = [plane, of.plane, by.plane].map((each) => each.view() as Float32Array);
  if (!out || !a || !b) throw new AppError('Bug', 'A plane without pixels.');
  // A pixel that is divided by nothing has no value.
  if (how === 'difference') for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  else for (let i = 0; i < out.length; i++) out[i] = b[i] === 0 ? Number.NaN : a[i]! / b[i]!;
  const { statistics, sorted } = sampled(engine, plane, of.opened.amplifiers);
  const unit = how === 'difference' ? of.opened.unit : 'ratio';
  const opened: OpenedImage = { ...of.opened, key: newKey(), unit, statistics, maskPlanes: {} };
  return new HeldImage(engine, {
    opened,
    source: of.source,
    plane,
    mask: undefined,
    report: of.report,
    sorted,
    combined: { how, by: { opened: by.opened, report: by.report } },
  });
}
