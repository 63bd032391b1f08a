/** What the EFD worker can be asked: it queries InfluxDB through the Hub service and decodes, joins and thins the rows. */
import type { UnixMs } from '../../core/time.ts';

/** Columns share one length. Times are UTC, POSIX ms relative to `originUnixMs` to keep sub-ms digits. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly originUnixMs: UnixMs;
  readonly timesMs: Float64Array;
  /** NaN: nothing to draw here (no rows, or the mount was slewing). */
  readonly values: Float64Array;
  /** The newest row before thinning; null when there is none. Its value may be NaN. */
  readonly newest: { readonly unixMs: UnixMs; readonly value: number } | null;
}

/** What every question carries. */
export interface EfdCall {
  readonly jobId: string;
  /** Value of the readable XSRF cookie now: the service renews it, and a worker cannot see cookies. */
  readonly xsrfToken: string;
}

/** Every function rejects with an `ErrorWire`. Rows are kept, so that asking again for the same time reads its end only. */
export interface EfdWorkerApi {
  start(request: { readonly queryUrl: string }): Promise<void>;
  /**
   * AuxTel mount tracking error in arcsec: encoder minus trajectory, azimuth times cos(elevation), and elevation.
   * First sample of each packed row at its own time (`cRIO_timestamp`); at most `maxPoints` points a series.
   */
  mountError(
    request: EfdCall & TimeRange & { readonly maxPoints: number },
  ): Promise<readonly [azimuth: Series, elevation: Series]>;
  /** Full width at half maximum of the DIMM, arcsec. */
  seeing(request: EfdCall & TimeRange & { readonly maxPoints: number }): Promise<Series>;
  /** Newest camera events since then, newest first, for the exposure countdown. */
  cameraEvents(request: EfdCall & { readonly since: UnixMs }): Promise<readonly CameraEvent[]>;
  /** The job rejects with `Cancelled`; its query ends in the database. Unknown ids are ignored. */
  cancel(jobId: string): Promise<void>;
}

export interface TimeRange {
  readonly begin: UnixMs;
  readonly end: UnixMs;
}

export type CameraEventName = 'startIntegration' | 'startReadout' | 'endReadout';

export interface CameraEvent {
  /** Event name without the `logevent_` prefix. */
  readonly name: CameraEventName;
  /** UTC, from the event's own TAI stamp. */
  readonly atUnixMs: UnixMs;
  readonly imageName: string;
  readonly exposureTimeSeconds: number | null;
}
