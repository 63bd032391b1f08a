/** All exposures of a repository: what the registry, the headers and our measurements know of each. */
import { saveFile } from '../../../services/saveFile.ts';
import { Calendar, Columns3, Download, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { ExposureId } from '../../../core/dataId.ts';
import { toAppError } from '../../../core/errors.ts';
import { formatAge } from '../../../core/units.ts';
import { useNow } from '../useNow.ts';
import { ColumnsMenu } from './ColumnsMenu.tsx';
import { isFiltered, selectedRange, type ExposureTableStore } from './exposureTableStore.ts';
import { NightCalendar } from './NightCalendar.tsx';
import { nightName } from './nights.ts';
import { Popup } from './Popup.tsx';
import { TableRows } from './TableRows.tsx';
import './table.css';

/** A table that is kept up to date is younger. */
const STALE_SECONDS = 30;

export interface ExposureTableProps {
  readonly store: ExposureTableStore;
  /** The exposure that the page shows. */
  readonly selected: ExposureId | null;
  readonly onOpen: (exposure: ExposureId) => void;
  readonly onClose: () => void;
}

export function ExposureTable({ store, selected, onOpen, onClose }: ExposureTableProps) {
  const grid = useRef<HTMLDivElement>(null);
  const [notice, setNotice] = useState('');
  const [first] = useState(selected);
  useEffect(() => {
    const opened = new AbortController();
    store.start(opened.signal, first);
    grid.current?.focus();
    return () => opened.abort();
  }, [store, first]);

  /** What needs the worker or the browser's leave; its end is told in the footer. */
  function tell(act: () => Promise<string>): void {
    setNotice('');
    act().then(setNotice, (thrown: unknown) => setNotice(toAppError(thrown).message));
  }
  async function copy(): Promise<string> {
    const { begin, end } = selectedRange(store.getState());
    await navigator.clipboard.writeText(await store.copied());
    return end - begin === 1 ? 'Copied 1 row' : `Copied ${(end - begin).toLocaleString('en')} rows`;
  }
  async function save(): Promise<string> {
    const { count, query } = store.getState();
    const night = query.night === null ? '' : `-${query.night}`;
    const name = `exposures-${store.source.toLowerCase().replace(/\W+/g, '-')}${night}.csv`;
    saveFile(await store.csv(), name);
    return `Saved ${count.toLocaleString('en')} rows as ${name}`;
  }

  return (
    <section className="exposure-table" aria-label="Exposure table">
      <Tools store={store} onLeave={() => grid.current?.focus()} onClose={onClose} />
      <div className="exposure-table-place">
        <TableRows
          store={store}
          selected={selected}
          grid={grid}
          onOpen={onOpen}
          onCopy={() => tell(copy)}
          onClose={onClose}
        />
        <Emptiness store={store} />
        <NewAbove store={store} onGo={() => grid.current?.scrollTo({ top: 0 })} />
      </div>
      <Footer store={store} notice={notice} onSave={() => tell(save)} />
    </section>
  );
}

interface ToolsProps {
  readonly store: ExposureTableStore;
  readonly onLeave: () => void;
  readonly onClose: () => void;
}

function Tools({ store, onLeave, onClose }: ToolsProps) {
  const words = useStore(store, (s) => s.query.words);
  const night = useStore(store, (s) => s.query.night);
  const nights = useStore(store, (s) => s.nights);
  const columns = useStore(store, (s) => s.columns);
  return (
    <header className="exposure-table-tools">
      <h2>Exposures of {store.source}</h2>
      <input
        type="search"
        className="exposure-table-words"
        aria-label="Filter all columns"
        placeholder="filter: type, target, filter, reason, night or number"
        title="Rows in which every word occurs; !without"
        spellCheck={false}
        value={words}
        onChange={(event) => store.setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === 'ArrowDown') onLeave();
          else if (event.key === 'Escape' && words) store.setWords('');
          else if (event.key === 'Escape') onLeave();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <Popup
        title="Calendar of nights"
        className="night-calendar"
        pressed={night !== null}
        label={
          <>
            <Calendar size={14} aria-hidden />
            {night === null ? 'All nights' : nightName(night)}
          </>
        }
      >
        {(close) => (
          <NightCalendar
            nights={nights}
            night={night}
            onNight={(chosen) => {
              store.setNight(chosen);
              close();
            }}
          />
        )}
      </Popup>
      <Popup
        title="Choose columns"
        className="columns-menu"
        label={
          <>
            <Columns3 size={14} aria-hidden />
            Columns
          </>
        }
      >
        {() => (
          <ColumnsMenu
            columns={columns}
            onColumns={(chosen) => store.setColumns(chosen)}
            onReset={() => store.resetColumns()}
          />
        )}
      </Popup>
      <button
        type="button"
        className="exposure-table-close"
        aria-label="Close the table"
        title="Close (Escape)"
        onClick={onClose}
      >
        <X size={16} aria-hidden />
      </button>
    </header>
  );
}

function Emptiness({ store }: { readonly store: ExposureTableStore }) {
  const received = useStore(store, (s) => s.received);
  const count = useStore(store, (s) => s.count);
  const total = useStore(store, (s) => s.total);
  const error = useStore(store, (s) => s.error);
  if (count > 0) return null;
  let sentence = `None of ${total.toLocaleString('en')} exposures passes the filters.`;
  if (!received) sentence = error ? error.message : `Asking ${store.source} for its exposures…`;
  else if (total === 0) sentence = `No exposures in ${store.source} yet.`;
  return (
    <div className="exposure-table-empty" role="status">
      <p>{sentence}</p>
      {total > 0 && (
        <button type="button" onClick={() => store.clearFilters()}>
          Clear the filters
        </button>
      )}
    </div>
  );
}

/** Rows that come above leave those on the screen where they are: this says that they are there. */
function NewAbove({ store, onGo }: { readonly store: ExposureTableStore; readonly onGo: () => void }) {
  const rows = useStore(store, (s) => s.newAbove);
  if (rows === 0) return null;
  return (
    <button type="button" className="exposure-table-above" onClick={onGo}>
      ▲ {rows} new {rows === 1 ? 'row' : 'rows'} above
    </button>
  );
}

interface FooterProps {
  readonly store: ExposureTableStore;
  readonly notice: string;
  readonly onSave: () => void;
}

function Footer({ store, notice, onSave }: FooterProps) {
  const count = useStore(store, (s) => s.count);
  const total = useStore(store, (s) => s.total);
  const filtered = useStore(store, (s) => isFiltered(s.query));
  const selected = useStore(store, (s) => {
    const { begin, end } = selectedRange(s);
    return end - begin;
  });
  const problem = useStore(store, (s) => Object.values(s.problems)[0]);
  return (
    <footer className="exposure-table-foot">
      <span data-testid="exposure-table-count">
        {count.toLocaleString('en')} of {total.toLocaleString('en')} rows
      </span>
      {selected > 1 && <span>{selected.toLocaleString('en')} selected</span>}
      {filtered && (
        <button type="button" onClick={() => store.clearFilters()}>
          Clear the filters
        </button>
      )}
      <span className="exposure-table-notice" role="status" data-problem={problem !== undefined || undefined}>
        {problem ?? notice}
      </span>
      <Age store={store} />
      <button
        type="button"
        title="The filtered rows and the chosen columns, in their order"
        disabled={count === 0}
        onClick={onSave}
      >
        <Download size={14} aria-hidden />
        CSV
      </button>
    </footer>
  );
}

function Age({ store }: { readonly store: ExposureTableStore }) {
  const received = useStore(store, (s) => s.received);
  const asOf = useStore(store, (s) => s.asOf);
  const error = useStore(store, (s) => s.error);
  const now = useNow(store.clock, 1000);
  if (!received) return null;
  const seconds = (now - asOf) / 1000;
  const stale = error !== null && seconds > STALE_SECONDS;
  return (
    <span className="exposure-table-age" data-stale={stale || undefined} title={error?.message}>
      {stale && '⚠ stale: '}
      {formatAge(seconds)} ago
    </span>
  );
}
