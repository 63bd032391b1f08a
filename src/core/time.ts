/**
 * Clocks. Butler timespans and camera headers are TAI; EFD row times and browsers are UTC. This is the only place
 * where one becomes the other.
 */
declare const taiBrand: unique symbol;

/** Nanoseconds since 1970-01-01T00:00:00 TAI, as in the Butler registry. */
export type TaiNanoseconds = bigint & { readonly [taiBrand]?: true };

/** Milliseconds since 1970-01-01T00:00:00 UTC (POSIX), fractions allowed. */
export type UnixMs = number;

/**
 * TAI - UTC in seconds from each date (UTC), newest first. Source: IERS Bulletin C; the step of 2017-01-01 is the
 * last one announced.
 */
const LEAP_STEPS: readonly (readonly [UnixMs, number])[] = [
  [Date.UTC(2017, 0, 1), 37],
  [Date.UTC(2015, 6, 1), 36],
  [Date.UTC(2012, 6, 1), 35],
  [Date.UTC(2009, 0, 1), 34],
  [Date.UTC(2006, 0, 1), 33],
  [Date.UTC(1999, 0, 1), 32],
];

/** TAI - UTC at a UTC instant, in seconds. Before 1999 the 1999 value is used: no instrument here is older. */
export function taiMinusUtcSeconds(utc: UnixMs): number {
  for (const [since, seconds] of LEAP_STEPS) if (utc >= since) return seconds;
  return 32;
}

export function taiFromUnixMs(utc: UnixMs): TaiNanoseconds {
  const microseconds = Math.round(utc * 1000);
  return BigInt(microseconds) * 1000n + BigInt(taiMinusUtcSeconds(utc)) * 1_000_000_000n;
}

export function unixMsFromTai(tai: TaiNanoseconds): UnixMs {
  const asIfUtcMs = Number(tai / 1000n) / 1000;
  // The step applies at a UTC instant: look it up with a first estimate that is off by the offset itself.
  const estimate = asIfUtcMs - taiMinusUtcSeconds(asIfUtcMs - 37_000) * 1000;
  return asIfUtcMs - taiMinusUtcSeconds(estimate) * 1000;
}

/** The observing day as an integer YYYYMMDD; it rolls over at TAI - 12 h. */
export function dayObsOf(tai: TaiNanoseconds): number {
  const shifted = new Date(Number((tai - 43_200_000_000_000n) / 1_000_000n));
  return shifted.getUTCFullYear() * 10_000 + (shifted.getUTCMonth() + 1) * 100 + shifted.getUTCDate();
}
