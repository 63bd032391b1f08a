/**
 * What an overlay draws of a region: circles and polylines in `DetectorPixel`. A display may rotate and flip as it
 * likes: it maps the points, and a circle stays one.
 */
import type { DetectorPixel } from '../frames.ts';
import { boxCorners, lineAsBox, placedFrom } from './geometry.ts';
import type { Shape } from './region.ts';

export type Outline =
  | { readonly kind: 'mark'; readonly at: DetectorPixel }
  | { readonly kind: 'circle'; readonly centre: DetectorPixel; readonly radiusPx: number }
  | { readonly kind: 'polyline'; readonly points: readonly DetectorPixel[]; readonly closed: boolean };

/** Chords of a 96-gon lie within 0.06 % of the ellipse's half axis. */
const ELLIPSE_POINTS = 96;
const CAP_POINTS = 16;

export function outlineOf(shape: Shape): Outline[] {
  switch (shape.kind) {
    case 'point':
      return [{ kind: 'mark', at: shape.centre }];
    case 'line': {
      const axis: Outline = { kind: 'polyline', points: [shape.from, shape.to], closed: false };
      return shape.widthPx > 1 ? [axis, closed(stadium(shape))] : [axis];
    }
    case 'circle':
      return [{ kind: 'circle', centre: shape.centre, radiusPx: shape.radiusPx }];
    case 'annulus': {
      const { centre, innerPx, outerPx } = shape;
      const outer: Outline = { kind: 'circle', centre, radiusPx: outerPx };
      return innerPx > 0 ? [{ kind: 'circle', centre, radiusPx: innerPx }, outer] : [outer];
    }
    case 'ellipse': {
      const angles = Array.from({ length: ELLIPSE_POINTS }, (_, i) => (2 * Math.PI * i) / ELLIPSE_POINTS);
      return [
        closed(
          angles.map((t) =>
            placedFrom(shape, shape.semiMajorPx * Math.cos(t), shape.semiMinorPx * Math.sin(t)),
          ),
        ),
      ];
    }
    case 'box':
      return [closed(boxCorners(shape))];
    case 'polygon':
      return [closed(shape.vertices)];
  }
}

function closed(points: readonly DetectorPixel[]): Outline {
  return { kind: 'polyline', points, closed: true };
}

/** All points half a width away from a segment: two sides and two half circles, counter-clockwise. */
function stadium(line: { from: DetectorPixel; to: DetectorPixel; widthPx: number }): DetectorPixel[] {
  const { angleDeg } = lineAsBox(line);
  const cap = (centre: DetectorPixel, startDeg: number) =>
    Array.from({ length: CAP_POINTS + 1 }, (_, i) =>
      placedFrom({ centre, angleDeg: angleDeg + startDeg + (180 * i) / CAP_POINTS }, line.widthPx / 2, 0),
    );
  return [...cap(line.to, -90), ...cap(line.from, 90)];
}
