/**
 * What the exposure table shows of its worker's rows: the query, the window of rows about the screen, the cursor and the
 * selection. Cursor and scroll position stay on their exposures when rows come or go.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ExposureId } from '../../../core/dataId.ts';
import { toAppError, type AppError } from '../../../core/errors.ts';
import type { ColumnId } from '../../../core/exposureColumns.ts';
import type { UnixMs } from '../../../core/time.ts';
import type {
  ExposureTableClient,
  Night,
  RowRange,
  RowWindow,
  SortKey,
  TableQuery,
  TableView,
} from '../../../services/butler/exposureTable.ts';
import type { Clock } from '../../../services/clock.ts';
import { columnsFromKept, DEFAULT_COLUMNS } from './tableColumns.ts';

export interface TableRow {
  readonly exposure: ExposureId;
  /** In the order of `shownColumns`; NaN and '' where nothing is known. */
  readonly cells: readonly (number | string)[];
}

export interface Place {
  readonly index: number;
  /** Null until its row has come from the worker. */
  readonly exposure: ExposureId | null;
}

/** What the scroll position does after a new view; a new object each time. */
export type ScrollChange = { readonly to: number } | { readonly by: number };

export interface ExposureTableState {
  /** Chosen, in their order. */
  readonly columns: readonly ColumnId[];
  readonly query: TableQuery;
  /** False until the first answer: an empty table says nothing before that. */
  readonly received: boolean;
  /** Server time of what the table shows. */
  readonly asOf: UnixMs;
  /** Why it is not up to date. */
  readonly error: AppError | null;
  readonly count: number;
  readonly total: number;
  readonly nights: readonly Night[];
  readonly problems: TableView['problems'];
  readonly revision: number;
  /** Of the rows here; they follow `columns` with the next view. */
  readonly shownColumns: readonly ColumnId[];
  /** By index; those about the screen. */
  readonly rows: ReadonlyMap<number, TableRow>;
  readonly cursor: Place | null;
  /** The other end of the selection. */
  readonly anchor: Place | null;
  readonly scroll: ScrollChange | null;
  /** Rows that came above the top of the screen since it was last there. */
  readonly newAbove: number;
}

export interface ExposureTableStore extends StoreApi<ExposureTableState> {
  readonly source: string;
  readonly clock: Clock;
  /** Keeps the table up to date until the signal aborts; the cursor begins at that exposure. */
  start(signal: AbortSignal, at: ExposureId | null): void;
  setWords(words: string): void;
  setFilter(column: ColumnId, typed: string): void;
  setNight(night: number | null): void;
  clearFilters(): void;
  /** Ascending, descending, not at all; `add` keeps the other keys. */
  sortBy(column: ColumnId, add: boolean): void;
  setColumns(columns: readonly ColumnId[]): void;
  resetColumns(): void;
  /** Which rows are on the screen. */
  setVisible(range: RowRange): void;
  moveTo(index: number, extend: boolean): void;
  /** The cursor alone is selected. */
  collapse(): void;
  selectAll(): void;
  /** The selected rows for a spreadsheet's paste. */
  copied(): Promise<string>;
  csv(): Promise<Blob>;
}

export interface ExposureTableParts {
  readonly client: ExposureTableClient;
  readonly clock: Clock;
  /** What `onColumns` gave on an earlier day. */
  readonly keptColumns?: unknown;
  readonly onColumns?: (columns: readonly ColumnId[]) => void;
}

const POLL_MS = 5_000;
/** Rows beyond the screen that are asked for, and within which nothing is asked again. */
const AHEAD_ROWS = 120;
const NEAR_ROWS = 40;
const KEPT_ROWS = 400;
const NO_QUERY: TableQuery = { night: null, words: '', filters: {}, sort: [] };
/** No exposure has it. */
const NO_EXPOSURE = -1;

export function isFiltered({ night, words, filters }: TableQuery): boolean {
  return night !== null || words.trim() !== '' || Object.values(filters).some((typed) => typed.trim() !== '');
}

export function selectedRange({ cursor, anchor }: Pick<ExposureTableState, 'cursor' | 'anchor'>): RowRange {
  if (!cursor) return { begin: 0, end: 0 };
  const other = anchor ?? cursor;
  return { begin: Math.min(cursor.index, other.index), end: Math.max(cursor.index, other.index) + 1 };
}

