/** Nights with exposures, a month at a time; a night that is chosen filters the table. */
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Night } from '../../../services/butler/exposureTable.ts';
import { monthsOf, nightAfter, nightName } from './nights.ts';

export interface NightCalendarProps {
  readonly nights: readonly Night[];
  /** Null: all of them. */
  readonly night: number | null;
  readonly onNight: (night: number | null) => void;
}

const WEEKDAYS = [
  ['Mo', 'Monday'],
  ['Tu', 'Tuesday'],
  ['We', 'Wednesday'],
  ['Th', 'Thursday'],
  ['Fr', 'Friday'],
  ['Sa', 'Saturday'],
  ['Su', 'Sunday'],
] as const;

export function NightCalendar({ nights, night, onNight }: NightCalendarProps) {
  const months = useMemo(() => monthsOf(nights), [nights]);
  const all = useMemo(() => months.flatMap((month) => month.nights), [months]);
  const [wanted, setFocused] = useState(night);
  const table = useRef<HTMLTableElement>(null);
  /** The one that Tab reaches; arrow keys move it. */
  const focused = all.find((n) => n.dayObs === wanted)?.dayObs ?? all[0]?.dayObs;
  const shown = months.findIndex((m) => m.nights.some((n) => n.dayObs === focused));
  const month = months[shown];
  const moving = useRef(false);
  useEffect(() => {
    if (!moving.current) return;
    moving.current = false;
    table.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [focused]);
  if (!month || focused === undefined) return <p className="muted">No nights yet.</p>;

  function toMonth(index: number): void {
    const [newest] = months[index]?.nights ?? [];
    if (newest) setFocused(newest.dayObs);
  }

  function byKey(key: string, from: number): number | null | undefined {
    switch (key) {
      case 'ArrowLeft':
        return nightAfter(all, from, -1);
      case 'ArrowRight':
        return nightAfter(all, from, 1);
      case 'ArrowUp':
        return nightAfter(all, from, -7);
      case 'ArrowDown':
        return nightAfter(all, from, 7);
      case 'PageUp':
        return months[shown + 1]?.nights[0]?.dayObs;
      case 'PageDown':
        return months[shown - 1]?.nights[0]?.dayObs;
      case 'Home':
        return month?.nights.at(-1)?.dayObs;
      case 'End':
        return month?.nights[0]?.dayObs;
      default:
        return undefined;
    }
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    const to = focused === undefined ? undefined : byKey(event.key, focused);
    if (to === undefined) return;
    event.preventDefault();
    if (to === null || to === focused) return;
    moving.current = true;
    setFocused(to);
  }

  return (
    <>
      <div className="night-calendar-months">
        <button
          type="button"
          className="icon-button"
          aria-label="Earlier month"
          disabled={shown === months.length - 1}
          onClick={() => toMonth(shown + 1)}
        >
          <ChevronLeft size={16} aria-hidden />
        </button>
        <select aria-label="Month" value={shown} onChange={(event) => toMonth(Number(event.target.value))}>
          {months.map((m, index) => (
            <option key={m.name} value={index}>
              {m.name} · {m.exposures.toLocaleString('en')} in {m.nights.length}{' '}
              {m.nights.length === 1 ? 'night' : 'nights'}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="icon-button"
          aria-label="Later month"
          disabled={shown === 0}
          onClick={() => toMonth(shown - 1)}
        >
          <ChevronRight size={16} aria-hidden />
        </button>
      </div>
      <table ref={table} onKeyDown={onKeyDown} aria-label={`Nights of ${month.name} with their exposures`}>
        <thead>
          <tr>
            {WEEKDAYS.map(([short, long]) => (
              <th key={short} scope="col" abbr={long}>
                {short}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {month.weeks.map((week) => (
            <tr key={week.find((day) => day !== null)}>
              {week.map((day, weekday) => (
                <td key={WEEKDAYS[weekday]?.[0]}>
                  {day !== null && (
                    <Day
                      day={day}
                      exposures={month.nights.find((n) => n.dayObs === day)?.exposures ?? 0}
                      chosen={day === night}
                      tabbable={day === focused}
                      onChoose={() => onNight(day === night ? null : day)}
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <button type="button" aria-pressed={night === null} onClick={() => onNight(null)}>
        All nights
      </button>
    </>
  );
}

interface DayProps {
  readonly day: number;
  readonly exposures: number;
  readonly chosen: boolean;
  readonly tabbable: boolean;
  readonly onChoose: () => void;
}

function Day({ day, exposures, chosen, tabbable, onChoose }: DayProps) {
  const number = day % 100;
  if (exposures === 0) return <span className="night-calendar-none">{number}</span>;
  return (
    <button
      type="button"
      data-night={day}
      tabIndex={tabbable ? 0 : -1}
      aria-pressed={chosen}
      // Begins with what is seen, for those who speak to their browser.
      aria-label={`${number} ${exposures} exposures, ${nightName(day)}`}
      onClick={onChoose}
    >
      <span>{number}</span> <span className="night-calendar-count">{exposures}</span>
    </button>
  );
}
