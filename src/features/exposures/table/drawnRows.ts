/**
 * How many rows the browser has to lay out in one frame. A jump to another place of the table would otherwise bring a
 * screen full of cells at once, more than the 50 ms after which a page feels stuck: they come in a few frames instead.
 */
import { useEffect, useState } from 'react';
import type { RowRange } from '../../../services/butler/exposureTable.ts';

/** New cells in a frame; some 10 ms of layout and painting on a slow machine. */
const CELLS_PER_FRAME = 240;

export function rowsPerFrame(columns: number): number {
  return Math.max(4, Math.floor(CELLS_PER_FRAME / Math.max(1, columns)));
}

/** One frame's step from what is drawn to what is wanted; below it first, where most scrolling goes. */
export function nextDrawn(drawn: RowRange, wanted: RowRange, limit: number): RowRange {
  const begin = Math.max(drawn.begin, wanted.begin);
  const end = Math.min(drawn.end, wanted.end);
  if (begin >= end) return { begin: wanted.begin, end: Math.min(wanted.end, wanted.begin + limit) };
  const below = Math.min(limit, wanted.end - end);
  const above = Math.min(limit - below, begin - wanted.begin);
  return { begin: begin - above, end: end + below };
}

/** The rows that may show their cells now. It begins anew with another `order`. */
export function useDrawnRows(wanted: RowRange, limit: number, order: unknown): RowRange {
  const [drawn, setDrawn] = useState<RowRange & { readonly order: unknown }>({ begin: 0, end: 0, order });
  const { begin, end } = wanted;
  useEffect(() => {
    const from = drawn.order === order ? drawn : { begin: 0, end: 0 };
    const next = nextDrawn(from, { begin, end }, limit);
    if (drawn.order === order && next.begin === drawn.begin && next.end === drawn.end) return undefined;
    const frame = requestAnimationFrame(() => setDrawn({ ...next, order }));
    return () => cancelAnimationFrame(frame);
  }, [drawn, begin, end, limit, order]);
  return drawn.order === order ? drawn : { begin: 0, end: 0 };
}
