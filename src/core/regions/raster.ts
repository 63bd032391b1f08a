/**
 * Which pixels a region holds: those whose centre lies inside (`contains`), as DS9 and photutils' method "center"
 * count them. Rows of spans instead of a test per pixel, so that a circle of a million pixels costs its thousand rows.
 */
import type { Size } from '../camera/view.ts';
import type { DetectorPixel } from '../frames.ts';
import { boundsOf, boxCorners, contains, crossingX, edgesOf, lineAsBox } from './geometry.ts';
import type { Region, RegionOf, Shape } from './region.ts';

/** Triples (y, x0, x1) of half-open column spans, by y, then x; the spans of a row neither touch nor overlap. */
export interface Rows {
  readonly spans: Int32Array;
}

/** The pixels of a region that the image has. */
export function pixelsOf(region: Region, imageSize: Size): Rows {
  const spans: number[] = [];
  const push = (y: number, x0: number, x1: number) => {
    const from = Math.max(0, x0);
    const to = Math.min(imageSize.width, x1);
    if (from < to) spans.push(y, from, to);
  };
  if (region.kind === 'line' && region.widthPx <= 1) {
    thinLine(region, imageSize, push);
    return { spans: Int32Array.from(spans) };
  }
  const bounds = boundsOf(region);
  // A point lies within half a pixel of its pixel's row; bounds of the others carry rounding errors.
  const margin = region.kind === 'point' ? 0.5 : 1e-6;
  const first = Math.max(0, Math.ceil(bounds.y0 - margin));
  const last = Math.min(imageSize.height - 1, Math.floor(bounds.y1 + margin));
  if (region.kind === 'polygon') polygonRows(region.vertices, first, last, push);
  else if (region.kind === 'annulus') annulusRows(region, first, last, imageSize, push);
  else {
    const spanAt = convexSpans(region, imageSize);
    for (let y = first; y <= last; y += 1) push(y, ...spanAt(y));
  }
  return { spans: Int32Array.from(spans) };
}

/** An empty span has x0 >= x1. */
type Push = (y: number, x0: number, x1: number) => void;

function annulusRows(
  { centre, innerPx, outerPx }: RegionOf<'annulus'>,
  first: number,
  last: number,
  imageSize: Size,
  push: Push,
): void {
  const outerAt = convexSpans({ kind: 'circle', centre, radiusPx: outerPx }, imageSize);
  const innerAt = convexSpans({ kind: 'circle', centre, radiusPx: innerPx }, imageSize);
  for (let y = first; y <= last; y += 1) {
    const outer = outerAt(y);
    const inner = innerAt(y);
    if (inner[0] >= inner[1]) push(y, ...outer);
    else {
      push(y, outer[0], inner[0]);
      push(y, inner[1], outer[1]);
    }
  }
}

/** Each edge leaves its crossing on the rows that it passes, so that many short edges cost no more than a few long. */
function polygonRows(vertices: readonly DetectorPixel[], first: number, last: number, push: Push): void {
  const crossings = Array.from({ length: Math.max(0, last - first + 1) }, (): number[] => []);
  for (const [a, b] of edgesOf(vertices)) {
    const low = Math.max(first, Math.ceil(Math.min(a.y, b.y)));
    const high = Math.min(last, Math.ceil(Math.max(a.y, b.y)) - 1);
    for (let y = low; y <= high; y += 1) crossings[y - first]?.push(crossingX(a, b, y));
  }
  for (const [row, of] of crossings.entries()) {
    for (const [from, to] of pairsOf(of)) push(first + row, Math.ceil(from), Math.ceil(to));
  }
}

/** Sorted crossings as in-out pairs, those that meet at one pixel column put together. */
function pairsOf(crossings: number[]): [number, number][] {
  const sorted = Float64Array.from(crossings).sort();
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < sorted.length; i += 2) {
    const from = sorted[i] ?? 0;
    const to = sorted[i + 1] ?? 0;
    const before = pairs.at(-1);
    if (before && Math.ceil(before[1]) === Math.ceil(from)) before[1] = to;
    else if (Math.ceil(from) < Math.ceil(to)) pairs.push([from, to]);
  }
  return pairs;
}

type Convex = Exclude<Shape, { kind: 'polygon' | 'annulus' }>;

/** The columns of a convex shape by row, cut to the image. */
function convexSpans(shape: Convex, imageSize: Size): (y: number) => [number, number] {
  const chordAt = chordsOf(shape);
  return (y) => {
    const [from, to] = chordAt(y);
    let x0 = Math.max(0, Math.ceil(from));
    let x1 = Math.min(imageSize.width, Math.floor(to) + 1);
    // Chords carry rounding errors; the definition decides on the outermost pixels.
    const inside = (x: number) => contains(shape, { x, y });
    while (x0 < x1 && !inside(x0)) x0 += 1;
    while (x0 < x1 && !inside(x1 - 1)) x1 -= 1;
    if (x0 > 0 && inside(x0 - 1)) x0 -= 1;
    if (x1 < imageSize.width && x1 >= 0 && inside(x1)) x1 += 1;
    return [x0, x1];
  };
}

