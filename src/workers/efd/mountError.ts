/**
 * Tracking error of the Auxiliary Telescope's mount: where its encoders are, minus where its trajectory said to be.
 * Both topics are packed (100 samples a row); here the first sample of each row, at the row's own `cRIO_timestamp`.
 */
import { unixMsFromTai } from '../../core/time.ts';
import type { Rows } from './topicRows.ts';

export const ENCODERS = {
  topic: 'lsst.sal.ATMCS.mount_AzEl_Encoders',
  fields: ['cRIO_timestamp', 'elevationCalculatedAngle0', 'azimuthCalculatedAngle0'],
} as const;
export const TRAJECTORY = {
  topic: 'lsst.sal.ATMCS.trajectory',
  fields: ['cRIO_timestamp', 'elevation0', 'azimuth0'],
} as const;

/** Demands further apart say nothing about what lies between. Rows from before a back-fill come each 10 s. */
const MAX_BRACKET_SECONDS = 15;
/** Faster than this the mount slews: it is not meant to follow the sky then. Sidereal tracking reaches it 1 deg from the zenith. */
const MAX_TRACKING_DEG_PER_SECOND = 0.2;
/** Between two demands the mount is taken to move evenly. Where it sets off or settles that is wrong by more than this. */
const MAX_BEND_DEG = 0.5 / 3600;

export interface MountErrorPoints {
  /** POSIX ms, UTC. */
  readonly times: Float64Array;
  readonly azimuthArcsec: Float64Array;
  readonly elevationArcsec: Float64Array;
}

/** The stamps inside SAL topics are TAI unix seconds in a double: good to 0.2 microseconds. */
export function unixMsOfTaiSeconds(taiSeconds: number): number {
  return unixMsFromTai(BigInt(Math.round(taiSeconds * 1e6)) * 1000n);
}

/** The difference of two directions, -180 to 180: trajectories run 0 to 360, encoders -280 to 280. */
export function turnDifference(a: number, b: number): number {
  const difference = (a - b) % 360;
  if (difference >= 180) return difference - 360;
  if (difference < -180) return difference + 360;
  return difference;
}

/**
 * How far from the straight line between the demands `i` and `i + 1` the mount may be, in degrees: an eighth of the change of
 * speed towards the demands on either side, times the span (the remainder of linear interpolation).
 */
function bendOf(stamp: Float64Array, i: number, moved: (from: number, to: number) => number): number {
  const speed = (a: number) => moved(a, a + 1) / ((stamp[a + 1] as number) - (stamp[a] as number));
  const here = speed(i);
  const span = (stamp[i + 1] as number) - (stamp[i] as number);
  const before = i > 0 ? Math.abs(here - speed(i - 1)) : 0;
  const after = i + 2 < stamp.length ? Math.abs(speed(i + 1) - here) : 0;
  return (Math.max(before, after) * span) / 8;
}

export function mountError(encoders: Rows, trajectory: Rows): MountErrorPoints {
  const [stamp, elevation, azimuth] = encoders.columns as [Float64Array, Float64Array, Float64Array];
  const [demandStamp, demandElevation, demandAzimuth] = trajectory.columns as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const times: number[] = [];
  const az: number[] = [];
  const el: number[] = [];
  let after = 0;
  for (let i = 0; i < stamp.length; i++) {
    const t = stamp[i] as number;
    if (Number.isNaN(t)) continue;
    while (after < demandStamp.length && (demandStamp[after] as number) <= t) after++;
    // The newest encoder row waits for the demand after it: extrapolating would draw errors that are none.
    if (after >= demandStamp.length) break;
    if (after === 0) continue;
    const before = after - 1;
    const span = (demandStamp[after] as number) - (demandStamp[before] as number);
    const deltaAzimuth = turnDifference(demandAzimuth[after] as number, demandAzimuth[before] as number);
    const deltaElevation = (demandElevation[after] as number) - (demandElevation[before] as number);
    const fastest = MAX_TRACKING_DEG_PER_SECOND * span;
    const bend = Math.max(
      bendOf(demandStamp, before, (a, b) =>
        turnDifference(demandAzimuth[b] as number, demandAzimuth[a] as number),
      ),
      bendOf(demandStamp, before, (a, b) => (demandElevation[b] as number) - (demandElevation[a] as number)),
    );
    const measured = elevation[i] as number;
    const at = unixMsOfTaiSeconds(t);
    const last = times.at(-1);
    if (last !== undefined && at - last > MAX_BRACKET_SECONDS * 1000) {
      times.push(last + 1);
      az.push(NaN);
      el.push(NaN);
    }
    times.push(at);
    if (
      span > MAX_BRACKET_SECONDS ||
      Math.abs(deltaAzimuth) > fastest ||
      Math.abs(deltaElevation) > fastest ||
      bend > MAX_BEND_DEG
    ) {
      az.push(NaN);
      el.push(NaN);
      continue;
    }
    const fraction = (t - (demandStamp[before] as number)) / span;
    const atAzimuth = (demandAzimuth[before] as number) + fraction * deltaAzimuth;
    const atElevation = (demandElevation[before] as number) + fraction * deltaElevation;
    el.push((measured - atElevation) * 3600);
    az.push(turnDifference(azimuth[i] as number, atAzimuth) * 3600 * Math.cos((measured * Math.PI) / 180));
  }
  return {
    times: Float64Array.from(times),
    azimuthArcsec: Float64Array.from(az),
    elevationArcsec: Float64Array.from(el),
  };
}