export function createExposureTableStore(parts: ExposureTableParts): ExposureTableStore {
  const { client, clock, keptColumns, onColumns } = parts;
  const columns = columnsFromKept(keptColumns);
  const store = createStore<ExposureTableState>(() => ({
    columns,
    query: NO_QUERY,
    received: false,
    asOf: 0,
    error: null,
    count: 0,
    total: 0,
    nights: [],
    problems: {},
    revision: 0,
    shownColumns: columns,
    rows: new Map(),
    cursor: null,
    anchor: null,
    scroll: null,
    newAbove: 0,
  }));
  let visible: RowRange = { begin: 0, end: 0 };
  let wantedView: 'query' | 'data' | null = null;
  let viewing = false;
  let fetchingRows = false;
  /** Whether the worker has had an answer. */
  let refreshed = false;
  /** Where the cursor shall begin; until its row has come. */
  let revealing: ExposureId | null = null;

  /** One view at a time; what is asked meanwhile is one more, of the newest query. */
  function askView(why: 'query' | 'data'): void {
    if (wantedView !== 'query') wantedView = why;
    if (!viewing) void runViews();
  }

  async function runViews(): Promise<void> {
    viewing = true;
    try {
      while (wantedView) {
        const why = wantedView;
        wantedView = null;
        await takeView(why);
      }
    } catch (thrown) {
      store.setState({ error: toAppError(thrown) });
    } finally {
      viewing = false;
    }
    void fillRows();
  }

  async function takeView(why: 'query' | 'data'): Promise<void> {
    const before = store.getState();
    const seen = visible;
    const { query: asked, columns: shownColumns } = before;
    const places = [before.cursor?.exposure, before.anchor?.exposure, before.rows.get(seen.begin)?.exposure];
    const view = await client.view({
      query: asked,
      columns: shownColumns,
      find: [revealing, ...places].map((exposure) => exposure ?? NO_EXPOSURE),
      range: why === 'query' ? { begin: 0, end: 2 * AHEAD_ROWS } : around(seen, AHEAD_ROWS),
    });
    const [revealed = null, cursorAt = null, anchorAt = null, topAt = null] = view.found;
    const { count, total, nights, problems, revision, window } = view;
    const state = store.getState();
    const moved = rowsMoved(before.cursor, cursorAt, seen, topAt);
    const next: ExposureTableState = {
      ...state,
      received: refreshed,
      ...{ count, total, nights, problems, revision, shownColumns },
      rows: rowsOf(window),
      cursor: placeIn(view, state.cursor, before.cursor, cursorAt),
      anchor: placeIn(view, state.anchor, before.anchor, anchorAt),
    };
    if (why === 'query') {
      screenBegins(0);
      store.setState({ ...next, scroll: { to: 0 }, newAbove: 0 });
    } else if (revealing !== null && revealed !== null) {
      const place = { index: revealed, exposure: revealing };
      screenBegins(revealed - Math.floor((visible.end - visible.begin) / 2));
      store.setState({ ...next, cursor: place, anchor: place, scroll: { to: revealed } });
    } else if (moved !== 0) {
      const newAbove = state.newAbove + Math.max(0, moved);
      screenBegins(visible.begin + moved);
      store.setState({ ...next, scroll: { by: moved }, newAbove });
    } else store.setState(next);
    // Later it would be a jump.
    if (refreshed) revealing = null;
  }

  /** Where the screen will be: rows are kept and asked for there, before it says so itself. */
  function screenBegins(index: number): void {
    const begin = Math.max(0, index);
    visible = { begin, end: begin + visible.end - visible.begin };
  }

  /** Asks for the rows about the screen that are not here yet. */
  async function fillRows(): Promise<void> {
    if (fetchingRows || viewing) return;
    fetchingRows = true;
    try {
      while (isMissing(around(visible, NEAR_ROWS))) {
        const { revision, shownColumns } = store.getState();
        const window = await client.rows({ ...around(visible, AHEAD_ROWS), columns: shownColumns });
        const now = store.getState().revision;
        if (window.revision === now) mergeRows(window);
        // The view that is on its way, or the first one of a worker that was started again, brings its own rows.
        else if (viewing || now === revision) return;
      }
    } catch (thrown) {
      store.setState({ error: toAppError(thrown) });
    } finally {
      fetchingRows = false;
    }
  }

  function isMissing({ begin, end }: RowRange): boolean {
    const { rows, count } = store.getState();
    for (let index = begin; index < Math.min(end, count); index++) if (!rows.has(index)) return true;
    return false;
  }

  function mergeRows(window: RowWindow): void {
    const { begin, end } = around(visible, KEPT_ROWS);
    const { cursor, anchor, rows: old } = store.getState();
    const rows = new Map<number, TableRow>();
    for (const [index, row] of old) if (index >= begin && index < end) rows.set(index, row);
    // A row that is here already stays the same object: it is not drawn again.
    for (const [index, row] of rowsOf(window)) if (!rows.has(index)) rows.set(index, row);
    store.setState({ rows, cursor: identified(cursor, rows), anchor: identified(anchor, rows) });
  }

  function setColumns(chosen: readonly ColumnId[]): void {
    const { query: before } = store.getState();
    // What cannot be seen does not filter or sort.
    const filters = Object.fromEntries(
      chosen.flatMap((id) => (before.filters[id] === undefined ? [] : [[id, before.filters[id]]])),
    );
    const sort = before.sort.filter((key) => chosen.includes(key.column));
    const same =
      sort.length === before.sort.length &&
      Object.keys(filters).length === Object.keys(before.filters).length;
    store.setState({ columns: chosen, query: same ? before : { ...before, filters, sort } });
    onColumns?.(chosen);
    askView(same ? 'data' : 'query');
  }

  function query(change: Partial<TableQuery>): void {
    store.setState({ query: { ...store.getState().query, ...change } });
    askView('query');
  }

  async function keepUpToDate(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { changed, asOfUnixMs } = await client.refresh();
        refreshed = true;
        store.setState({ asOf: asOfUnixMs, error: null });
        if (changed || !store.getState().received) askView('data');
      } catch (thrown) {
        store.setState({ error: toAppError(thrown) });
      }
      await pause(POLL_MS, signal);
    }
  }

  return {
    ...store,
    source: client.source,
    clock,
    start(signal, at) {
      revealing = at;
      // What the worker has already is shown at once.
      if (store.getState().received) askView('data');
      void keepUpToDate(signal);
    },
    setWords: (words) => query({ words }),
    setFilter: (column, typed) => query({ filters: { ...store.getState().query.filters, [column]: typed } }),
    setNight: (night) => query({ night }),
    clearFilters: () => query({ night: null, words: '', filters: {} }),
    sortBy: (column, add) => query({ sort: nextSort(store.getState().query.sort, column, add) }),
    setColumns,
    resetColumns: () => setColumns(DEFAULT_COLUMNS),
    setVisible(range) {
      visible = range;
      if (range.begin === 0 && store.getState().newAbove > 0) store.setState({ newAbove: 0 });
      void fillRows();
    },
    moveTo(index, extend) {
      const { count, rows, cursor, anchor } = store.getState();
      if (count === 0) return;
      const to = Math.max(0, Math.min(index, count - 1));
      const place = { index: to, exposure: rows.get(to)?.exposure ?? null };
      store.setState({ cursor: place, anchor: extend ? (anchor ?? cursor ?? place) : place });
    },
    collapse: () => store.setState({ anchor: store.getState().cursor }),
    selectAll() {
      const { count, rows } = store.getState();
      if (count === 0) return;
      const end = (index: number) => ({ index, exposure: rows.get(index)?.exposure ?? null });
      store.setState({ anchor: end(0), cursor: end(count - 1) });
    },
    copied() {
      const state = store.getState();
      return client.tsv({ ...selectedRange(state), columns: state.shownColumns });
    },
    csv: () => client.csv(store.getState().columns),
  };
}

