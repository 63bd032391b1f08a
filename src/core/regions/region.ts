/**
 * Regions that a user draws on a detector. Positions are `DetectorPixel` (0-based, an integer at the pixel centre,
 * y upwards), lengths are pixels, angles are degrees counter-clockwise from +x.
 */
import type { DetectorPixel } from '../frames.ts';
import { isColourName, type ColourName } from './palette.ts';

export type Shape =
  | { readonly kind: 'point'; readonly centre: DetectorPixel }
  /** A width of 1 or less is a line one pixel thin. */
  | {
      readonly kind: 'line';
      readonly from: DetectorPixel;
      readonly to: DetectorPixel;
      readonly widthPx: number;
    }
  | { readonly kind: 'circle'; readonly centre: DetectorPixel; readonly radiusPx: number }
  | {
      readonly kind: 'ellipse';
      readonly centre: DetectorPixel;
      /** The half axis along the angle. It may be the shorter one, as in DS9, so that a drag never swaps the two. */
      readonly semiMajorPx: number;
      readonly semiMinorPx: number;
      readonly angleDeg: number;
    }
  | {
      readonly kind: 'box';
      readonly centre: DetectorPixel;
      /** Along the angle. */
      readonly widthPx: number;
      readonly heightPx: number;
      readonly angleDeg: number;
    }
  | { readonly kind: 'polygon'; readonly vertices: readonly DetectorPixel[] }
  /** An inner radius of zero is a disc with its ring's handles. */
  | {
      readonly kind: 'annulus';
      readonly centre: DetectorPixel;
      readonly innerPx: number;
      readonly outerPx: number;
    };

export type Region = Shape & {
  readonly id: string;
  readonly label: string;
  readonly colour: ColourName;
};

/** A region of one kind. */
export type RegionOf<K extends Shape['kind']> = Extract<Region, { kind: K }>;

export const MOST_VERTICES = 1000;
export const LONGEST_LABEL = 200;
/** Far beyond any detector, and small enough that squares of pixels stay exact to a thousandth in a double. */
export const FARTHEST_PX = 1e6;
/** The diagonal of the largest images, 16k by 16k: a wider line holds no more of them. */
export const WIDEST_LINE_PX = 23_170;
const LONGEST_ID = 64;

/** Control, format (such as the marks that turn the direction of writing), unassigned and line-ending characters. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** A label as regions may have it: unprintable characters become spaces, what is too long is cut. */
export function printableLabel(text: string): string {
  const label = text.replaceAll(UNPRINTABLE, ' ').trim().slice(0, LONGEST_LABEL);
  // The cut may have gone through a surrogate pair.
  return label.replace(/[\ud800-\udbff]$/, '');
}

type Fields = Record<string, unknown>;

const PLACE_FIELDS = ['centre', 'from', 'to'];
const FIELDS: Record<Shape['kind'], readonly string[]> = {
  point: ['centre'],
  line: ['from', 'to', 'widthPx'],
  circle: ['centre', 'radiusPx'],
  ellipse: ['centre', 'semiMajorPx', 'semiMinorPx', 'angleDeg'],
  box: ['centre', 'widthPx', 'heightPx', 'angleDeg'],
  polygon: ['vertices'],
  annulus: ['centre', 'innerPx', 'outerPx'],
};

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isKind(value: unknown): value is Shape['kind'] {
  return typeof value === 'string' && Object.hasOwn(FIELDS, value);
}

function placeProblem(name: string, value: unknown): string | undefined {
  if (!isFields(value)) return `${name} is not a position {x, y}`;
  for (const axis of ['x', 'y'] as const) {
    const at = value[axis];
    if (typeof at !== 'number' || !Number.isFinite(at)) return `${name}.${axis} is not a number`;
    if (Math.abs(at) > FARTHEST_PX) return `${name}.${axis} is more than a million pixels away`;
  }
  return undefined;
}

function numberProblem(kind: Shape['kind'], name: string, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return `${name} is not a number`;
  if (Math.abs(value) > FARTHEST_PX) return `${name} is more than a million`;
  if (name === 'angleDeg') return undefined;
  if (kind === 'line' && value > WIDEST_LINE_PX) {
    return `${name} is more than ${WIDEST_LINE_PX}, the diagonal of the largest images`;
  }
  const mayBeZero = kind === 'line' || name === 'innerPx';
  if (value < 0 || (value === 0 && !mayBeZero)) return `${name} is ${value}: sizes are greater than zero`;
  return undefined;
}

/** What is wrong with the geometry of a shape, or undefined. */
export function shapeProblem(shape: unknown): string | undefined {
  if (!isFields(shape)) return 'a region is an object';
  const { kind } = shape;
  if (!isKind(kind)) return `kind is not one of ${Object.keys(FIELDS).join(', ')}`;
  for (const name of FIELDS[kind]) {
    const value = shape[name];
    let problem: string | undefined;
    if (name === 'vertices') problem = verticesProblem(value);
    else if (PLACE_FIELDS.includes(name)) problem = placeProblem(name, value);
    else problem = numberProblem(kind, name, value);
    if (problem !== undefined) return problem;
  }
  if (kind === 'annulus' && Number(shape['outerPx']) <= Number(shape['innerPx'])) {
    return 'outerPx is not greater than innerPx';
  }
  return undefined;
}

function verticesProblem(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'vertices is not a list';
  if (value.length < 3) return `a polygon has at least 3 vertices, not ${value.length}`;
  if (value.length > MOST_VERTICES)
    return `a polygon has at most ${MOST_VERTICES} vertices, not ${value.length}`;
  for (const [i, vertex] of value.entries()) {
    const problem = placeProblem(`vertices[${i}]`, vertex);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * A region from a URL or a caller that is not trusted, with only the fields that its kind has, or what is wrong with
 * it in words for a notice.
 */
export function checkedRegion(value: unknown): Region | { problem: string } {
  const problem = shapeProblem(value);
  if (problem !== undefined || !isFields(value)) return { problem: problem ?? 'a region is an object' };
  const { id, label, colour } = value;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID || printableLabel(id) !== id) {
    return { problem: `id is not 1 to ${LONGEST_ID} printable characters` };
  }
  if (typeof label !== 'string' || label.length > LONGEST_LABEL || label.search(UNPRINTABLE) >= 0) {
    return { problem: `label is not at most ${LONGEST_LABEL} printable characters` };
  }
  if (!isColourName(colour)) return { problem: 'colour is not one of the palette' };
  const kind = value['kind'] as Shape['kind'];
  const fields = FIELDS[kind].map((name) => [name, plain(value[name])]);
  return { id, label, colour, kind, ...Object.fromEntries(fields) } as Region;
}

/** A copy without any field beyond x and y. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return isFields(value) ? { x: value['x'], y: value['y'] } : value;
}
