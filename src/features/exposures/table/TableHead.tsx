/** The two head rows of the exposure table: names, which sort, and fields, which filter. */
import { useStore } from 'zustand';
import { EXPOSURE_COLUMNS, type ColumnId } from '../../../core/exposureColumns.ts';
import type { SortKey } from '../../../services/butler/exposureTable.ts';
import type { ExposureTableStore } from './exposureTableStore.ts';
import { columnTitle } from './tableColumns.ts';

const NUMBER_HINT = '>1.2   <=3   1..2   =5   !5   empty   known; several hold together';
const TEXT_HINT = 'words in any order; "words together"; !without; "" is an empty cell';

export function TableHead({
  store,
  columns,
  onLeave,
}: {
  readonly store: ExposureTableStore;
  readonly columns: readonly ColumnId[];
  /** The user is done with a filter: to the rows. */
  readonly onLeave: () => void;
}) {
  const { filters, sort } = useStore(store, (s) => s.query);
  const problems = useStore(store, (s) => s.problems);
  return (
    <div role="rowgroup" className="exposure-table-head">
      <div role="row" className="exposure-table-row" aria-rowindex={1}>
        {columns.map((id) => (
          <ColumnHead key={id} id={id} sort={sort} onSort={(add) => store.sortBy(id, add)} />
        ))}
      </div>
      <div role="row" className="exposure-table-row exposure-table-filters" aria-rowindex={2}>
        {columns.map((id) => {
          const { name, kind } = EXPOSURE_COLUMNS[id];
          const problem = problems[id];
          return (
            <span key={id} role="gridcell">
              <input
                type="text"
                spellCheck={false}
                autoComplete="off"
                aria-label={`Filter ${name}`}
                aria-invalid={problem !== undefined}
                title={problem ?? (kind === 'number' ? NUMBER_HINT : TEXT_HINT)}
                data-filters={(filters[id] ?? '').trim() !== '' || undefined}
                value={filters[id] ?? ''}
                onChange={(event) => store.setFilter(id, event.target.value)}
                onKeyDown={(event) => {
                  if (event.key === 'Enter' || event.key === 'ArrowDown') onLeave();
                  else if (event.key === 'Escape' && filters[id]) store.setFilter(id, '');
                  else if (event.key === 'Escape') onLeave();
                  else return;
                  event.preventDefault();
                  event.stopPropagation();
                }}
              />
            </span>
          );
        })}
      </div>
    </div>
  );
}

interface ColumnHeadProps {
  readonly id: ColumnId;
  readonly sort: readonly SortKey[];
  readonly onSort: (add: boolean) => void;
}

function ColumnHead({ id, sort, onSort }: ColumnHeadProps) {
  const { name, unit, kind } = EXPOSURE_COLUMNS[id];
  const place = sort.findIndex((key) => key.column === id);
  const key = sort[place];
  const direction = key && (key.descending ? 'descending' : 'ascending');
  // Only one column at a time says that the table is sorted by it; of the others their names say it.
  const more = place > 0 ? `, sorted ${direction} after ${place} other` : '';
  return (
    <span
      role="columnheader"
      aria-sort={place === 0 ? (direction ?? 'none') : 'none'}
      data-kind={kind}
      title={`${columnTitle(id)}\nClick sorts: up, down, not at all; shift-click adds to what sorts already`}
    >
      <button type="button" onClick={(event) => onSort(event.shiftKey)}>
        <span className="exposure-table-name">
          {id === 'problem' ? (
            <>
              <span aria-hidden>⚠</span>
              <span className="visually-hidden">{name}</span>
            </>
          ) : (
            name
          )}
          {unit && <span className="exposure-table-unit"> {unit}</span>}
          <span className="visually-hidden">{more}</span>
        </span>
        {key && (
          <span className="exposure-table-sort" aria-hidden>
            {key.descending ? '▼' : '▲'}
            {sort.length > 1 && place + 1}
          </span>
        )}
      </button>
    </span>
  );
}
