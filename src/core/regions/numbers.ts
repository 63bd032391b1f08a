/** The numbers that a shape consists of, each by a name, to be typed. */
import type { DetectorPixel } from '../frames.ts';
import { FARTHEST_PX, shapeProblem, WIDEST_LINE_PX, type Region } from './region.ts';

export interface ShapeNumber {
  readonly name: string;
  readonly unit: 'px' | '°';
  readonly value: number;
  /** The region with another value, right or wrong. */
  readonly changed: (value: number) => Region;
}

export function numbersOf(region: Region): readonly ShapeNumber[] {
  switch (region.kind) {
    case 'point':
      return centreOf(region);
    case 'line':
      return [
        ...placeOf('from ', region.from, (from) => ({ ...region, from })),
        ...placeOf('to ', region.to, (to) => ({ ...region, to })),
        px('width', region.widthPx, (widthPx) => ({ ...region, widthPx })),
      ];
    case 'circle':
      return [...centreOf(region), px('radius', region.radiusPx, (radiusPx) => ({ ...region, radiusPx }))];
    case 'ellipse':
      return [
        ...centreOf(region),
        px('semi-axis a', region.semiMajorPx, (semiMajorPx) => ({ ...region, semiMajorPx })),
        px('semi-axis b', region.semiMinorPx, (semiMinorPx) => ({ ...region, semiMinorPx })),
        angleOf(region),
      ];
    case 'box':
      return [
        ...centreOf(region),
        px('width', region.widthPx, (widthPx) => ({ ...region, widthPx })),
        px('height', region.heightPx, (heightPx) => ({ ...region, heightPx })),
        angleOf(region),
      ];
    case 'polygon':
      return region.vertices.flatMap((vertex, i) =>
        placeOf(`${i + 1}: `, vertex, (at) => ({ ...region, vertices: region.vertices.with(i, at) })),
      );
    case 'annulus':
      return [
        ...centreOf(region),
        px('inner radius', region.innerPx, (innerPx) => ({ ...region, innerPx })),
        px('outer radius', region.outerPx, (outerPx) => ({ ...region, outerPx })),
      ];
  }
}

function px(name: string, value: number, changed: ShapeNumber['changed']): ShapeNumber {
  return { name, unit: 'px', value, changed };
}

function placeOf(before: string, at: DetectorPixel, changed: (at: DetectorPixel) => Region): ShapeNumber[] {
  return [
    px(`${before}x`, at.x, (x) => changed({ ...at, x })),
    px(`${before}y`, at.y, (y) => changed({ ...at, y })),
  ];
}

function centreOf(region: Extract<Region, { centre: DetectorPixel }>): ShapeNumber[] {
  return placeOf('', region.centre, (centre) => ({ ...region, centre }));
}

function angleOf(region: Extract<Region, { angleDeg: number }>): ShapeNumber {
  return {
    name: 'angle',
    unit: '°',
    value: region.angleDeg,
    changed: (angleDeg) => ({ ...region, angleDeg }),
  };
}

/** The region with a number as it was typed, or a sentence that says what is wrong with it. */
export function withTyped({ name, unit, changed }: ShapeNumber, typed: string): Region | { problem: string } {
  const text = typed.trim().replace('−', '-');
  const value = text === '' ? Number.NaN : Number(text);
  const said = (what: string) => ({ problem: `${name[0]?.toUpperCase()}${name.slice(1)} ${what}` });
  if (!Number.isFinite(value)) return said(`is not a number: type one in ${unit}, such as 12.5.`);
  const region = changed(value);
  if (shapeProblem(region) === undefined) return region;
  if (region.kind === 'line' && region.widthPx > WIDEST_LINE_PX) {
    return said(`is too large: type at most ${WIDEST_LINE_PX}, the diagonal of the largest images.`);
  }
  if (Math.abs(value) > FARTHEST_PX) return said('is too large: type at most a million.');
  if (value < 0) return said('is a size: type a number above zero.');
  if (region.kind === 'annulus' && value > 0) {
    return { problem: 'The outer radius must be larger than the inner one.' };
  }
  return said('is a size: type a number above zero.');
}
