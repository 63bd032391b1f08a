/**
 * A raw with its prescan and overscan: every segment whole, turned as its pixels are in the assembled frame, beside
 * those that are beside it there. Places in it are 0-based, an integer is a pixel's centre.
 */
import type { AmpRawPixel, Box } from '../frames.ts';
import type { Amplifier, DetectorGeometry } from './geometry.ts';

/** Of a segment. Where rows and columns of overscan cross it is that of the columns, which are read with every row. */
export type SegmentPart = 'data' | 'prescan' | 'serial overscan' | 'parallel overscan';

export interface UntrimmedSegment {
  readonly amplifier: Amplifier;
  /** Of the whole segment, and of its data, in the untrimmed frame. */
  readonly box: Box<'Untrimmed'>;
  readonly data: Box<'Untrimmed'>;
}

export interface UntrimmedLayout {
  readonly width: number;
  readonly height: number;
  readonly segments: readonly UntrimmedSegment[];
}

/** For detectors whose amplifiers are columns and rows of one grid, as those of all Rubin cameras are. */
export function untrimmedLayout({ amplifiers }: DetectorGeometry): UntrimmedLayout {
  const columns = [...new Set(amplifiers.map(({ detector }) => detector.x0))].toSorted((a, b) => a - b);
  const rows = [...new Set(amplifiers.map(({ detector }) => detector.y0))].toSorted((a, b) => a - b);
  const largest = (sizes: number[]) => Math.max(0, ...sizes);
  const widths = columns.map((x0) =>
    largest(amplifiers.filter(({ detector }) => detector.x0 === x0).map((each) => each.rawWidth)),
  );
  const heights = rows.map((y0) =>
    largest(amplifiers.filter(({ detector }) => detector.y0 === y0).map((each) => each.rawHeight)),
  );
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  const segments = amplifiers.map((amplifier): UntrimmedSegment => {
    const { detector, rawWidth, rawHeight, data } = amplifier;
    const x0 = sum(widths.slice(0, columns.indexOf(detector.x0)));
    const y0 = sum(heights.slice(0, rows.indexOf(detector.y0)));
    const box = boxOf(x0, y0, x0 + rawWidth, y0 + rawHeight);
    const [a, b] = [
      fromRaw(amplifier, box, { x: data.x0, y: data.y0 }),
      fromRaw(amplifier, box, { x: data.x1 - 1, y: data.y1 - 1 }),
    ];
    return {
      amplifier,
      box,
      data: boxOf(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x) + 1, Math.max(a.y, b.y) + 1),
    };
  });
  return { width: sum(widths), height: sum(heights), segments };
}

const boxOf = (x0: number, y0: number, x1: number, y1: number) => ({ x0, y0, x1, y1 }) as Box<'Untrimmed'>;

interface Place {
  readonly x: number;
  readonly y: number;
}

function fromRaw({ flipX, flipY }: Amplifier, box: Box<'Untrimmed'>, raw: AmpRawPixel): Place {
  return {
    x: flipX ? box.x1 - 1 - raw.x : box.x0 + raw.x,
    y: flipY ? box.y1 - 1 - raw.y : box.y0 + raw.y,
  };
}

/** The segment at a place of the untrimmed frame, the raw pixel there, and what it is; undefined outside. */
export function untrimmedAt(
  layout: UntrimmedLayout,
  at: Place,
): { readonly amplifier: Amplifier; readonly raw: AmpRawPixel; readonly part: SegmentPart } | undefined {
  const [x, y] = [Math.round(at.x), Math.round(at.y)];
  const segment = layout.segments.find(({ box }) => x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1);
  if (!segment) return undefined;
  const { amplifier, box } = segment;
  const raw: AmpRawPixel = {
    x: amplifier.flipX ? box.x1 - 1 - x : x - box.x0,
    y: amplifier.flipY ? box.y1 - 1 - y : y - box.y0,
  };
  return { amplifier, raw, part: partOf(amplifier, raw) };
}

function partOf({ data }: Amplifier, { x, y }: AmpRawPixel): SegmentPart {
  if (x < data.x0) return 'prescan';
  if (x >= data.x1) return 'serial overscan';
  return y >= data.y0 && y < data.y1 ? 'data' : 'parallel overscan';
}
