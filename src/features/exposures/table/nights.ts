/** The nights with exposures as a calendar has them. A night's date is a label: it has no time zone. */
import type { Night } from '../../../services/butler/exposureTable.ts';

export interface Month {
  /** Also what tells it from others: "2026-11". */
  readonly name: string;
  readonly exposures: number;
  /** Newest first. */
  readonly nights: readonly Night[];
  /** From Monday to Sunday; null outside of the month. */
  readonly weeks: readonly (readonly (number | null)[])[];
}

const DAY_MS = 86_400_000;

function utcOf(dayObs: number): number {
  return Date.UTC(Math.floor(dayObs / 10_000), (Math.floor(dayObs / 100) % 100) - 1, dayObs % 100);
}

function dayObsOfUtc(utc: number): number {
  const date = new Date(utc);
  return date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

/** "2026-11-22". */
export function nightName(dayObs: number): string {
  return String(dayObs).replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
}

/** Months with exposures, newest first. A number that is no date has no place in a calendar. */
export function monthsOf(nights: readonly Night[]): readonly Month[] {
  const byMonth = new Map<number, Night[]>();
  for (const night of nights) {
    if (dayObsOfUtc(utcOf(night.dayObs)) !== night.dayObs) continue;
    const month = Math.floor(night.dayObs / 100);
    byMonth.set(month, [...(byMonth.get(month) ?? []), night]);
  }
  return [...byMonth]
    .sort(([a], [b]) => b - a)
    .map(([month, ofMonth]) => ({
      name: nightName(month * 100 + 1).slice(0, 7),
      exposures: ofMonth.reduce((sum, night) => sum + night.exposures, 0),
      nights: ofMonth,
      weeks: weeksOf(month),
    }));
}

function weeksOf(month: number): (number | null)[][] {
  const first = utcOf(month * 100 + 1);
  // getUTCDay counts from Sunday.
  const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY_MS;
  const weeks: (number | null)[][] = [];
  for (let week = monday; Math.floor(dayObsOfUtc(week) / 100) <= month; week += 7 * DAY_MS) {
    weeks.push(
      Array.from({ length: 7 }, (_, day) => {
        const dayObs = dayObsOfUtc(week + day * DAY_MS);
        return Math.floor(dayObs / 100) === month ? dayObs : null;
      }),
    );
  }
  return weeks;
}

/** The nearest night with exposures that is at least so many days later, or earlier where they are negative. */
export function nightAfter(nights: readonly Night[], dayObs: number, days: number): number | null {
  const limit = utcOf(dayObs) + days * DAY_MS;
  const beyond = nights
    .map((night) => night.dayObs)
    .filter((night) => (days > 0 ? utcOf(night) >= limit : utcOf(night) <= limit));
  if (beyond.length === 0) return null;
  return days > 0 ? Math.min(...beyond) : Math.max(...beyond);
}
