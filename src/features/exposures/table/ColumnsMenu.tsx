/** Which columns the table has and in which order: check boxes, and handles that are dragged or moved by arrow keys. */
import { GripVertical } from 'lucide-react';
import { useState } from 'react';
import { EXPOSURE_COLUMNS, type ColumnId } from '../../../core/exposureColumns.ts';
import { allInOrder, columnTitle, reordered } from './tableColumns.ts';

export interface ColumnsMenuProps {
  readonly columns: readonly ColumnId[];
  readonly onColumns: (columns: readonly ColumnId[]) => void;
  readonly onReset: () => void;
}

export function ColumnsMenu({ columns, onColumns, onReset }: ColumnsMenuProps) {
  const [dragged, setDragged] = useState<ColumnId | null>(null);
  const [said, setSaid] = useState('');

  function move(id: ColumnId, to: number): void {
    if (to < 0 || to >= columns.length) return;
    onColumns(reordered(columns, id, to));
    setSaid(`${EXPOSURE_COLUMNS[id].name}: ${to + 1} of ${columns.length}`);
  }

  return (
    <>
      <ul className="columns-menu-list">
        {allInOrder(columns).map((id) => {
          const index = columns.indexOf(id);
          const { name, unit, from } = EXPOSURE_COLUMNS[id];
          return (
            <li
              key={id}
              data-column={id}
              title={columnTitle(id)}
              draggable={index >= 0}
              data-dragged={id === dragged || undefined}
              onDragStart={() => setDragged(id)}
              onDragEnd={() => setDragged(null)}
              onDragOver={(event) => {
                if (dragged === null || index < 0) return;
                event.preventDefault();
                if (dragged !== id) move(dragged, index);
              }}
            >
              {index >= 0 ? (
                <button
                  type="button"
                  className="columns-menu-handle"
                  aria-label={`Move ${name}, ${index + 1} of ${columns.length}: arrow keys`}
                  onKeyDown={(event) => {
                    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
                    if (step === undefined) return;
                    event.preventDefault();
                    move(id, index + step);
                  }}
                >
                  <GripVertical size={14} aria-hidden />
                </button>
              ) : (
                <span className="columns-menu-handle" />
              )}
              <label>
                <input
                  type="checkbox"
                  checked={index >= 0}
                  // A table without columns would show nothing by which to undo it.
                  disabled={index >= 0 && columns.length === 1}
                  onChange={() =>
                    onColumns(index >= 0 ? columns.filter((other) => other !== id) : [...columns, id])
                  }
                />
                {name}
                {unit && <span className="muted">{unit}</span>}
              </label>
              <span className="muted columns-menu-from">{from}</span>
            </li>
          );
        })}
      </ul>
      <p className="visually-hidden" role="status">
        {said}
      </p>
      <button type="button" onClick={onReset}>
        Reset columns
      </button>
    </>
  );
}
