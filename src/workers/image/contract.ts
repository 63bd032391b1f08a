/**
 * What the image worker can be asked. One worker owns one engine instance, one WebGL2 context and the pixels of the
 * images it opened; only small results and finished ImageBitmaps leave it. Every function rejects with an `ErrorWire`.
 */
import type { StepName } from 'astro-fits-wasm';
import type { CalibSet, ExposureId } from '../../core/dataId.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type { UnixMs } from '../../core/time.ts';

export type JobId = string;

/** One step, in the order in which they run; the names are the engine's. */
export interface IsrStep {
  readonly name: StepName;
  readonly done: boolean;
  /** The calib's filter, where it has one, and its collection; or how it was done ("median per row"). */
  readonly with?: string;
  /** The calib's dataset id. */
  readonly dataset?: string;
  /** Why a step was not done, as a sentence fragment: "BIAS frames take no flat", "no flat for empty~holo4_003". */
  readonly skippedBecause?: string;
}

export interface OpenRequest {
  readonly jobId: JobId;
  readonly instrument: string;
  readonly detector: number;
  readonly exposure: ExposureId;
  readonly observationType: string;
  readonly physicalFilter: string;
  readonly rawUrl: string;
  readonly rawBytes: number | null;
  /** Calibs certified for this exposure; the worker fetches `fileUrlPrefix + datasetId` and keeps them resident. */
  readonly calibs: CalibSet;
  readonly fileUrlPrefix: string;
}

export type StretchName = 'linear' | 'log' | 'asinh';
export type LimitsRule = 'zscale' | 'minmax' | 'percentile99' | 'manual';
export type ColourMapName = 'grey' | 'viridis' | 'inferno' | 'cividis';

export interface ImageStamps {
  readonly fetchStarted: UnixMs;
  readonly fetched: UnixMs;
  readonly decoded: UnixMs;
  readonly reduced: UnixMs;
}

export interface OpenedImage {
  readonly exposure: ExposureId;
  readonly width: number;
  readonly height: number;
  /** Of the pixels after ISR. */
  readonly unit: 'adu';
  readonly steps: readonly IsrStep[];
  /** Notes for the user that are no errors: "DATASEC of the header differs from the camera geometry". */
  readonly warnings: readonly string[];
  readonly zscale: readonly [number, number];
  readonly minmax: readonly [number, number];
  readonly percentile99: readonly [number, number];
  readonly stamps: ImageStamps;
  readonly bytes: number;
}

/**
 * The view: which detector point is in the middle of the pane and how many device pixels one detector pixel takes.
 */
export interface ImageView {
  readonly centre: DetectorPixel;
  readonly devicePixelsPerPixel: number;
}

export interface RenderRequest {
  readonly exposure: ExposureId;
  /** Device pixels. */
  readonly paneWidth: number;
  readonly paneHeight: number;
  readonly view: ImageView | 'fit';
  readonly stretch: StretchName;
  readonly limits: readonly [number, number];
  readonly colourMap: ColourMapName;
  readonly invert: boolean;
}

export interface RenderAnswer {
  /** Transferred; the pane puts it into its bitmaprenderer context. */
  readonly bitmap: ImageBitmap;
  /** The view that was drawn, with 'fit' resolved. */
  readonly view: ImageView;
  readonly drawMs: number;
}

export interface PixelReadout {
  readonly at: DetectorPixel;
  readonly amplifier: string;
  /** After ISR. */
  readonly valueAdu: number;
  /** As read out, before any step. */
  readonly rawAdu: number;
  readonly saturated: boolean;
}

export type OpenProgress =
  | { readonly stage: 'fetching'; readonly bytes: number; readonly totalBytes: number | null }
  | { readonly stage: 'decoding' | 'reducing'; readonly fraction: number };

export interface ImageWorkerApi {
  /** Loads the engine. Once, before anything else. */
  start(request: { readonly wasmUrl: string }): Promise<{ readonly engineVersion: string }>;
  /**
   * Fetches, decodes and reduces one exposure and keeps it; an image opened before stays drawable until this one is
   * done, and stays if this one fails. At most 10 progress calls a second.
   */
  open(request: OpenRequest, onProgress?: (progress: OpenProgress) => void): Promise<OpenedImage>;
  render(request: RenderRequest): Promise<RenderAnswer>;
  /** Undefined outside the detector or when that exposure is no longer held. */
  readout(request: {
    readonly exposure: ExposureId;
    readonly at: DetectorPixel;
  }): Promise<PixelReadout | undefined>;
  /** The job rejects with `Cancelled` within 20 ms. Unknown ids are ignored. */
  cancel(jobId: JobId): Promise<void>;
}
