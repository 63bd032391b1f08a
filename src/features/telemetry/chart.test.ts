import { describe, expect, it } from 'vitest';
import type { Series } from '../../services/efd/efdClient.ts';
import {
  clippedMarks,
  formatArcsec,
  labelMiddle,
  largestError,
  layoutOf,
  mountEnd,
  pathOf,
  timeTicks,
  utcLabel,
  valueAt,
  valueTicks,
} from './chart.ts';

const T = Date.UTC(2026, 10, 22, 4, 11, 13);
const series = (points: readonly (readonly [second: number, value: number])[]): Series => ({
  name: 'test',
  unit: 'arcsec',
  originUnixMs: T,
  timesMs: Float64Array.from(points, ([second]) => second * 1000),
  values: Float64Array.from(points, ([, value]) => value),
  newest: null,
});
const box = { left: 0, top: 0, width: 100, height: 50 };
const range = { begin: T, end: T + 10_000 };

describe('the strip', () => {
  it('draws time to the right and errors up, and breaks the line at a gap', () => {
    const path = pathOf(
      series([
        [0, 0],
        [5, 1],
        [6, NaN],
        [10, -1],
      ]),
      range,
      { low: -1, high: 1 },
      box,
    );
    expect(path).toBe('M0.0 25.0L50.0 0.0M100.0 50.0');
  });

  /** A second each, all of them while a shutter was open. */
  const errors = (values: readonly number[]) => series(values.map((value, i) => [i, value]));
  const tracking = (count: number) => Array.from({ length: count }, (_, i) => (i % 2 ? 0.1 : -0.1));
  const all = [{ beginUnixMs: T, endUnixMs: T + 1_000_000 }];
  const none = series([]);

  it('scales to the tracking while exposing, not to slews or to a rare bump', () => {
    const early = [{ beginUnixMs: T, endUnixMs: T + 99_000 }];
    expect(mountEnd(errors([...tracking(100), ...Array<number>(50).fill(40)]), none, early, null)).toBe(0.5);
    expect(mountEnd(errors([...tracking(100), 2.5]), none, all, null)).toBe(0.5);
    // Nothing was exposed: all there is counts.
    expect(mountEnd(errors([3, -4, NaN]), none, [], null)).toBe(5);
    expect(mountEnd(none, none, [], 2)).toBe(2);
  });

  it('grows in fixed steps when errors are common, and stays while they become a little rarer', () => {
    const bumps = (count: number) =>
      mountEnd(errors([...tracking(100 - count), ...Array<number>(count).fill(-1.6)]), none, all, 0.5);
    expect(bumps(5)).toBe(0.5);
    expect(bumps(6)).toBe(2);
    const after = (count: number) =>
      mountEnd(errors([...tracking(100 - count), ...Array<number>(count).fill(-1.6)]), none, all, 2);
    expect(after(6)).toBe(2);
    expect(after(3)).toBe(2);
    expect(after(2)).toBe(0.5);
    expect(mountEnd(errors([500]), none, all, null)).toBe(10);
  });

  it('marks where the line leaves the plot, at its edge, and not twice in one place', () => {
    const line = series([
      [0, 0],
      [5, 3],
      [5.2, 4],
      [9, -3],
      [10, NaN],
    ]);
    expect(clippedMarks(line, range, { low: -2, high: 2 }, box)).toBe('M50.0 0l-4 7h8zM90.0 50l-4 -7h8z');
    expect(clippedMarks(line, range, { low: -5, high: 5 }, box)).toBe('');
  });

  it('keeps the last time label inside, and writes no minus before nothing', () => {
    expect(labelMiddle(50, '18:50', box)).toBe(50);
    expect(labelMiddle(100, '18:50:30', box)).toBeLessThan(100);
    expect(formatArcsec(-0.004)).toBe('0.00″');
    expect(formatArcsec(-0.006)).toBe('−0.01″');
    expect(formatArcsec(NaN)).toBe('–');
  });

  it('labels round UTC times, no more than asked for', () => {
    const ticks = timeTicks(T, T + 15 * 60_000, 9);
    expect(ticks.map((t) => utcLabel(t, false))).toEqual([
      '04:12',
      '04:14',
      '04:16',
      '04:18',
      '04:20',
      '04:22',
      '04:24',
      '04:26',
    ]);
    for (const hours of [0.01, 0.3, 1, 5, 12, 30]) {
      expect(timeTicks(T, T + hours * 3_600_000, 8).length).toBeLessThanOrEqual(9);
    }
  });

  it('labels round values', () => {
    expect(valueTicks({ low: -0.5, high: 0.5 }, 4)).toEqual([-0.5, 0, 0.5]);
    expect(valueTicks({ low: 0, high: 1.3 }, 2)).toEqual([0, 1]);
    expect(valueTicks({ low: -3.3, high: 3.3 }, 4)).toEqual([-2, 0, 2]);
  });

  it('reads the value under the pointer, and none where the line has a gap', () => {
    const line = series([
      [0, 1],
      [1, 2],
      [2, NaN],
      [8, 3],
    ]);
    expect(valueAt(line, T + 900, 500)).toBe(2);
    expect(valueAt(line, T + 2_000, 500)).toBeNull();
    expect(valueAt(line, T + 5_000, 500)).toBeNull();
    expect(valueAt(line, T + 60_000, 500)).toBeNull();
  });

  it('tells the largest error and when it was', () => {
    expect(
      largestError(
        series([
          [0, 1],
          [1, -2],
        ]),
        series([
          [0, 0],
          [3, 1.5],
        ]),
        [{ beginUnixMs: T, endUnixMs: T + 4000 }],
      ),
    ).toEqual({ atUnixMs: T + 1000, arcsec: 2 });
    expect(largestError(none, series([[0, NaN]]), all)).toBeNull();
  });

  it('leaves out errors between exposures, such as those of a slew', () => {
    const slew = series([
      [0, 0.1],
      [2, 40],
      [4, -0.5],
      [6, 60],
    ]);
    const open = [
      { beginUnixMs: T, endUnixMs: T + 1000 },
      { beginUnixMs: T + 3000, endUnixMs: T + 5000 },
    ];
    expect(largestError(slew, series([]), open)).toEqual({ atUnixMs: T + 4000, arcsec: 0.5 });
  });

  it('draws nothing in a pane that has no room', () => {
    expect(layoutOf(60, 20)).toBeNull();
    const layout = layoutOf(900, 240);
    expect(layout && layout.seeing.top + layout.seeing.height).toBe(
      layout && layout.all.top + layout.all.height,
    );
  });
});
