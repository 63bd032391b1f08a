/**
 * How many rows the browser has to lay out in one frame. A jump to another place of the table would otherwise bring a
 * screen full of cells at once, more than the 50 ms after which a page feels stuck: they come in a few frames instead.
 */
import { useLayoutEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import type { RowRange } from '../../../services/butler/exposureTable.ts';

/** New cells at a time, some 6 ms of a slow machine. A frame has them up to twice. */
const CELLS_AT_ONCE = 150;

export function rowsAtOnce(columns: number): number {
  return Math.max(4, Math.floor(CELLS_AT_ONCE / Math.max(1, columns)));
}

/** One step from what is drawn to what is wanted; below it first, where most scrolling goes. */
export function nextDrawn(drawn: RowRange, wanted: RowRange, limit: number): RowRange {
  const begin = Math.max(drawn.begin, wanted.begin);
  const end = Math.min(drawn.end, wanted.end);
  if (begin >= end) return { begin: wanted.begin, end: Math.min(wanted.end, wanted.begin + limit) };
  const below = Math.min(limit, wanted.end - end);
  const above = Math.min(limit - below, begin - wanted.begin);
  return { begin: begin - above, end: end + below };
}

/** The rows that may show their cells now. It begins anew with another `order`. */
export function useDrawnRows({ begin, end }: RowRange, limit: number, order: unknown): RowRange {
  const [before, setBefore] = useState({ begin: 0, end: 0, order });
  const from = before.order === order ? before : { begin: 0, end: 0 };
  const drawn = nextDrawn(from, { begin, end }, limit);
  // With the commit, so that the next rows come in the next frame however fast scrolling goes on.
  useLayoutEffect(() => {
    if (before.order === order && before.begin === drawn.begin && before.end === drawn.end) return undefined;
    // At once, or the next scroll would be drawn before it and begin anew each time.
    const frame = requestAnimationFrame(() =>
      flushSync(() => setBefore({ begin: drawn.begin, end: drawn.end, order })),
    );
    return () => cancelAnimationFrame(frame);
  }, [before, drawn.begin, drawn.end, order]);
  return drawn;
}
