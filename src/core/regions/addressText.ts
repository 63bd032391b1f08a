/**
 * Regions as an address carries them: `c2036,2000,30;b700.5,1200,9,7,0*red*sky`, a letter for the kind, its numbers in
 * detector pixels (0-based) and degrees, then colour and label where they are not the first ones.
 *
 * | letter | kind    | numbers                                   |
 * | ------ | ------- | ----------------------------------------- |
 * | `p`    | point   | x, y                                      |
 * | `l`    | line    | x, y, x, y, width                         |
 * | `c`    | circle  | x, y, radius                              |
 * | `e`    | ellipse | x, y, half axis along the angle, other, angle |
 * | `b`    | box     | x, y, width, height, angle                |
 * | `g`    | polygon | x, y of each vertex                       |
 * | `a`    | annulus | x, y, inner, outer radius                 |
 */
import { DEFAULT_COLOUR, isColourName } from './palette.ts';
import { printableLabel, shapeProblem, type Region, type Shape } from './region.ts';

export const MOST_IN_ADDRESS = 60;

const KINDS: Readonly<Record<string, Shape['kind']>> = {
  p: 'point',
  l: 'line',
  c: 'circle',
  e: 'ellipse',
  b: 'box',
  g: 'polygon',
  a: 'annulus',
};
/** A millionth of a pixel at most; never in powers of ten. */
const NUMBER = /^-?\d{1,7}(\.\d{1,6})?$/;

function numbersOf(shape: Shape): readonly number[] {
  switch (shape.kind) {
    case 'point':
      return [shape.centre.x, shape.centre.y];
    case 'line':
      return [shape.from.x, shape.from.y, shape.to.x, shape.to.y, shape.widthPx];
    case 'circle':
      return [shape.centre.x, shape.centre.y, shape.radiusPx];
    case 'ellipse':
      return [shape.centre.x, shape.centre.y, shape.semiMajorPx, shape.semiMinorPx, shape.angleDeg];
    case 'box':
      return [shape.centre.x, shape.centre.y, shape.widthPx, shape.heightPx, shape.angleDeg];
    case 'polygon':
      return shape.vertices.flatMap(({ x, y }) => [x, y]);
    case 'annulus':
      return [shape.centre.x, shape.centre.y, shape.innerPx, shape.outerPx];
  }
}

/** Undefined when there are not as many numbers as the kind has. */
function shapeOf(kind: Shape['kind'], numbers: readonly number[]): Shape | undefined {
  const [x = NaN, y = NaN, third = NaN, fourth = NaN, fifth = NaN] = numbers;
  const centre = { x, y };
  const count = { point: 2, line: 5, circle: 3, ellipse: 5, box: 5, annulus: 4, polygon: NaN }[kind];
  if (kind === 'polygon') {
    if (numbers.length % 2 !== 0) return undefined;
    const vertices = Array.from({ length: numbers.length / 2 }, (_, i) => ({
      x: numbers[2 * i] ?? NaN,
      y: numbers[2 * i + 1] ?? NaN,
    }));
    return { kind, vertices };
  }
  if (numbers.length !== count) return undefined;
  switch (kind) {
    case 'point':
      return { kind, centre };
    case 'line':
      return { kind, from: centre, to: { x: third, y: fourth }, widthPx: fifth };
    case 'circle':
      return { kind, centre, radiusPx: third };
    case 'ellipse':
      return { kind, centre, semiMajorPx: third, semiMinorPx: fourth, angleDeg: fifth };
    case 'box':
      return { kind, centre, widthPx: third, heightPx: fourth, angleDeg: fifth };
    case 'annulus':
      return { kind, centre, innerPx: third, outerPx: fourth };
  }
}

/** To a thousandth of a pixel, as far as a hand can draw; a size never becomes nothing. */
function short(value: number): string {
  const text = value.toFixed(Math.abs(value) < 1 ? 6 : 3).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

function textOf(region: Region): string {
  const letter = Object.keys(KINDS).find((each) => KINDS[each] === region.kind) ?? '';
  const shape = letter + numbersOf(region).map(short).join(',');
  const label = encodeURIComponent(region.label).replaceAll('*', '%2A');
  const colour = region.colour === DEFAULT_COLOUR ? '' : region.colour;
  return [shape, colour, label].join('*').replace(/\*+$/, '');
}

/** The first regions that fit into so many characters. */
export function regionsText(regions: readonly Region[], longest: number): string {
  let text = '';
  for (const region of regions.slice(0, MOST_IN_ADDRESS)) {
    const longer = text === '' ? textOf(region) : `${text};${textOf(region)}`;
    if (longer.length > longest) break;
    text = longer;
  }
  return text;
}

export interface ReadFromAddress {
  readonly regions: readonly Region[];
  /** Pieces of the text that are no regions. */
  readonly unknown: readonly string[];
}

export function regionsFromText(text: string, newId: () => string): ReadFromAddress {
  const regions: Region[] = [];
  const unknown: string[] = [];
  for (const piece of text.split(';')) {
    const region = regions.length < MOST_IN_ADDRESS ? regionOf(piece, newId) : undefined;
    if (region) regions.push(region);
    else unknown.push(piece);
  }
  return { regions, unknown };
}

function regionOf(piece: string, newId: () => string): Region | undefined {
  const [shapeText = '', colour = '', label = '', ...more] = piece.split('*');
  const letter = shapeText.charAt(0);
  const kind = Object.hasOwn(KINDS, letter) ? KINDS[letter] : undefined;
  const texts = shapeText.slice(1).split(',');
  if (!kind || more.length > 0 || !texts.every((each) => NUMBER.test(each))) return undefined;
  if (colour !== '' && !isColourName(colour)) return undefined;
  const shape = shapeOf(kind, texts.map(Number));
  if (!shape || shapeProblem(shape) !== undefined) return undefined;
  return { ...shape, id: newId(), colour: colour || DEFAULT_COLOUR, label: labelOf(label) };
}

function labelOf(text: string): string {
  try {
    return printableLabel(decodeURIComponent(text));
  } catch {
    // A lone per cent sign: the shape counts, its label does not.
    return '';
  }
}
