import { describe, expect, it } from 'vitest';
import type { Series } from '../../services/efd/efdClient.ts';
import {
  largestError,
  layoutOf,
  mountScale,
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

  it('keeps its scale when a settling mount is far off, and grows for a real step', () => {
    expect(mountScale(series([[0, 40]]), series([[0, 0.1]])).high).toBe(0.5);
    expect(mountScale(series([[0, 3]]), series([[0, 0.1]])).high).toBeCloseTo(3.3);
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
    const all = [{ beginUnixMs: T, endUnixMs: T + 9000 }];
    expect(largestError(series([]), series([[0, NaN]]), all)).toBeNull();
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
