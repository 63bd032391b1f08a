/** What the shapes are as point sets: bounds, corners, and which points lie inside. */
import type { Box, DetectorPixel } from '../frames.ts';
import type { Shape } from './region.ts';

const RADIANS_PER_DEGREE = Math.PI / 180;

/** From a shape's centre, `along` its angle and `across` (90 degrees counter-clockwise of it), in pixels. */
export function placedFrom(
  { centre, angleDeg }: { centre: DetectorPixel; angleDeg: number },
  along: number,
  across: number,
): DetectorPixel {
  const cos = Math.cos(angleDeg * RADIANS_PER_DEGREE);
  const sin = Math.sin(angleDeg * RADIANS_PER_DEGREE);
  return { x: centre.x + along * cos - across * sin, y: centre.y + along * sin + across * cos };
}

/** The inverse of `placedFrom`. */
export function offsetFrom(
  { centre, angleDeg }: { centre: DetectorPixel; angleDeg: number },
  at: DetectorPixel,
): { along: number; across: number } {
  const cos = Math.cos(angleDeg * RADIANS_PER_DEGREE);
  const sin = Math.sin(angleDeg * RADIANS_PER_DEGREE);
  const dx = at.x - centre.x;
  const dy = at.y - centre.y;
  return { along: dx * cos + dy * sin, across: dy * cos - dx * sin };
}

export function distancePx(a: DetectorPixel, b: DetectorPixel): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export function angleDegOf(from: DetectorPixel, to: DetectorPixel): number {
  return Math.atan2(to.y - from.y, to.x - from.x) / RADIANS_PER_DEGREE;
}

/** Counter-clockwise from the corner at negative `along` and `across`. */
export function boxCorners(box: {
  centre: DetectorPixel;
  widthPx: number;
  heightPx: number;
  angleDeg: number;
}): DetectorPixel[] {
  const w = box.widthPx / 2;
  const h = box.heightPx / 2;
  return [placedFrom(box, -w, -h), placedFrom(box, w, -h), placedFrom(box, w, h), placedFrom(box, -w, h)];
}

/** The rectangle that a line of some width has without its round ends. */
export function lineAsBox(line: { from: DetectorPixel; to: DetectorPixel; widthPx: number }) {
  const { from, to } = line;
  return {
    centre: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 },
    widthPx: distancePx(from, to),
    heightPx: line.widthPx,
    angleDeg: angleDegOf(from, to),
  };
}

export function distanceToSegmentPx(at: DetectorPixel, from: DetectorPixel, to: DetectorPixel): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length2 = dx * dx + dy * dy;
  const t =
    length2 === 0 ? 0 : Math.min(1, Math.max(0, ((at.x - from.x) * dx + (at.y - from.y) * dy) / length2));
  return Math.hypot(at.x - from.x - t * dx, at.y - from.y - t * dy);
}

/** Continuous bounds of the shape's outline, in the same coordinates as its places. */
export function boundsOf(shape: Shape): Box<'Detector'> {
  switch (shape.kind) {
    case 'point':
      return boundsOfPoints([shape.centre], 0, 0);
    case 'line':
      return boundsOfPoints([shape.from, shape.to], shape.widthPx / 2, shape.widthPx / 2);
    case 'circle':
      return boundsOfPoints([shape.centre], shape.radiusPx, shape.radiusPx);
    case 'annulus':
      return boundsOfPoints([shape.centre], shape.outerPx, shape.outerPx);
    case 'ellipse': {
      const { semiMajorPx: a, semiMinorPx: b } = shape;
      const cos = Math.cos(shape.angleDeg * RADIANS_PER_DEGREE);
      const sin = Math.sin(shape.angleDeg * RADIANS_PER_DEGREE);
      return boundsOfPoints([shape.centre], Math.hypot(a * cos, b * sin), Math.hypot(a * sin, b * cos));
    }
    case 'box':
      return boundsOfPoints(boxCorners(shape), 0, 0);
    case 'polygon':
      return boundsOfPoints(shape.vertices, 0, 0);
  }
}

function boundsOfPoints(points: readonly DetectorPixel[], marginX: number, marginY: number): Box<'Detector'> {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return { x0: x0 - marginX, y0: y0 - marginY, x1: x1 + marginX, y1: y1 + marginY };
}

/**
 * Whether a point lies inside. Circle, ellipse and box are open sets, as photutils counts pixel centres: a centre just
 * on the outline is outside. An annulus is its outer disc without its inner one, so that nested rings share no pixel.
 * A line holds what is at most half its width away; a polygon follows the even-odd rule, its left edges in and its
 * right edges out. A point holds nothing but its own pixel.
 */
export function contains(shape: Shape, at: DetectorPixel): boolean {
  switch (shape.kind) {
    case 'point':
      return Math.floor(shape.centre.x + 0.5) === at.x && Math.floor(shape.centre.y + 0.5) === at.y;
    case 'line':
      return distanceToSegmentPx(at, shape.from, shape.to) <= shape.widthPx / 2;
    case 'circle':
      return inDisc(shape.centre, shape.radiusPx, at);
    case 'annulus':
      return inDisc(shape.centre, shape.outerPx, at) && !inDisc(shape.centre, shape.innerPx, at);
    case 'ellipse': {
      const { along, across } = offsetFrom(shape, at);
      return (along / shape.semiMajorPx) ** 2 + (across / shape.semiMinorPx) ** 2 < 1;
    }
    case 'box': {
      const { along, across } = offsetFrom(shape, at);
      return Math.abs(along) < shape.widthPx / 2 && Math.abs(across) < shape.heightPx / 2;
    }
    case 'polygon': {
      let inside = false;
      for (const x of crossingsOf(shape.vertices, at.y)) if (x <= at.x) inside = !inside;
      return inside;
    }
  }
}

function inDisc(centre: DetectorPixel, radiusPx: number, at: DetectorPixel): boolean {
  const dx = at.x - centre.x;
  const dy = at.y - centre.y;
  return dx * dx + dy * dy < radiusPx * radiusPx;
}

/** The x of every edge of a closed polygon on the horizontal at y, unsorted; an even number of them. */
function crossingsOf(vertices: readonly DetectorPixel[], y: number): number[] {
  const crossings: number[] = [];
  for (const [a, b] of edgesOf(vertices)) {
    // Half-open in y, so that a vertex on the horizontal counts once.
    if (a.y <= y !== b.y <= y) crossings.push(crossingX(a, b, y));
  }
  return crossings;
}

/** Where an edge that is not level meets the horizontal at y. */
export function crossingX(a: DetectorPixel, b: DetectorPixel, y: number): number {
  return a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x);
}

/** Of a closed polygon; edge i ends at vertex i. */
export function edgesOf(vertices: readonly DetectorPixel[]): [DetectorPixel, DetectorPixel][] {
  const edges: [DetectorPixel, DetectorPixel][] = [];
  let a = vertices.at(-1);
  for (const b of vertices) {
    if (a) edges.push([a, b]);
    a = b;
  }
  return edges;
}
