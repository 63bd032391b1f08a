/** The rows of a catalogue, of which only those on the screen are in the page; sorted by a column, chosen by pointer or keys. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { TableColumn } from '../../../core/catalogue/table.ts';
import type { CatalogueStore, ShownCatalogue } from './catalogueStore.ts';

/** As in the style sheet. */
const ROW_PX = 22;
const HEAD_PX = 26;

interface Sorting {
  readonly column: TableColumn;
  readonly down: boolean;
}

export interface CatalogueTableProps {
  readonly store: CatalogueStore;
  readonly catalogue: ShownCatalogue;
}

export function CatalogueTable({ store, catalogue }: CatalogueTableProps) {
  const { table, name } = catalogue;
  const chosen = useStore(store, (s) => s.chosen);
  const brush = useStore(store, (s) => s.brush);
  const grid = useRef<HTMLDivElement>(null);
  const anchor = useRef(0);
  const [sorting, setSorting] = useState<{ readonly name: string; readonly down: boolean } | null>(null);
  const [chosenOnly, setChosenOnly] = useState(false);
  const column = table.columns.find((each) => each.name === sorting?.name);
  const sorted = useMemo(
    () => rowOrder(table.rows, column && sorting ? { column, down: sorting.down } : null),
    [table, column, sorting],
  );
  const only = chosenOnly && chosen.size > 0;
  const order = useMemo(
    () => (only ? sorted.filter((row) => chosen.has(row)) : sorted),
    [sorted, only, chosen],
  );
  // The React compiler, which this rule is for, is not part of the build.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer({
    count: order.length,
    getScrollElement: () => grid.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
  });
  // One that was chosen on the image or in the plot comes into sight; several that are being framed do not make it jump.
  useEffect(() => {
    if (brush || chosen.size === 0) return;
    const place = order.findIndex((row) => chosen.has(row));
    if (place >= 0) virtualizer.scrollToIndex(place, { align: 'auto' });
  }, [chosen, brush, order, virtualizer]);

  const chooseAt = (place: number, { extend = false, add = false } = {}) => {
    const row = order[place];
    if (row === undefined) return;
    if (extend) {
      const [from, to] = [Math.min(anchor.current, place), Math.max(anchor.current, place)];
      store.choose(order.slice(from, to + 1));
      return;
    }
    anchor.current = place;
    if (!add) store.choose([row]);
    else store.choose(chosen.has(row) ? [...chosen].filter((each) => each !== row) : [...chosen, row]);
  };

  function onKeyDown(event: React.KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = anchor.current;
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: order.length - 1 }[event.key];
    const row = order[now];
    if (to !== undefined) chooseAt(Math.max(0, Math.min(order.length - 1, to)), {});
    else if (event.key === 'Enter' && row !== undefined) store.lookAt(row);
    else if (event.key === 'Escape' && chosen.size > 0) store.choose([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <>
      <p className="catalogue-chosen-note" data-testid="catalogue-chosen">
        {chosen.size > 0
          ? `${chosen.size} of ${table.rows} rows chosen`
          : 'Click a row or a marker; Enter looks there.'}{' '}
        <label>
          <input
            type="checkbox"
            checked={chosenOnly}
            onChange={(event) => setChosenOnly(event.target.checked)}
          />
          chosen only
        </label>
      </p>
      <div
        ref={grid}
        className="catalogue-grid"
        role="grid"
        aria-label={`Rows of ${name}`}
        aria-rowcount={order.length + 1}
        aria-multiselectable="true"
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div className="catalogue-head" role="row">
          {table.columns.map(({ name: title, unit }) => (
            <span
              key={title}
              role="columnheader"
              aria-sort={sorting?.name === title ? (sorting.down ? 'descending' : 'ascending') : 'none'}
            >
              <button
                type="button"
                title={unit ? `${title} (${unit})` : title}
                onClick={() =>
                  setSorting((before) => ({ name: title, down: before?.name === title && !before.down }))
                }
              >
                {title}
                {sorting?.name === title && (sorting.down ? ' ↓' : ' ↑')}
              </button>
            </span>
          ))}
        </div>
        <div style={{ height: virtualizer.getTotalSize() }} role="presentation">
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const row = order[index] as number;
            return (
              <div
                key={row}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={chosen.has(row)}
                className="catalogue-line"
                style={{ top: start }}
                onClick={(event) =>
                  chooseAt(index, { extend: event.shiftKey, add: event.ctrlKey || event.metaKey })
                }
                onDoubleClick={() => store.lookAt(row)}
              >
                {table.columns.map((each) => (
                  <span key={each.name} role="gridcell">
                    {cellText(each, row)}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

/** Row numbers; those without a value come last. */
function rowOrder(rows: number, sorting: Sorting | null): readonly number[] {
  const order = Array.from({ length: rows }, (_, row) => row);
  if (!sorting) return order;
  const { column, down } = sorting;
  const sign = down ? -1 : 1;
  if (column.kind === 'texts') {
    return order.sort(
      (a, b) => sign * (column.values[a] as string).localeCompare(column.values[b] as string),
    );
  }
  const { values } = column;
  return order.sort((a, b) => {
    const [u, v] = [values[a] as number, values[b] as number];
    if (Number.isNaN(u) || Number.isNaN(v)) return Number(Number.isNaN(u)) - Number(Number.isNaN(v));
    return sign * (u - v);
  });
}

/** Six digits tell apart what a table of stars has; the saved file has all. */
function cellText(column: TableColumn, row: number): string {
  const value = column.values[row];
  if (typeof value === 'string') return value;
  if (value === undefined || Number.isNaN(value)) return '';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}