/** Where the horizontal at y enters and leaves a convex shape, to rounding; an empty chord is turned around. */
function chordsOf(shape: Convex): (y: number) => [number, number] {
  switch (shape.kind) {
    case 'point':
      return () => [shape.centre.x - 0.5, shape.centre.x + 0.5];
    case 'circle':
      return (y) => discChord(shape.centre, shape.radiusPx, y);
    case 'ellipse':
      return (y) => ellipseChord(shape, y);
    case 'box': {
      const edges = edgesOf(boxCorners(shape));
      return (y) => convexPolygonChord(edges, y);
    }
    case 'line': {
      // A wide line is its rectangle and the discs at its ends.
      const edges = edgesOf(boxCorners(lineAsBox(shape)));
      return (y) => {
        const chords = [
          convexPolygonChord(edges, y),
          discChord(shape.from, shape.widthPx / 2, y),
          discChord(shape.to, shape.widthPx / 2, y),
        ];
        return [Math.min(...chords.map(([from]) => from)), Math.max(...chords.map(([, to]) => to))];
      };
    }
  }
}

function discChord(centre: DetectorPixel, radiusPx: number, y: number): [number, number] {
  const square = radiusPx * radiusPx - (y - centre.y) ** 2;
  // A row that just touches may miss by rounding; `contains` decides.
  if (square < -1e-9 * radiusPx * radiusPx) return [Infinity, -Infinity];
  const half = Math.sqrt(Math.max(0, square));
  return [centre.x - half, centre.x + half];
}

/** Solves the quadratic of x on the row: (along/a)^2 + (across/b)^2 = 1 with both linear in x. */
function ellipseChord(ellipse: Extract<Shape, { kind: 'ellipse' }>, y: number): [number, number] {
  const { centre, semiMajorPx: a, semiMinorPx: b } = ellipse;
  const cos = Math.cos((ellipse.angleDeg * Math.PI) / 180);
  const sin = Math.sin((ellipse.angleDeg * Math.PI) / 180);
  const dy = y - centre.y;
  // The half extent in y, squared, is what the discriminant compares dy with.
  const reach2 = (a * sin) ** 2 + (b * cos) ** 2;
  const half = ((a * b) / reach2) * Math.sqrt(reach2 - dy * dy);
  if (!(half >= 0)) return [Infinity, -Infinity];
  const middle = centre.x + (dy * sin * cos * (a * a - b * b)) / reach2;
  return [middle - half, middle + half];
}

/** The outermost of the edges' points on the row. */
function convexPolygonChord(edges: readonly [DetectorPixel, DetectorPixel][], y: number): [number, number] {
  let from = Infinity;
  let to = -Infinity;
  for (const [a, b] of edges) {
    if (Math.min(a.y, b.y) > y || Math.max(a.y, b.y) < y) continue;
    const level = a.y === b.y;
    const x = level ? a.x : crossingX(a, b, y);
    const other = level ? b.x : x;
    from = Math.min(from, x, other);
    to = Math.max(to, x, other);
  }
  return [from, to];
}

/** One pixel per column of a flat line, or per row of a steep one: the one nearest to it. */
function thinLine(line: RegionOf<'line'>, imageSize: Size, push: Push): void {
  const { from, to } = line;
  const steep = Math.abs(to.y - from.y) > Math.abs(to.x - from.x);
  const start = steep ? { along: from.y, across: from.x } : { along: from.x, across: from.y };
  const end = steep ? { along: to.y, across: to.x } : { along: to.x, across: to.y };
  const [low, high] = start.along <= end.along ? [start, end] : [end, start];
  const slope = high.along === low.along ? 0 : (high.across - low.across) / (high.along - low.along);
  const size = steep ? imageSize.height : imageSize.width;
  const first = Math.max(0, nearest(low.along));
  const last = Math.min(size - 1, nearest(high.along));
  const acrossAt = (along: number) => nearest(low.across + (along - low.along) * slope);
  if (steep) {
    for (let y = first; y <= last; y += 1) push(y, acrossAt(y), acrossAt(y) + 1);
    return;
  }
  // Runs of one row, taken in the order that makes y rise.
  const runs: [number, number, number][] = [];
  for (let x = first; x <= last; x += 1) {
    const y = acrossAt(x);
    const run = runs.at(-1);
    if (run?.[0] === y) run[2] = x + 1;
    else if (y >= 0 && y < imageSize.height) runs.push([y, x, x + 1]);
  }
  if (slope < 0) runs.reverse();
  for (const run of runs) push(...run);
}

/** Halves go up, as the pixel that holds a position is found everywhere else. */
function nearest(value: number): number {
  return Math.floor(value + 0.5);
}

export function areaPx({ spans }: Rows): number {
  let area = 0;
  for (let i = 0; i < spans.length; i += 3) area += (spans[i + 2] ?? 0) - (spans[i + 1] ?? 0);
  return area;
}

/**
 * The pixels' values, in row order, at the start of `into` when that is long enough (else of a new array): a caller
 * that follows a moving region passes the array that it got before.
 */
export function gather(
  plane: Float32Array,
  imageSize: Size,
  rows: Rows,
  into?: Float32Array,
): { values: Float32Array; count: number } {
  const count = areaPx(rows);
  const values = into && into.length >= count ? into : new Float32Array(count);
  const { spans } = rows;
  let filled = 0;
  for (let i = 0; i < spans.length; i += 3) {
    const row = (spans[i] ?? 0) * imageSize.width;
    const span = plane.subarray(row + (spans[i + 1] ?? 0), row + (spans[i + 2] ?? 0));
    values.set(span, filled);
    filled += span.length;
  }
  return { values, count };
}
