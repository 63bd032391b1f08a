import { describe, expect, it } from 'vitest';
import { mountError, turnDifference, unixMsOfTaiSeconds } from './mountError.ts';
import type { Rows } from './topicRows.ts';

/** 2026-11-22T04:12:00 TAI. */
const TAI0 = Date.UTC(2026, 10, 22, 4, 12) / 1000;

function rows(samples: readonly (readonly [stamp: number, elevation: number, azimuth: number])[]): Rows {
  return {
    keys: new BigInt64Array(samples.length),
    columns: [0, 1, 2].map((c) => Float64Array.from(samples, (s) => s[c] as number)),
  };
}

/** Tracking at 10 arcsec/s in both axes. */
const demand = (t: number, azimuth0 = 100): readonly [number, number, number] => [
  TAI0 + t,
  60 + (10 / 3600) * t,
  (azimuth0 + (10 / 3600) * t + 360) % 360,
];
const demands = (azimuth0?: number) => rows(Array.from({ length: 60 }, (_, i) => demand(i + 0.5, azimuth0)));

describe('mountError', () => {
  it('is encoder minus demand at the encoder’s own stamp, azimuth on the sky', () => {
    const encoders = Array.from({ length: 50 }, (_, i) => {
      const [stamp, el, az] = demand(i + 5);
      return [stamp, el + 2 / 3600, az - 3 / 3600] as const;
    });
    const points = mountError(rows(encoders), demands());
    expect(points.times).toHaveLength(50);
    for (let i = 0; i < 50; i++) {
      expect(points.elevationArcsec[i]).toBeCloseTo(2, 5);
      const elevation = (demand(i + 5)[1] * Math.PI) / 180;
      expect(points.azimuthArcsec[i]).toBeCloseTo(-3 * Math.cos(elevation), 4);
    }
  });

  it('tells UTC: the stamps inside the topic are TAI, 37 s ahead', () => {
    const points = mountError(rows([demand(10)]), demands());
    expect(points.times[0]).toBe((TAI0 + 10 - 37) * 1000);
    expect(unixMsOfTaiSeconds(TAI0)).toBe(Date.UTC(2026, 10, 22, 4, 11, 23));
  });

  it('joins across north, where trajectory and encoders count turns differently', () => {
    const encoders = Array.from({ length: 50 }, (_, i) => {
      const [stamp, el, az] = demand(i + 5, -0.05);
      return [stamp, el, turnDifference(az, 0) + 1 / 3600] as const;
    });
    const points = mountError(rows(encoders), demands(-0.05));
    for (const value of points.azimuthArcsec) expect(value).toBeCloseTo(0.5, 2);
  });

  it('draws nothing while the mount slews or where the demand has a gap', () => {
    const slew = rows([
      [TAI0, 60, 100],
      [TAI0 + 1, 61, 100],
      [TAI0 + 2, 61, 100],
      [TAI0 + 3, 61, 100],
      [TAI0 + 40, 61, 100],
    ]);
    const points = mountError(
      rows([
        [TAI0 + 0.5, 60, 100],
        [TAI0 + 2.5, 61, 100],
        [TAI0 + 20, 61, 100],
      ]),
      slew,
    );
    // The second NaN ends the line where rows are missing.
    expect([...points.elevationArcsec]).toEqual([NaN, 0, NaN, NaN]);
  });

  it('draws nothing where the mount settles within a second, and all of the tracking after it', () => {
    // A quintic slew of one degree that ends 0.4 s into a row, sampled at whole and at half seconds.
    const place = (t: number) => {
      const p = Math.min(1, Math.max(0, (t - 3) / 2.4));
      return [TAI0 + t, 60 + p ** 3 * (10 - 15 * p + 6 * p * p), 100] as const;
    };
    const seconds = Array.from({ length: 20 }, (_, i) => i);
    const points = mountError(
      rows(seconds.slice(1).map((i) => place(i + 0.25))),
      rows(seconds.map((i) => place(i + 0.75))),
    );
    const drawn = [...points.elevationArcsec].filter((value) => !Number.isNaN(value));
    for (const value of drawn) expect(Math.abs(value)).toBeLessThan(0.5);
    expect(drawn.length).toBeGreaterThanOrEqual(12);
    expect(drawn.length).toBeLessThan(points.times.length);
  });

  it('waits for the demand after the newest encoder row', () => {
    expect(mountError(rows([demand(59.9)]), demands()).times).toHaveLength(0);
  });
});

describe('turnDifference', () => {
  it.each([
    [350, 10, -20],
    [10, 350, 20],
    [-60, 300, 0],
    [280, -80, 0],
    [180, 0, -180],
  ])('%d from %d is %d', (a, b, expected) => {
    expect(turnDifference(a, b)).toBeCloseTo(expected, 10);
  });
});
