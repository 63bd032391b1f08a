/**
 * What the table worker can be asked. It keeps the exposure table of one repository by columns, fetches its changes,
 * filters and sorts it, and answers with the few rows that are on the screen: the page never holds the whole table.
 */
import type { ExposureId } from '../../core/dataId.ts';
import type { ColumnId } from '../../core/exposureColumns.ts';
import type { UnixMs } from '../../core/time.ts';

export interface SortKey {
  readonly column: ColumnId;
  readonly descending: boolean;
}

export interface TableQuery {
  /** Rows of this day_obs alone; null for all nights. */
  readonly night: number | null;
  /** Words that each occur in some text of the row, or in its night, number or id. */
  readonly words: string;
  /** As typed into the columns' fields; their language is in cellFilter.ts. */
  readonly filters: { readonly [column in ColumnId]?: string };
  /** The first key decides, then the next; what is equal in all is newest first. */
  readonly sort: readonly SortKey[];
}

export interface RowRange {
  readonly begin: number;
  /** The first row that is not in it. */
  readonly end: number;
}

/** Cells of rows that follow each other in the order of a query. */
export interface RowWindow extends RowRange {
  /** Of the view that these rows belong to. */
  readonly revision: number;
  readonly exposures: readonly ExposureId[];
  /** By column. A number that is not known is NaN, a text that is not known is empty. */
  readonly cells: readonly (Float64Array | readonly string[])[];
}

export interface TableView {
  /** Counts the views; rows of another revision are out of date. */
  readonly revision: number;
  /** Rows that pass the filters, and all rows. */
  readonly count: number;
  readonly total: number;
  /** Of all rows, newest first. */
  readonly nights: readonly Night[];
  /** Filters that could not be understood, as sentences; they filter nothing. */
  readonly problems: { readonly [column in ColumnId]?: string };
  /** Where the exposures that were asked for are now; null for those that are not in the view. */
  readonly found: readonly (number | null)[];
  readonly window: RowWindow;
}

export interface Night {
  readonly dayObs: number;
  readonly exposures: number;
}

export interface RefreshAnswer {
  /** Whether any row came, changed or went since the last answer. */
  readonly changed: boolean;
  /** Server time of what the table shows. */
  readonly asOfUnixMs: UnixMs;
}

export interface ViewRequest {
  readonly query: TableQuery;
  readonly find: readonly ExposureId[];
  readonly range: RowRange;
  readonly columns: readonly ColumnId[];
}

/** Every function rejects with an `ErrorWire`. */
export interface TableWorkerApi {
  /** `tableUrl`: absolute, without a query. */
  start(request: { readonly tableUrl: string }): Promise<void>;
  /** Fetches what changed since the last time, everything at first. The next view shows it. */
  refresh(): Promise<RefreshAnswer>;
  view(request: ViewRequest): Promise<TableView>;
  /** Rows of the last view; a range beyond its end is cut. */
  rows(request: RowRange & { readonly columns: readonly ColumnId[] }): Promise<RowWindow>;
  /** All rows of the last view as CSV (RFC 4180) with a head of column ids. */
  csv(columns: readonly ColumnId[]): Promise<Blob>;
  /** Rows of the last view, tabs between the cells, no head: for a spreadsheet's paste. */
  tsv(request: RowRange & { readonly columns: readonly ColumnId[] }): Promise<string>;
}
