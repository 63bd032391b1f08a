/** The worker's functions, without the worker around them: importable in Node for tests. */
import { AppError } from '../../core/errors.ts';
import type { ColumnId } from '../../core/exposureColumns.ts';
import { openBytes, type FetchLike } from '../shared/fetchBytes.ts';
import { nextTurn } from '../shared/yielding.ts';
import type { RefreshAnswer, RowRange, RowWindow, TableWorkerApi } from './contract.ts';
import { TableColumns } from './tableColumns.ts';
import { orderedRows } from './tableOrder.ts';
import { csvHead, csvLines, tsvLines } from './tableText.ts';
import { checkTable, type TableChanges } from './tableWire.ts';

/** A piece takes some 20 ms to write; rows for the screen are answered between two of them. */
const CSV_PIECE_ROWS = 4_000;

export function createTableApi(fetch: FetchLike): TableWorkerApi {
  let tableUrl: string | undefined;
  let columns = new TableColumns();
  let version: number | null = null;
  /** Fetched and not yet in the columns: they change only with a new view, whose rows are indices into them. */
  let fetched: TableChanges[] = [];
  let order: Uint32Array = new Uint32Array(0);
  let revision = 0;
  let refreshing: Promise<RefreshAnswer> | undefined;
  /** Files that are being written; the columns do not change meanwhile. */
  let writing: Promise<unknown> = Promise.resolve();

  async function refresh(): Promise<RefreshAnswer> {
    if (tableUrl === undefined)
      throw new AppError('Bug', 'The table worker was asked before it was started.');
    const url = version === null ? tableUrl : `${tableUrl}?since=${version}`;
    const changes = checkTable(await fetchJson(url, fetch));
    const changed = changes.reset || changes.rowCount > 0 || changes.removed.length > 0 || version === null;
    if (changed) fetched.push(changes);
    version = changes.version;
    return { changed, asOfUnixMs: changes.asOfUnixMs };
  }

  function takeFetched(): void {
    for (const changes of fetched) {
      if (changes.reset) columns = new TableColumns();
      columns.apply(changes);
    }
    fetched = [];
  }

  function windowOf(range: RowRange, ids: readonly ColumnId[]): RowWindow {
    const begin = Math.max(0, Math.min(range.begin, order.length));
    const end = Math.max(begin, Math.min(range.end, order.length));
    const rows = order.subarray(begin, end);
    const exposures = columns.numbers('exposure');
    return {
      revision,
      begin,
      end,
      exposures: Array.from(rows, (row) => exposures?.[row] ?? NaN),
      cells: ids.map((id) => {
        const texts = columns.texts(id);
        if (texts) return Array.from(rows, (row) => texts.get(row));
        const values = columns.numbers(id);
        return Float64Array.from(rows, (row) => values?.[row] ?? NaN);
      }),
    };
  }

  return {
    async start(request) {
      tableUrl = request.tableUrl;
    },

    refresh() {
      refreshing ??= refresh().finally(() => (refreshing = undefined));
      return refreshing;
    },

    async view({ query, find, range, columns: ids }) {
      if (fetched.length > 0) await writing;
      takeFetched();
      const ordered = orderedRows(columns, query);
      order = ordered.order;
      revision++;
      const found = find.map((exposure) => {
        const row = columns.rowOf(exposure);
        const index = row === undefined ? -1 : order.indexOf(row);
        return index < 0 ? null : index;
      });
      return {
        revision,
        count: order.length,
        total: columns.rowCount,
        nights: columns.nights(),
        problems: ordered.problems,
        found,
        window: windowOf(range, ids),
      };
    },

    async rows({ columns: ids, ...range }) {
      return windowOf(range, ids);
    },

    async csv(ids) {
      const rows = order;
      const inPieces = async () => {
        const parts = [csvHead(ids)];
        for (let begin = 0; begin < rows.length; begin += CSV_PIECE_ROWS) {
          parts.push(csvLines(columns, ids, rows.subarray(begin, begin + CSV_PIECE_ROWS)));
          await nextTurn();
        }
        return new Blob(parts, { type: 'text/csv;charset=utf-8' });
      };
      const file = inPieces();
      writing = Promise.allSettled([writing, file]);
      return file;
    },

    async tsv({ begin, end, columns: ids }) {
      return tsvLines(columns, ids, order.subarray(begin, end));
    },
  };
}

async function fetchJson(url: string, fetch: FetchLike): Promise<unknown> {
  const stream = await openBytes(url, 'The exposure table', new AbortController().signal, fetch);
  const decoder = new TextDecoder();
  let text = '';
  for (let bytes = await stream.read(); bytes; bytes = await stream.read()) {
    text += decoder.decode(bytes, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch (cause) {
    // A proxy's or a login page in the place of the answer, or a connection cut in its middle.
    const message = 'Something other than the Summit Notebook service answered.';
    throw new AppError('Unreachable', message, { url }, { cause });
  }
}
