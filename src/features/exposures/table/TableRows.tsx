/** The grid of the exposure table: of its rows only those on the screen are in the page. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useId, useLayoutEffect, useMemo, useRef, type RefObject } from 'react';
import { useStore } from 'zustand';
import type { ExposureId } from '../../../core/dataId.ts';
import { EXPOSURE_COLUMNS, type ColumnId } from '../../../core/exposureColumns.ts';
import { selectedRange, type ExposureTableStore, type TableRow } from './exposureTableStore.ts';
import { rowsAtOnce, useDrawnRows } from './drawnRows.ts';
import { cellText, columnLayout } from './tableColumns.ts';
import { TableHead } from './TableHead.tsx';

/** As `--row` in the tokens; the virtualiser needs the number. */
const ROW_PX = 24;
/** Both rows of the head, which stays on top of the rows. */
const HEAD_PX = 54;
const HEAD_ROWS = 2;
const STEP_ASIDE_PX = 80;

export interface TableRowsProps {
  readonly store: ExposureTableStore;
  /** The exposure that the page shows. */
  readonly selected: ExposureId | null;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly onOpen: (exposure: ExposureId) => void;
  readonly onCopy: () => void;
  readonly onClose: () => void;
}

export function TableRows({ store, selected, grid, onOpen, onCopy, onClose }: TableRowsProps) {
  const columns = useStore(store, (s) => s.shownColumns);
  const count = useStore(store, (s) => s.count);
  const rows = useStore(store, (s) => s.rows);
  const cursor = useStore(store, (s) => s.cursor);
  const anchor = useStore(store, (s) => s.anchor);
  const layout = useMemo(() => columnLayout(columns), [columns]);
  const chosen = selectedRange({ cursor, anchor });
  // With another order or filter all rows are others.
  const sorted = useStore(store, (s) => s.query);
  const id = useId();
  // The React compiler, which this rule is for, is not part of the build.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
  });
  useVisibleRows(store, virtualizer.range);
  useScrollChanges(store, grid, virtualizer);

  function moveTo(index: number, extend: boolean): void {
    store.moveTo(index, extend);
    const to = store.getState().cursor?.index;
    if (to !== undefined) virtualizer.scrollToIndex(to, { align: 'auto' });
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    // Keys within the head belong to its buttons and fields.
    if (event.target !== event.currentTarget || !grid.current) return;
    if (!actOn(event, grid.current)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** False for keys that are not the table's. */
  function actOn(
    { key, shiftKey, ctrlKey, metaKey, altKey }: React.KeyboardEvent,
    element: Element,
  ): boolean {
    if (altKey) return false;
    if (ctrlKey || metaKey) {
      if (key === 'c' && cursor) onCopy();
      else if (key === 'a') store.selectAll();
      else return false;
      return true;
    }
    const page = Math.max(1, Math.floor((element.clientHeight - HEAD_PX) / ROW_PX) - 1);
    const first = virtualizer.range?.startIndex ?? 0;
    const step = (by: number) => moveTo(cursor ? cursor.index + by : first, shiftKey);
    switch (key) {
      case 'ArrowDown':
        step(1);
        return true;
      case 'ArrowUp':
        step(-1);
        return true;
      case 'PageDown':
        step(page);
        return true;
      case 'PageUp':
        step(-page);
        return true;
      case 'Home':
        moveTo(0, shiftKey);
        return true;
      case 'End':
        moveTo(count - 1, shiftKey);
        return true;
      case 'ArrowLeft':
      case 'ArrowRight':
        element.scrollBy({ left: key === 'ArrowLeft' ? -STEP_ASIDE_PX : STEP_ASIDE_PX });
        return true;
      case 'Enter':
        if (cursor && cursor.exposure !== null) onOpen(cursor.exposure);
        return true;
      case 'Escape':
        if (chosen.end - chosen.begin > 1) store.collapse();
        else onClose();
        return true;
      default:
        return false;
    }
  }

  function onClick(event: React.MouseEvent): void {
    const at = (event.target as Element).closest<HTMLElement>('[data-index]')?.dataset['index'];
    if (at === undefined) return;
    const index = Number(at);
    store.moveTo(index, event.shiftKey);
    const row = rows.get(index);
    if (!event.shiftKey && row) onOpen(row.exposure);
  }

  /** What a narrow column cuts off. Asked for when it is pointed at: it would be said of every cell otherwise. */
  function onMouseOver({ target }: React.MouseEvent): void {
    const cut = target instanceof HTMLElement && target.dataset['kind'] === 'text' ? target : null;
    if (cut && cut.scrollWidth > cut.clientWidth) cut.title = cut.textContent;
  }

  const items = virtualizer.getVirtualItems();
  const drawn = useDrawnRows(loadedOf(items, rows), rowsAtOnce(columns.length), sorted);
  const cursorIsHere = cursor && items.some((item) => item.index === cursor.index);
  return (
    <div
      ref={grid}
      className="exposure-table-grid"
      role="grid"
      tabIndex={0}
      aria-label="Exposure table: arrow keys move, Enter opens"
      aria-multiselectable
      aria-rowcount={count + HEAD_ROWS}
      aria-colcount={columns.length}
      aria-activedescendant={cursorIsHere ? `${id}-${cursor.index}` : undefined}
      data-testid="exposure-table"
      style={
        {
          '--table-columns': layout.template,
          '--table-width': `${layout.minWidthPx}px`,
        } as React.CSSProperties
      }
      onKeyDown={onKeyDown}
    >
      <TableHead store={store} columns={columns} onLeave={() => grid.current?.focus()} />
      <div
        role="rowgroup"
        className="exposure-table-body"
        style={{ height: virtualizer.getTotalSize() }}
        onClick={onClick}
        onMouseOver={onMouseOver}
      >
        {items.map(({ index, start }) => {
          const row = rows.get(index);
          return (
            <Row
              // A row that is still to come has its place by its index.
              key={row?.exposure ?? -1 - index}
              id={`${id}-${index}`}
              row={index >= drawn.begin && index < drawn.end ? row : undefined}
              columns={columns}
              index={index}
              top={start - HEAD_PX}
              chosen={index >= chosen.begin && index < chosen.end}
              atCursor={index === cursor?.index}
              shown={row !== undefined && row.exposure === selected}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The rows of the screen that have come: they follow each other, as the worker sends them. */
function loadedOf(
  items: readonly { readonly index: number }[],
  rows: ReadonlyMap<number, TableRow>,
): { readonly begin: number; readonly end: number } {
  const begin = items.find(({ index }) => rows.has(index))?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;
  let end = begin;
  while (end <= last && rows.has(end)) end++;
  return { begin, end };
}

function useVisibleRows(
  store: ExposureTableStore,
  range: { readonly startIndex: number; readonly endIndex: number } | null,
): void {
  const begin = range?.startIndex ?? 0;
  const end = (range?.endIndex ?? -1) + 1;
  useEffect(() => store.setVisible({ begin, end }), [store, begin, end]);
}

/** Before the browser paints the new rows, so that none of them is seen in another place. */
function useScrollChanges(
  store: ExposureTableStore,
  grid: RefObject<HTMLDivElement | null>,
  virtualizer: { scrollToIndex: (index: number, options: { align: 'start' | 'center' }) => void },
): void {
  const scroll = useStore(store, (s) => s.scroll);
  // One of an earlier opening of the table has been done.
  const done = useRef(scroll);
  useLayoutEffect(() => {
    if (scroll === done.current || scroll === null) return;
    done.current = scroll;
    if ('by' in scroll) grid.current?.scrollBy({ top: scroll.by * ROW_PX });
    else if (scroll.to === 0) grid.current?.scrollTo({ top: 0 });
    else virtualizer.scrollToIndex(scroll.to, { align: 'center' });
  }, [scroll, grid, virtualizer]);
}

interface RowProps {
  readonly id: string;
  /** Undefined while it is on its way. */
  readonly row: TableRow | undefined;
  readonly columns: readonly ColumnId[];
  readonly index: number;
  readonly top: number;
  readonly chosen: boolean;
  readonly atCursor: boolean;
  readonly shown: boolean;
}

const Row = memo(function Row({ id, row, columns, index, top, chosen, atCursor, shown }: RowProps) {
  return (
    <div
      id={id}
      role="row"
      className="exposure-table-row"
      data-index={index}
      data-exposure={row?.exposure}
      data-cursor={atCursor || undefined}
      aria-rowindex={index + 1 + HEAD_ROWS}
      aria-selected={chosen}
      aria-current={shown || undefined}
      aria-busy={row === undefined || undefined}
      style={{ top }}
    >
      {row && columns.map((column, i) => cell(column, row.cells[i]))}
    </div>
  );
});

/** No component of its own: hundreds of them come with every page that is scrolled. */
function cell(column: ColumnId, value: number | string | undefined) {
  const text = cellText(column, value);
  if (column === 'problem') {
    return (
      <span key={column} role="gridcell" className="exposure-table-problem" title={text || undefined}>
        {text && (
          <>
            <span aria-hidden>⚠</span>
            <span className="visually-hidden">{text}</span>
          </>
        )}
      </span>
    );
  }
  return (
    <span key={column} role="gridcell" data-kind={EXPOSURE_COLUMNS[column].kind}>
      {text}
    </span>
  );
}
