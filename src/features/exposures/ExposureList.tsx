/** The list of exposures, newest first. Rows keep their place under the cursor unless the list is at its top and live. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import { useStore } from 'zustand';
import type { Exposure } from '../../core/dataId.ts';
import { formatAge, formatFixed } from '../../core/units.ts';
import type { Clock } from '../../services/clock.ts';
import { filterLabel, targetLabel, typeLabel } from './exposureNumber.ts';
import { arrivedUnixMs, hasRaw, visibleExposures, type ExposuresStore } from './exposuresStore.ts';
import { GoToField } from './GoToField.tsx';
import { useNow } from './useNow.ts';
import './exposures.css';

/** As `--row` in the tokens; the virtualiser needs the number. */
const ROW_PX = 24;

export interface ExposureListProps {
  readonly store: ExposuresStore;
  readonly clock: Clock;
  /** What the repository is called in sentences: "OODS". */
  readonly source: string;
}

export function ExposureList({ store, clock, source }: ExposureListProps) {
  const exposures = useStore(store, (s) => s.exposures);
  const filter = useStore(store, (s) => s.filter);
  const rows = useMemo(() => visibleExposures(exposures, filter), [exposures, filter]);
  return (
    <section className="exposures-pane" aria-label="Exposures">
      <header className="pane-header">
        <h2>Exposures</h2>
        <input
          className="exposures-filter"
          type="search"
          aria-label="Filter the exposures"
          placeholder="filter: type, target, grating"
          title="Rows in which every word occurs (/)"
          value={filter}
          onChange={(event) => store.setFilter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              store.setFilter('');
              event.currentTarget.blur();
            }
          }}
        />
        <GoToField store={store} />
      </header>
      <Rows
        store={store}
        clock={clock}
        rows={rows}
        empty={emptyReason(store, source, exposures.length, filter)}
      />
    </section>
  );
}

function emptyReason(store: ExposuresStore, source: string, listed: number, filter: string): string {
  const { received, stale } = store.getState();
  if (!received) return stale ? stale.message : `Asking ${source} for its exposures…`;
  if (listed === 0) return `No exposures in ${source} yet: waiting for the first one.`;
  return `None of ${listed} exposures has “${filter.trim()}”.`;
}

interface RowsProps {
  readonly store: ExposuresStore;
  readonly clock: Clock;
  readonly rows: readonly Exposure[];
  readonly empty: string;
}

function Rows({ store, clock, rows, empty }: RowsProps) {
  const selected = useStore(store, (s) => s.selected);
  const following = useStore(store, (s) => s.following);
  const now = useNow(clock, 1000);
  const scroller = useRef<HTMLDivElement>(null);
  // The React compiler, which this rule is for, is not part of the build.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  useAnchoredRows(scroller, rows, following);
  useEffect(() => {
    if (following) scroller.current?.scrollTo({ top: 0 });
  }, [following]);
  useEffect(() => {
    // Only a change of the selection scrolls; new rows above must not.
    const { exposures, filter, following: live } = store.getState();
    const index = visibleExposures(exposures, filter).findIndex((e) => e.exposure === selected);
    if (index >= 0 && !live) virtualizer.scrollToIndex(index, { align: 'auto' });
  }, [selected, store, virtualizer]);

  return (
    <div
      className="exposures-grid"
      role="grid"
      aria-label="Exposures, newest first"
      aria-rowcount={rows.length + 1}
    >
      <div role="rowgroup">
        <div className="exposures-row exposures-head" role="row" aria-rowindex={1}>
          <span role="columnheader">seq</span>
          <span role="columnheader">type</span>
          <span role="columnheader">target</span>
          <span role="columnheader">filter~grating</span>
          <span role="columnheader">exp s</span>
          <span role="columnheader">age</span>
        </div>
      </div>
      <div
        ref={scroller}
        className="exposures-scroller"
        role="rowgroup"
        data-testid="exposure-list"
        tabIndex={0}
        aria-label="Exposure rows: arrow keys step through them"
      >
        {rows.length === 0 && (
          <div role="row">
            <p className="exposures-empty" role="gridcell">
              {empty}
            </p>
          </div>
        )}
        <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }} role="presentation">
          {virtualizer.getVirtualItems().map((item) => {
            const exposure = rows[item.index];
            return (
              exposure && (
                <Row
                  key={exposure.exposure}
                  exposure={exposure}
                  index={item.index}
                  top={item.start}
                  selected={exposure.exposure === selected}
                  newNight={item.index > 0 && rows[item.index - 1]?.dayObs !== exposure.dayObs}
                  age={formatShortAge((now - arrivedUnixMs(exposure)) / 1000)}
                  onSelect={() => store.select(exposure)}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Rows that arrive above push the list down; unless it shows its live top, the scroll position goes with them. */
function useAnchoredRows(
  scroller: React.RefObject<HTMLDivElement | null>,
  rows: readonly Exposure[],
  following: boolean,
): void {
  const anchor = useRef<{ exposure: number; offset: number } | null>(null);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    if (anchor.current && !(following && element.scrollTop < ROW_PX)) {
      const index = rows.findIndex((e) => e.exposure === anchor.current?.exposure);
      if (index >= 0) element.scrollTo({ top: index * ROW_PX + anchor.current.offset });
    }
    const remember = () => {
      const top = rows[Math.floor(element.scrollTop / ROW_PX)];
      anchor.current = top ? { exposure: top.exposure, offset: element.scrollTop % ROW_PX } : null;
    };
    remember();
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, [scroller, rows, following]);
}

interface RowProps {
  readonly exposure: Exposure;
  readonly index: number;
  readonly top: number;
  readonly selected: boolean;
  readonly newNight: boolean;
  readonly age: string;
  readonly onSelect: () => void;
}

function Row({ exposure: e, index, top, selected, newNight, age, onSelect }: RowProps) {
  const raw = hasRaw(e);
  const title = [
    `${e.obsId} · exposure ${e.exposure}`,
    `${e.observationType}${e.observationReason ? ` · ${e.observationReason}` : ''} · ${e.targetName || 'no target'}`,
    `${e.physicalFilter} · ${e.exposureTimeSeconds} s${raw ? '' : ' · no raw in the repository'}`,
  ].join('\n');
  return (
    // Keyboard users step with the arrow keys that the whole page has; the row itself takes only the pointer.
    <div
      role="row"
      className="exposures-row"
      data-testid="exposure-row"
      data-exposure={e.exposure}
      data-new-night={newNight || undefined}
      data-without-raw={!raw || undefined}
      aria-rowindex={index + 2}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      title={title}
      onClick={onSelect}
    >
      <span role="gridcell" className="exposures-number">
        {e.seqNum}
      </span>
      <span role="gridcell" className="exposures-type">
        {typeLabel(e.observationType)}
      </span>
      <span role="gridcell">{targetLabel(e) || '–'}</span>
      <span role="gridcell" className="exposures-filter-name muted">
        {filterLabel(e.physicalFilter)}
      </span>
      <span role="gridcell" className="exposures-number">
        {formatFixed(e.exposureTimeSeconds, e.exposureTimeSeconds < 10 ? 1 : 0)}
      </span>
      <span role="gridcell" className="exposures-number muted">
        {raw ? age : 'no raw'}
      </span>
    </div>
  );
}

/** "7 s", "3 min", "2 h 05": a column's worth of an age. */
function formatShortAge(seconds: number): string {
  if (seconds < 60) return formatAge(seconds);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600);
  return hours < 100
    ? `${hours} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}`
    : `${Math.floor(hours / 24)} d`;
}
