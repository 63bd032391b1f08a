import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monthsOf, nightAfter, nightName } from './nights.ts';

const nights = [20261122, 20261109, 20261101, 20260930, 20251231].map((dayObs, i) => ({
  dayObs,
  exposures: 10 * (i + 1),
}));

describe('months', () => {
  test('are those with exposures, newest first, with their sums', () => {
    expect(monthsOf(nights).map(({ name, exposures, nights: n }) => [name, exposures, n.length])).toEqual([
      ['2026-11', 60, 3],
      ['2026-09', 40, 1],
      ['2025-12', 50, 1],
    ]);
  });

  test('have weeks from Monday to Sunday', () => {
    // The first of November 2026 is a Sunday.
    const [november] = monthsOf(nights);
    expect(november?.weeks[0]).toEqual([null, null, null, null, null, null, 20261101]);
    expect(november?.weeks.at(-1)).toEqual([20261130, null, null, null, null, null, null]);
    expect(november?.weeks).toHaveLength(6);
  });

  test('hold each of their days once and in order', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('1970-01-01'),
          max: new Date('2100-12-31'),
          noInvalidDate: true,
        }),
        (date) => {
          const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
          const dayObs = year * 10_000 + month * 100 + date.getUTCDate();
          const [only] = monthsOf([{ dayObs, exposures: 1 }]);
          const days = (only?.weeks ?? []).flat().filter((day) => day !== null);
          const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
          expect(days).toEqual(Array.from({ length }, (_, i) => year * 10_000 + month * 100 + i + 1));
          for (const week of only?.weeks ?? []) expect(week).toHaveLength(7);
          expect(only?.weeks.some((week) => week.includes(dayObs))).toBe(true);
        },
      ),
    );
  });

  test('leave out numbers that are no dates', () => {
    const odd = [0, -1, 20261301, 20260230, 2026.5, 99999999].map((dayObs) => ({ dayObs, exposures: 1 }));
    expect(monthsOf(odd)).toEqual([]);
  });
});

test('the next night with exposures is at least so many days away', () => {
  expect(nightAfter(nights, 20261109, 1)).toBe(20261122);
  expect(nightAfter(nights, 20261109, -1)).toBe(20261101);
  expect(nightAfter(nights, 20261109, 7)).toBe(20261122);
  expect(nightAfter(nights, 20261109, -7)).toBe(20261101);
  expect(nightAfter(nights, 20261101, 8)).toBe(20261109);
  expect(nightAfter(nights, 20261101, -7)).toBe(20260930);
  expect(nightAfter(nights, 20261122, 1)).toBeNull();
  expect(nightAfter(nights, 20251231, -1)).toBeNull();
});

test('a night is named as a date', () => {
  expect(nightName(20261122)).toBe('2026-11-22');
});