function around({ begin, end }: RowRange, rows: number): RowRange {
  return { begin: Math.max(0, begin - rows), end: end + rows };
}

function rowsOf({ begin, exposures, cells }: RowWindow): Map<number, TableRow> {
  return new Map(
    exposures.map((exposure, i) => [begin + i, { exposure, cells: cells.map((column) => column[i] ?? '') }]),
  );
}

/** By how much the cursor's row, where it is on the screen, or else the top row has moved. */
function rowsMoved(
  cursor: Place | null,
  cursorAt: number | null,
  seen: RowRange,
  topAt: number | null,
): number {
  if (cursor && cursorAt !== null && cursor.index >= seen.begin && cursor.index < seen.end) {
    return cursorAt - cursor.index;
  }
  return topAt === null ? 0 : topAt - seen.begin;
}

/** Where a place is in a new view; `at` is where that which it was when the view was asked for has gone. */
function placeIn(view: TableView, now: Place | null, asked: Place | null, at: number | null): Place | null {
  if (now === null) return null;
  if (now.exposure === null)
    return view.count > 0 ? { ...now, index: Math.min(now.index, view.count - 1) } : null;
  if (now.exposure === asked?.exposure) return at === null ? null : { ...now, index: at };
  // Moved meanwhile: to a row near by.
  const near = view.window.exposures.indexOf(now.exposure);
  return near < 0 ? null : { ...now, index: view.window.begin + near };
}

function identified(place: Place | null, rows: ReadonlyMap<number, TableRow>): Place | null {
  const row = place?.exposure === null ? rows.get(place.index) : undefined;
  return place && row ? { ...place, exposure: row.exposure } : place;
}

function nextSort(sort: readonly SortKey[], column: ColumnId, add: boolean): readonly SortKey[] {
  const key = sort.find((k) => k.column === column);
  // A click on one of several keys makes it the only one; its direction goes on from where it is.
  if (!key) return [...(add ? sort : []), { column, descending: false }];
  const next = key.descending ? null : { column, descending: true };
  if (!add) return next ? [next] : [];
  return sort.flatMap((k) => (k === key ? (next ?? []) : k));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
