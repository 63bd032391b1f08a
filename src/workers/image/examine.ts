/** One star of a reduced image, with what the camera knows of its amplifier. */
import type { Amplifier } from '../../core/camera/geometry.ts';
import { amplifierAt } from '../../core/camera/geometry.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import {
  CUTOUT_HALF_SIZE_PX,
  examineStar,
  type Cutout,
  type StarCamera,
} from '../../core/measure/examine.ts';
import { plateScaleArcsecPerPx } from '../../core/sky/plateScale.ts';
import type { ExamineAnswer } from './contract.ts';
import type { HeldImage } from './heldImage.ts';

/** As summit_notebook.measure cuts, so that a notebook comes to the same numbers. */
const HALF_SIDE_PX = CUTOUT_HALF_SIZE_PX;
/** Saturated pixels are told by their level; all others of these planes have no light of the star's. */
const NOT_COUNTED = ['BAD', 'CR', 'NO_DATA', 'UNMASKEDNAN'] as const;

export function examineAt(image: HeldImage, at: DetectorPixel): ExamineAnswer {
  const { plane, mask, opened, source } = image;
  const amplifier = amplifierAt(source.geometry, { x: Math.round(at.x), y: Math.round(at.y) });
  const nothing = (failed: string) => ({ star: null, failed, camera: null });
  if (!amplifier) return nothing('this place is not on the detector');
  if (opened.unit === 'ratio') return nothing('a ratio of images has no light to measure');
  const [x0, x1] = [
    Math.max(0, Math.round(at.x) - HALF_SIDE_PX),
    Math.min(plane.width, Math.round(at.x) + HALF_SIDE_PX + 1),
  ];
  const [y0, y1] = [
    Math.max(0, Math.round(at.y) - HALF_SIDE_PX),
    Math.min(plane.height, Math.round(at.y) + HALF_SIDE_PX + 1),
  ];
  const [width, height] = [x1 - x0, y1 - y0];
  const values = new Float32Array(width * height);
  const flags = new Int32Array(width * height);
  const pixels = plane.view() as Float32Array;
  const bits = mask?.view() as Int32Array | undefined;
  const notCounted = NOT_COUNTED.reduce((all, name) => {
    const bit = opened.maskPlanes[name];
    return bit === undefined ? all : all | (1 << bit);
  }, 0);
  for (let y = 0; y < height; y++) {
    const from = (y0 + y) * plane.width + x0;
    values.set(pixels.subarray(from, from + width), y * width);
    if (!bits) continue;
    for (let x = 0; x < width; x++) flags[y * width + x] = (bits[from + x] ?? 0) & notCounted;
  }
  const cutout: Cutout = { x0, y0, width, height, values, unit: opened.unit, ...(bits && { mask: flags }) };
  const camera: StarCamera = {
    gainElectronPerAdu: image.gainOf(amplifier),
    readNoiseElectron: amplifier.readNoiseElectron,
    saturation: saturationOf(image, amplifier),
    plateScaleArcsecPerPx: plateScaleArcsecPerPx(source.request.instrument) ?? null,
  };
  const answer = examineStar(cutout, at, camera);
  return 'failed' in answer
    ? { star: null, failed: answer.failed, camera }
    : { star: answer, failed: null, camera };
}

/**
 * Of the pixels after ISR: the raw's level less the amplifier's bias level, in the image's unit. Without the overscan
 * steps the level is the raw's own; a flat moves it by a few per cent, which is left out.
 */
function saturationOf(image: HeldImage, amplifier: Amplifier): number | null {
  const { saturationAdu } = amplifier;
  const segment = image.source.segment(amplifier);
  if (saturationAdu === null || !segment) return null;
  const { data, serialOverscan } = amplifier;
  const level = (data.y0 + data.y1) >> 1;
  const columns = Array.from(
    { length: Math.max(0, Math.min(segment.width, serialOverscan.x1) - serialOverscan.x0 - 6) },
    (_, i) => segment.at(serialOverscan.x0 + 3 + i, level),
  ).toSorted((a, b) => a - b);
  const done = (name: string) => image.opened.steps.some((step) => step.name === name && step.done);
  const taken = done('serial-overscan') || done('parallel-overscan');
  const bias = taken ? (columns[columns.length >> 1] ?? 0) : 0;
  const gain = image.opened.unit === 'electron' ? (image.gainOf(amplifier) ?? 1) : 1;
  return (saturationAdu - bias) * gain;
}
