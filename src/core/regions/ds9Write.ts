/** Writes regions as a DS9 region file. */
import { AppError } from '../errors.ts';
import type { DetectorPixel } from '../frames.ts';
import {
  coordinateFrame,
  FRAME_NAMES,
  type CoordinateFrame,
  type FrameName,
  type LocalFrame,
  type RegionFrames,
} from './coordinateFrame.ts';
import { quoted } from './ds9Syntax.ts';
import type { Region, Shape } from './region.ts';

/** The frames that a display can write. */
export function writableFrames(frames: RegionFrames): FrameName[] {
  return FRAME_NAMES.filter((name) => coordinateFrame(name, frames) !== undefined);
}

/**
 * The file's text. A region that has no place in a sky frame (beyond what the WCS can invert) is written in the image
 * frame, which a file may change from line to line.
 */
export function writeDs9(regions: readonly Region[], frameName: FrameName, frames: RegionFrames): string {
  const frame = coordinateFrame(frameName, frames);
  if (!frame)
    throw new AppError('Bug', `Regions were to be written in ${frameName}, and the image has no WCS.`);
  const image = coordinateFrame('image', frames);
  const lines = ['# Region file format: DS9 version 4.1'];
  let current: FrameName | undefined;
  for (const region of regions) {
    for (const of of [frame, image]) {
      const shape = of && shapeText(region, of);
      if (!of || shape === undefined) continue;
      if (of.name !== current) lines.push(of.name);
      current = of.name;
      const text = region.label === '' ? '' : ` text=${quoted(region.label)}`;
      // DS9 keeps some shapes, properties and all, behind a comment sign.
      lines.push(`${shape}${shape.startsWith('#') ? '' : ' #'} color=${region.colour}${text}`);
      break;
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The shape in a frame, or undefined where the frame has no place for it. */
function shapeText(shape: Shape, frame: CoordinateFrame): string | undefined {
  const places = placesOf(shape).map((at) => frame.fromPixel(at));
  const local = frame.localAt(sizesAt(shape));
  if (!local) return undefined;
  const coordinates: string[] = [];
  for (const place of places) {
    if (!place) return undefined;
    // A microarcsecond, a micropixel.
    const decimals = frame.isSky ? 9 : 6;
    coordinates.push(fixed(place.x, decimals), fixed(place.y, decimals));
  }
  const size = (px: number) => `${fixed(px * local.unitsPerPx, 6)}${frame.isSky ? '"' : ''}`;
  const numbers = [...coordinates, ...sizesOf(shape).map(size), ...anglesOf(shape, local)].join(',');
  if (shape.kind !== 'line') return `${shape.kind}(${numbers})`;
  return shape.widthPx > 1 ? `# projection(${numbers})` : `line(${numbers})`;
}

function placesOf(shape: Shape): readonly DetectorPixel[] {
  if (shape.kind === 'line') return [shape.from, shape.to];
  return shape.kind === 'polygon' ? shape.vertices : [shape.centre];
}

/** Where the reader takes sizes and angles: at the last place before them. */
function sizesAt(shape: Shape): DetectorPixel {
  return placesOf(shape).at(-1) ?? { x: Number.NaN, y: Number.NaN };
}

function sizesOf(shape: Shape): number[] {
  switch (shape.kind) {
    case 'point':
    case 'polygon':
      return [];
    case 'line':
      return shape.widthPx > 1 ? [shape.widthPx] : [];
    case 'circle':
      return [shape.radiusPx];
    case 'annulus':
      return [shape.innerPx, shape.outerPx];
    case 'ellipse':
      return [shape.semiMajorPx, shape.semiMinorPx];
    case 'box':
      return [shape.widthPx, shape.heightPx];
  }
}

function anglesOf(shape: Shape, local: LocalFrame): string[] {
  if (shape.kind !== 'ellipse' && shape.kind !== 'box') return [];
  const angle = local.angleFromDetector(shape.angleDeg) % 360;
  return [fixed(angle < 0 ? angle + 360 : angle, 6)];
}

/** Without zeros at the end, and never in powers of ten. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}
