/** What the EFD worker can be asked: it queries InfluxDB through the Hub service and decodes and thins the rows. */
import type { UnixMs } from '../../core/time.ts';

/** Columns share one length. Times are UTC, POSIX ms relative to `originUnixMs` to keep sub-ms digits. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly originUnixMs: UnixMs;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
}

export interface EfdWorkerApi {
  start(request: { readonly queryUrl: string; readonly xsrfToken: string }): Promise<void>;
  /**
   * AuxTel mount tracking error in arcsec: encoder minus trajectory, azimuth times cos(elevation), and elevation.
   * First sample of each packed row; at most `maxPoints` points after min-max thinning.
   */
  mountError(request: TimeRange & { readonly maxPoints: number }): Promise<readonly [azimuth: Series, elevation: Series]>;
  seeing(request: TimeRange & { readonly maxPoints: number }): Promise<Series>;
  /** Newest camera events, for the exposure countdown. */
  cameraEvents(request: { readonly since: UnixMs }): Promise<readonly CameraEvent[]>;
}

export interface TimeRange {
  readonly begin: UnixMs;
  readonly end: UnixMs;
}

export interface CameraEvent {
  /** Event name without the `logevent_` prefix: startIntegration, startReadout, endReadout, ... */
  readonly name: string;
  readonly atUnixMs: UnixMs;
  readonly imageName: string;
  readonly exposureTimeSeconds: number | null;
}
