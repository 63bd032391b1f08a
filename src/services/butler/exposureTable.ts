/** The exposure table of a repository as features see it. Its worker keeps the rows; see workers/table/contract.ts. */
import type { TableWorkerApi } from '../../workers/table/contract.ts';
import { spawn, type SpawnedWorker } from '../workerPool.ts';

export type {
  Night,
  RowRange,
  RowWindow,
  SortKey,
  TableQuery,
  TableView,
} from '../../workers/table/contract.ts';

/** Rejects with an AppError only. */
export interface ExposureTableClient extends Omit<TableWorkerApi, 'start'> {
  /** What a person calls the repository: OODS. */
  readonly source: string;
}

/** How the worker's api is called: comlink's wrapping in the app, the plain object in tests. */
export interface TableCaller {
  call<R>(act: (api: TableWorkerApi) => Promise<R>): Promise<R>;
}

/** The worker starts with the first question. `prefix` is that of the service, with both slashes. */
export function createTableWorker(prefix: string, repository: string): SpawnedWorker<TableWorkerApi> {
  // Absolute: a worker resolves relative addresses against its own script.
  const path = `${prefix}api/repositories/${encodeURIComponent(repository)}/table`;
  const tableUrl = new URL(path, location.href).href;
  return spawn<TableWorkerApi>(
    () =>
      new Worker(new URL('../../workers/table/worker.ts', import.meta.url), {
        type: 'module',
        name: 'table',
      }),
    (api) => api.start({ tableUrl }),
  );
}

export function createExposureTableClient(worker: TableCaller, source: string): ExposureTableClient {
  return {
    source,
    refresh: () => worker.call((api) => api.refresh()),
    view: (request) => worker.call((api) => api.view(request)),
    rows: (request) => worker.call((api) => api.rows(request)),
    csv: (columns) => worker.call((api) => api.csv(columns)),
    tsv: (request) => worker.call((api) => api.tsv(request)),
  };
}
