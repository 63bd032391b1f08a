/**
 * Moving, turning and resizing regions by their handles. An edit that would make a region invalid gives back the
 * region as it was; no handle makes a size smaller than half a pixel.
 */
import type { DetectorPixel } from '../frames.ts';
import {
  angleDegOf,
  boxCorners,
  contains,
  distancePx,
  distanceToSegmentPx,
  edgesOf,
  lineAsBox,
  offsetFrom,
  placedFrom,
} from './geometry.ts';
import { outlineOf } from './outline.ts';
import { MOST_VERTICES, shapeProblem, type Region, type RegionOf } from './region.ts';

const SMALLEST_PX = 0.5;

/**
 * The corner names tell on which side of the centre, along and across the angle, a corner lies; `+along` and the like
 * are the ends of axes (of a circle: along x and y).
 */
export type Handle =
  | 'from'
  | 'to'
  | 'width'
  | '+along'
  | '-along'
  | '+across'
  | '-across'
  | 'corner--'
  | 'corner+-'
  | 'corner++'
  | 'corner-+'
  | 'rotate'
  | 'inner'
  | 'outer'
  | `vertex-${number}`;

export interface HandleAt {
  readonly handle: Handle;
  readonly at: DetectorPixel;
}

const AXIS_ENDS = { '+along': [1, 0], '-along': [-1, 0], '+across': [0, 1], '-across': [0, -1] } as const;
const CORNERS = {
  'corner--': [-1, -1],
  'corner+-': [1, -1],
  'corner++': [1, 1],
  'corner-+': [-1, 1],
} as const;
type AxisEnd = keyof typeof AXIS_ENDS;
type Corner = keyof typeof CORNERS;

export function handlesOf(region: Region): HandleAt[] {
  switch (region.kind) {
    case 'point':
      // A point is moved as a whole.
      return [];
    case 'line': {
      const ends: HandleAt[] = [
        { handle: 'from', at: region.from },
        { handle: 'to', at: region.to },
      ];
      if (region.widthPx <= 1) return ends;
      return [...ends, { handle: 'width', at: placedFrom(lineAsBox(region), 0, region.widthPx / 2) }];
    }
    case 'circle':
      return axisEnds({ ...region, angleDeg: 0 }, region.radiusPx, region.radiusPx);
    case 'ellipse':
      return [
        ...axisEnds(region, region.semiMajorPx, region.semiMinorPx),
        rotateHandle(region, region.semiMajorPx),
      ];
    case 'box': {
      const corners = boxCorners(region);
      const names = Object.keys(CORNERS) as Corner[];
      return [
        ...corners.flatMap((at, i) => {
          const handle = names[i];
          return handle ? [{ handle, at }] : [];
        }),
        rotateHandle(region, region.widthPx / 2),
      ];
    }
    case 'polygon':
      return region.vertices.map((at, i) => ({ handle: `vertex-${i}`, at }));
    case 'annulus': {
      const { centre, innerPx, outerPx } = region;
      // On opposite sides, so that a thin ring's handles do not lie on each other.
      return [
        { handle: 'inner', at: { x: centre.x - innerPx, y: centre.y } },
        { handle: 'outer', at: { x: centre.x + outerPx, y: centre.y } },
      ];
    }
  }
}

type Turned = { readonly centre: DetectorPixel; readonly angleDeg: number };

function axisEnds(region: Turned, along: number, across: number): HandleAt[] {
  return (Object.keys(AXIS_ENDS) as AxisEnd[]).map((handle) => {
    const [i, j] = AXIS_ENDS[handle];
    return { handle, at: placedFrom(region, i * along, j * across) };
  });
}

/** Beyond the end of the axis along the angle, clear of what lies there. */
function rotateHandle(region: Turned, halfAlong: number): HandleAt {
  return { handle: 'rotate', at: placedFrom(region, 1.3 * halfAlong + 2, 0) };
}

/** The region with one handle dragged to a place. A handle that the region lacks changes nothing. */
export function withHandleAt(region: Region, handle: Handle, at: DetectorPixel): Region {
  return ifValid(dragged(region, handle, at), region);
}

function ifValid(edited: Region, before: Region): Region {
  return shapeProblem(edited) === undefined ? edited : before;
}

