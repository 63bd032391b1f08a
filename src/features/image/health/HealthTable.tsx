/** One row per amplifier. What is out of range carries a sign besides its colour. */
import { useMemo, useState } from 'react';
import type { AmplifierCorrelation } from '../../../core/measure/amplifierCorrelation.ts';
import type { AmplifierHealth as Health } from '../../../core/measure/amplifierHealth.ts';
import { quantityOf, type Finding, type HealthQuantity } from '../../../core/measure/healthLimits.ts';
import { COLUMNS, valueText, WORDS } from './quantities.ts';
import { Sign } from './Sign.tsx';

export interface HealthTableProps {
  /** In the order in which they are shown unsorted; their values are unknown until `health` has them. */
  readonly names: readonly string[];
  readonly health: readonly Health[];
  readonly correlation: AmplifierCorrelation | null;
  readonly findings: readonly Finding[];
  readonly chosen: string | null;
  readonly onChoose: (amplifier: string) => void;
}

interface Sorting {
  readonly by: HealthQuantity | 'name';
  readonly descending: boolean;
}

interface Row {
  readonly name: string;
  readonly values: Readonly<Record<HealthQuantity, number | null>>;
}

export function HealthTable(props: HealthTableProps) {
  const { names, health, correlation, findings, chosen, onChoose } = props;
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const rows = useMemo(
    () => sorted(rowsOf(names, health, correlation), sorting),
    [names, health, correlation, sorting],
  );
  const found = new Map(findings.map((finding) => [`${finding.amplifier} ${finding.quantity}`, finding]));
  const head = (by: Sorting['by']) => ({
    sorting: sorting?.by === by ? sorting : null,
    // The largest first, for those are looked for; names from the first.
    onSort: () => setSorting((now) => nextSorting(now, by, by !== 'name')),
  });

  return (
    <div className="health-table-scroll">
      <table className="health-table" aria-label="Amplifiers">
        <thead>
          <tr>
            <Head {...head('name')} title="name of the amplifier" text="Amp" unit="" />
            {COLUMNS.map((quantity) => {
              const { short, unit, name, meaning, wide } = WORDS[quantity];
              return (
                <Head
                  key={quantity}
                  {...head(quantity)}
                  title={`${name}: ${meaning}`}
                  text={short}
                  unit={unit}
                  wide={wide ?? false}
                />
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, values }) => (
            <tr key={name} data-amplifier={name} data-chosen={name === chosen}>
              <th scope="row">
                <button type="button" aria-pressed={name === chosen} onClick={() => onChoose(name)}>
                  {name}
                </button>
              </th>
              {COLUMNS.map((quantity) => (
                <Cell
                  key={quantity}
                  quantity={quantity}
                  value={values[quantity]}
                  finding={found.get(`${name} ${quantity}`)}
                  partner={quantity === 'correlation' ? correlation?.strongest[name]?.partner : undefined}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps {
  readonly sorting: Sorting | null;
  readonly onSort: () => void;
  readonly title: string;
  readonly text: string;
  readonly unit: string;
  readonly wide?: boolean;
}

function Head({ sorting, onSort, title, text, unit, wide = false }: HeadProps) {
  const order = sorting && (sorting.descending ? 'descending' : 'ascending');
  return (
    <th scope="col" aria-sort={order ?? 'none'} className={wide ? 'health-wide' : undefined}>
      <button type="button" title={title} onClick={onSort}>
        {text}
        <span className="health-order" aria-hidden="true">
          {order === null ? '' : order === 'descending' ? '↓' : '↑'}
        </span>
        <span className="health-unit">{unit}</span>
      </button>
    </th>
  );
}

interface CellProps {
  readonly quantity: HealthQuantity;
  readonly value: number | null;
  readonly finding: Finding | undefined;
  readonly partner: string | undefined;
}

function Cell({ quantity, value, finding, partner }: CellProps) {
  const classes = [WORDS[quantity].wide && 'health-wide', finding && `health-${finding.severity}`];
  const withWhom = partner && `with ${partner}`;
  return (
    <td className={classes.filter(Boolean).join(' ') || undefined} title={finding?.sentence ?? withWhom}>
      {finding && <Sign severity={finding.severity} />}
      {valueText(quantity, value)}
      {withWhom && <span className="visually-hidden"> {withWhom}</span>}
    </td>
  );
}

function rowsOf(
  names: readonly string[],
  health: readonly Health[],
  correlation: AmplifierCorrelation | null,
): Row[] {
  const byName = new Map(health.map((amplifier) => [amplifier.name, amplifier]));
  return names.map((name) => {
    const amplifier = byName.get(name);
    const value = (quantity: HealthQuantity) =>
      amplifier ? quantityOf(amplifier, correlation, quantity) : null;
    const values = Object.fromEntries(COLUMNS.map((quantity) => [quantity, value(quantity)]));
    return { name, values: values as Record<HealthQuantity, number | null> };
  });
}

/** What is unknown comes last in either order. */
function sorted(rows: readonly Row[], sorting: Sorting | null): readonly Row[] {
  if (!sorting) return rows;
  const { by } = sorting;
  const sign = sorting.descending ? -1 : 1;
  if (by === 'name') return rows.toSorted((a, b) => sign * a.name.localeCompare(b.name));
  // Of shared noise the size matters, not the sign.
  const key = ({ values }: Row) => {
    const value = values[by];
    return value === null ? null : by === 'correlation' ? Math.abs(value) : value;
  };
  return rows.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * (left - right);
  });
}

function nextSorting(now: Sorting | null, by: Sorting['by'], descendingFirst: boolean): Sorting | null {
  if (now?.by !== by) return { by, descending: descendingFirst };
  return now.descending === descendingFirst ? { by, descending: !descendingFirst } : null;
}
