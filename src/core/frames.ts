/**
 * Pixel and sky frames. Order is (x, y); pixel frames are 0-based with an integer at the pixel centre and the origin
 * at the lower left, as in lsst.afw.image. A frame is part of the type, so a point of one frame cannot be passed
 * where another is wanted.
 */
declare const frame: unique symbol;

export interface Point<F extends string> {
  readonly x: number;
  readonly y: number;
  readonly [frame]?: F;
}

/** Half-open: x0 <= x < x1, y0 <= y < y1. */
export interface Box<F extends string> {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly [frame]?: F;
}

/** One amplifier's HDU with its prescan and overscan, in readout order. */
export type AmpRawPixel = Point<'AmpRaw'>;
/** The assembled, trimmed detector in the Data Management (afw) orientation. */
export type DetectorPixel = Point<'Detector'>;
/** CSS pixels of a pane, y downwards, origin at its upper left corner. */
export type DisplayPixel = Point<'Display'>;