function dragged(region: Region, handle: Handle, at: DetectorPixel): Region {
  switch (region.kind) {
    case 'point':
      return region;
    case 'line':
      if (handle === 'from' || handle === 'to') return { ...region, [handle]: { x: at.x, y: at.y } };
      if (handle !== 'width') return region;
      return {
        ...region,
        widthPx: atLeast(SMALLEST_PX, 2 * Math.abs(offsetFrom(lineAsBox(region), at).across)),
      };
    case 'circle':
      return isAxisEnd(handle)
        ? { ...region, radiusPx: atLeast(SMALLEST_PX, distancePx(region.centre, at)) }
        : region;
    case 'ellipse': {
      if (handle === 'rotate') return { ...region, angleDeg: angleDegOf(region.centre, at) };
      if (!isAxisEnd(handle)) return region;
      const { along, across } = offsetFrom(region, at);
      return AXIS_ENDS[handle][0] === 0
        ? { ...region, semiMinorPx: atLeast(SMALLEST_PX, Math.abs(across)) }
        : { ...region, semiMajorPx: atLeast(SMALLEST_PX, Math.abs(along)) };
    }
    case 'box':
      if (handle === 'rotate') return { ...region, angleDeg: angleDegOf(region.centre, at) };
      return isCorner(handle) ? withCornerAt(region, handle, at) : region;
    case 'polygon': {
      const i = region.vertices.findIndex((_, index) => handle === `vertex-${index}`);
      return i < 0 ? region : { ...region, vertices: region.vertices.with(i, { x: at.x, y: at.y }) };
    }
    case 'annulus': {
      const radius = distancePx(region.centre, at);
      if (handle === 'outer') return { ...region, outerPx: atLeast(region.innerPx + SMALLEST_PX, radius) };
      if (handle !== 'inner') return region;
      return { ...region, innerPx: atLeast(SMALLEST_PX, Math.min(radius, region.outerPx - SMALLEST_PX)) };
    }
  }
}

/** The opposite corner stays; the dragged one does not pass it. */
function withCornerAt(box: RegionOf<'box'>, corner: Corner, at: DetectorPixel): Region {
  const [i, j] = CORNERS[corner];
  const { along, across } = offsetFrom(box, at);
  const widthPx = atLeast(SMALLEST_PX, i * along + box.widthPx / 2);
  const heightPx = atLeast(SMALLEST_PX, j * across + box.heightPx / 2);
  const centre = placedFrom(box, (i * (widthPx - box.widthPx)) / 2, (j * (heightPx - box.heightPx)) / 2);
  return { ...box, centre, widthPx, heightPx };
}

function isAxisEnd(handle: Handle): handle is AxisEnd {
  return Object.hasOwn(AXIS_ENDS, handle);
}

function isCorner(handle: Handle): handle is Corner {
  return Object.hasOwn(CORNERS, handle);
}

/** Keeps NaN, which `ifValid` then refuses. */
function atLeast(smallest: number, value: number): number {
  return value < smallest ? smallest : value;
}

export function movedBy(region: Region, dx: number, dy: number): Region {
  const moved = (at: DetectorPixel): DetectorPixel => ({ x: at.x + dx, y: at.y + dy });
  switch (region.kind) {
    case 'line':
      return ifValid({ ...region, from: moved(region.from), to: moved(region.to) }, region);
    case 'polygon':
      return ifValid({ ...region, vertices: region.vertices.map(moved) }, region);
    case 'point':
    case 'circle':
    case 'ellipse':
    case 'box':
    case 'annulus':
      return ifValid({ ...region, centre: moved(region.centre) }, region);
  }
}

/** A copy to be moved apart; ids are the caller's. */
export function copied(region: Region, newId: string): Region {
  return { ...region, id: newId };
}

/** What a press at a place takes hold of: a handle before the edge, the edge before the inside. */
export function hit(
  region: Region,
  at: DetectorPixel,
  tolerancePx: number,
): Handle | 'edge' | 'inside' | undefined {
  let nearest: HandleAt | undefined;
  for (const candidate of handlesOf(region)) {
    const distance = distancePx(candidate.at, at);
    if (distance <= tolerancePx && (!nearest || distance < distancePx(nearest.at, at))) nearest = candidate;
  }
  if (nearest) return nearest.handle;
  if (distanceToOutlinePx(region, at) <= tolerancePx) return region.kind === 'point' ? 'inside' : 'edge';
  return contains(region, at) ? 'inside' : undefined;
}

function distanceToOutlinePx(region: Region, at: DetectorPixel): number {
  return Math.min(
    ...outlineOf(region).map((outline) => {
      switch (outline.kind) {
        case 'mark':
          return distancePx(outline.at, at);
        case 'circle':
          return Math.abs(distancePx(outline.centre, at) - outline.radiusPx);
        case 'polyline':
          return Math.min(
            ...edgesOf(outline.points)
              .slice(outline.closed ? 0 : 1)
              .map(([a, b]) => distanceToSegmentPx(at, a, b)),
          );
      }
    }),
  );
}

/** Puts a vertex at a place into the edge that is nearest to it. A full polygon stays as it is. */
export function insertVertex(polygon: RegionOf<'polygon'>, at: DetectorPixel): RegionOf<'polygon'> {
  const { vertices } = polygon;
  if (vertices.length >= MOST_VERTICES) return polygon;
  const distances = edgesOf(vertices).map(([a, b]) => distanceToSegmentPx(at, a, b));
  const i = distances.indexOf(Math.min(...distances));
  const edited = { ...polygon, vertices: vertices.toSpliced(i, 0, { x: at.x, y: at.y }) };
  return shapeProblem(edited) === undefined ? edited : polygon;
}

/** A triangle keeps its vertices. */
export function removeVertex(polygon: RegionOf<'polygon'>, index: number): RegionOf<'polygon'> {
  const edited = { ...polygon, vertices: polygon.vertices.filter((_, i) => i !== index) };
  return shapeProblem(edited) === undefined ? edited : polygon;
}
