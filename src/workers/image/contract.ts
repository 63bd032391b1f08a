/**
 * What the image worker can be asked. One worker owns one engine instance, one WebGL2 context and the pixels of the
 * images it opened; only small results and finished ImageBitmaps leave it. Every function rejects with an `ErrorWire`.
 */
import type { OverscanMethod, Recipe, StepName } from 'astro-fits-wasm';
import type { SegmentPart } from '../../core/camera/untrimmed.ts';
import type { View } from '../../core/camera/view.ts';
import type { TableColumns } from '../../core/catalogue/table.ts';
import type { CalibSet, ExposureId } from '../../core/dataId.ts';
import type { Bin } from '../../core/display/binning.ts';
import type { ColourMapName } from '../../core/display/colourMapNames.ts';
import type { Contrast, Limits, StretchName } from '../../core/display/stretch.ts';
import type { Box, DetectorPixel } from '../../core/frames.ts';
import type { AmplifierCorrelation } from '../../core/measure/amplifierCorrelation.ts';
import type { AmplifierHealth } from '../../core/measure/amplifierHealth.ts';
import type { Examination, StarCamera } from '../../core/measure/examine.ts';
import type { Combine, CutWidth } from '../../core/measure/cuts.ts';
import type { Source } from '../../core/measure/detectSources.ts';
import type { RegionStatistics } from '../../core/measure/statistics.ts';
import type { Region } from '../../core/regions/region.ts';
import type { SkyPoint, TangentPlane } from '../../core/sky/tangentPlane.ts';
import type { UnixMs } from '../../core/time.ts';

export type { OverscanMethod, Recipe, StepName } from 'astro-fits-wasm';

export type JobId = string;
/** Names one image in the worker: an exposure's detector, reduced in one way. Made by the worker. */
export type ImageKey = string;

/** How an exposure is reduced. Without a word on a step its type decides (docs/isr-steps.md). */
export interface IsrRecipe {
  readonly recipe: Recipe;
  readonly overscan: OverscanMethod;
  /** Steps that the user switched on or off. */
  readonly switched: Readonly<Partial<Record<StepName, boolean>>>;
  /** Nothing is done, and prescan and overscan are shown where they lie in the segments. */
  readonly untrimmed: boolean;
}

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
  /** False where no switch can bring it about (its calib is not there) or none can take it away. */
  readonly switchable: boolean;
}

export interface OpenRequest {
  readonly jobId: JobId;
  readonly instrument: string;
  readonly detector: number;
  readonly exposure: ExposureId;
  readonly dayObs: number;
  readonly observationType: string;
  readonly physicalFilter: string;
  readonly rawUrl: string;
  readonly rawBytes: number | null;
  /** Calibs are at `fileUrlPrefix + datasetId`; the worker keeps them resident. */
  readonly fileUrlPrefix: string;
  readonly isr: IsrRecipe;
  /** Pictures of the amplifiers that are there come while the rest is on its way. */
  readonly growing: boolean;
}

/** Rejects with an `ErrorWire` or an AppError. */
export type FindCalibs = () => Promise<CalibSet>;

/** `ratio` is without a unit: one image divided by another. */
export type PixelUnit = 'adu' | 'electron' | 'ratio';

/** What a value that was measured may be told in, whatever the pixels are in. */
export type RegionUnit = Exclude<PixelUnit, 'ratio'>;

export interface ImageStamps {
  readonly fetchStarted: UnixMs;
  readonly fetched: UnixMs;
  readonly decoded: UnixMs;
  readonly reduced: UnixMs;
}

/** Of some 40,000 pixels, evenly spaced over the image, or an amplifier's share of them. NaN when none has a value. */
export interface SampledStatistics {
  readonly zscale: Limits;
  readonly min: number;
  readonly max: number;
  readonly median: number;
  /** 1.4826 times the median absolute deviation. */
  readonly robustSigma: number;
  /** The values below which `QUANTILES[i]` of the pixels lie. */
  readonly quantiles: readonly number[];
}

/** Said of what waits until prescan and overscan are trimmed again. */
export const OVERSCAN_SHOWN = 'The overscan is shown: this is for the image without it (v).';

/** The ends of the central 90, 95, 98, 99, 99.5, 99.8 and 99.9 per cent. */
export const CENTRAL_PERCENT = [90, 95, 98, 99, 99.5, 99.8, 99.9] as const;
export const QUANTILES: readonly number[] = CENTRAL_PERCENT.flatMap((percent) => [
  (100 - percent) / 200,
  (100 + percent) / 200,
]);

export interface AmplifierStatistics extends SampledStatistics {
  readonly name: string;
}

/** Equal bins from `low` to `high`; of the same sample as the statistics. */
export interface SampledHistogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

export interface ImageStatistics extends SampledStatistics {
  readonly histogram: SampledHistogram;
  /** The values below which 0, 1, … 100 per cent of the pixels lie. */
  readonly percentiles: readonly number[];
  readonly amplifiers: readonly AmplifierStatistics[];
}

/** Of every pixel: what takes its time and follows the first picture. */
export interface ImageSurvey {
  readonly min: number;
  readonly max: number;
}

/** An amplifier's place, for borders, names and per-amplifier limits. */
export interface AmplifierPlace {
  readonly name: string;
  readonly box: Box<'Detector'>;
  /** Of an untrimmed image: the part of the box that is on the detector. */
  readonly data?: Box<'Detector'>;
}

export interface OpenedImage {
  readonly key: ImageKey;
  readonly exposure: ExposureId;
  readonly isr: IsrRecipe;
  /** Null for true pixels. */
  readonly preview: Preview | null;
  /** Its pixels are those of whole segments (core/camera/untrimmed.ts), not of the detector: nothing is measured on it. */
  readonly untrimmed: boolean;
  readonly width: number;
  readonly height: number;
  /** Of the pixels after ISR. */
  readonly unit: PixelUnit;
  readonly steps: readonly IsrStep[];
  /** Notes for the user that are no errors: "DATASEC of the header differs from the camera geometry". */
  readonly warnings: readonly string[];
  readonly statistics: ImageStatistics;
  readonly amplifiers: readonly AmplifierPlace[];
  /** Bit numbers of the mask's planes by name; empty without a mask. */
  readonly maskPlanes: Readonly<Record<string, number>>;
  readonly sky: ImageSky;
  readonly stamps: ImageStamps;
  readonly bytes: number;
}

/** Of a picture that comes before the pixels: it is drawn and read, and nothing is measured on it. */
export interface Preview {
  /** Its cells are means of so many pixels a side. */
  readonly binPx: number;
  /** Of the detector; less than 1 while the raw is on its way. */
  readonly share: number;
}

/** Where the image lies on the sky (docs/frames.md). */
export type ImageSky =
  | {
      readonly kind: 'header' | 'pointing';
      /** "header, TAN-SIP", "pointing, ±5 arcsec" */
      readonly label: string;
      /** What was refused, as a sentence. */
      readonly note: string | null;
      /** About the middle of the frame, for compass and scale. */
      readonly plane: TangentPlane;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** Another reduction of an image that is there. */
export interface ReduceRequest {
  readonly jobId: JobId;
  readonly key: ImageKey;
  readonly isr: IsrRecipe;
}

export type Combination = 'difference' | 'ratio';

/** `of` minus, or divided by, `by`, pixel by pixel; both of one size. */
export interface CombineRequest {
  readonly of: ImageKey;
  readonly by: ImageKey;
  readonly how: Combination;
}

export interface RenderRequest {
  readonly key: ImageKey;
  /** Device pixels. */
  readonly paneWidth: number;
  readonly paneHeight: number;
  readonly view: View;
  /** Of the Gaussian that the picture is smoothed with, in detector pixels; 0 does not smooth. */
  readonly smoothSigmaPx: number;
  /** The picture is of means of so many by so many pixels; 1: as many as a screen pixel shows. */
  readonly bin: Bin;
  readonly stretch: StretchName;
  /** One pair for all, or one for each of `OpenedImage.amplifiers`. */
  readonly limits: Limits | readonly Limits[];
  readonly contrast: Contrast;
  readonly colourMap: ColourMapName;
  readonly invert: boolean;
  /** Mask planes over the image, each in its colour. */
  readonly mask: readonly MaskColour[];
}

export interface MaskColour {
  readonly bit: number;
  /** 0 to 255 each. */
  readonly rgba: readonly [number, number, number, number];
}

export interface RenderAnswer {
  /** Transferred; the pane puts it into its bitmaprenderer context. */
  readonly bitmap: ImageBitmap;
  readonly drawMs: number;
}

export interface PixelReadout {
  /** Of an untrimmed image: null in prescan and overscan. */
  readonly at: DetectorPixel | null;
  readonly amplifier: string;
  readonly part: SegmentPart;
  /** In the amplifier's HDU as it is read out. */
  readonly ampRaw: { readonly x: number; readonly y: number };
  /** After ISR, in `unit`. */
  readonly value: number;
  readonly unit: PixelUnit;
  /** The same in either unit; null where the amplifier's gain is not known. */
  readonly valueAdu: number | null;
  readonly valueElectron: number | null;
  /** As read out, before any step. */
  readonly rawAdu: number;
  readonly saturated: boolean;
  /** Null without a WCS. */
  readonly sky: SkyPoint | null;
  /** Names of the mask's planes that are set. */
  readonly mask: readonly string[];
}

export interface HeaderCard {
  readonly keyword: string;
  /** As text; empty for commentary cards. */
  readonly value: string;
  readonly comment: string;
}

export interface HduHeader {
  readonly index: number;
  /** EXTNAME, or an empty string. */
  readonly name: string;
  readonly kind: string;
  readonly cards: readonly HeaderCard[];
}

/** `star` or `failed` is null; the latter is a sentence fragment that says why there is nothing to measure. */
export interface ExamineAnswer {
  readonly star: Examination | null;
  readonly failed: string | null;
  /** What the camera was known to be at that place; null where there is no place. */
  readonly camera: StarCamera | null;
}

/** `widthPx` rows, and as many columns, about the pixel; wider than the image is all of it. */
export interface CrossRequest {
  readonly key: ImageKey;
  readonly at: DetectorPixel;
  readonly widthPx: number;
  readonly how: Combine;
}

export interface CrossAnswer {
  /** The pixel at the crossing. */
  readonly at: DetectorPixel;
  readonly unit: PixelUnit;
  /** A value for each x, and for each y, of the image. */
  readonly row: Float64Array;
  readonly column: Float64Array;
}

/** Highest first. */
export interface SourcesAnswer {
  readonly unit: PixelUnit;
  readonly sources: readonly Source[];
}

/** How well the amplifiers of one raw work (docs/amplifier-health.md). */
export interface DetectorHealth {
  readonly amplifiers: readonly AmplifierHealth[];
  readonly correlation: AmplifierCorrelation;
}

/** `unit`: each pixel is converted by its own amplifier's gain, where that is not the image's unit. */
export interface RegionRequest {
  readonly key: ImageKey;
  readonly region: Region;
  readonly unit?: RegionUnit;
}

/** What lies inside of a region; for a line also the cut along it. */
export interface RegionAnswer {
  readonly unit: PixelUnit;
  readonly statistics: RegionStatistics;
  readonly histogram: { readonly low: number; readonly high: number; readonly counts: Uint32Array };
  readonly cut: RegionCut | null;
}

export interface RegionCut {
  readonly positionsPx: Float64Array;
  readonly values: Float64Array;
  /** Null where the cut has no peak. */
  readonly width: CutWidth | null;
}

export interface WorkerMemory {
  /** The engine's, which never shrinks. */
  readonly engineBytes: number;
  /** Live textures of the renderer. */
  readonly textureBytes: number;
  readonly images: number;
}

export type OpenProgress =
  | { readonly stage: 'fetching'; readonly bytes: number; readonly totalBytes: number | null }
  | { readonly stage: 'decoding' | 'reducing'; readonly fraction: number }
  /** Who is told owns it. */
  | { readonly stage: 'growing'; readonly opened: OpenedImage };

export interface ImageWorkerApi {
  /** Loads the engine; rejects with UnsupportedBrowser where nothing can be drawn. Once, before anything else. */
  start(request: { readonly wasmUrl: string }): Promise<{ readonly engineVersion: string }>;
  /**
   * Fetches, decodes and reduces one exposure and keeps it until `release`. The calibs that are certified for it are asked
   * for at once, so that they are looked up beside the raw's fetch. At most 10 progress calls a second and 4 pictures.
   */
  open(
    request: OpenRequest,
    findCalibs: FindCalibs,
    onProgress?: (progress: OpenProgress) => void,
  ): Promise<OpenedImage>;
  /** The service's coarse picture of an exposure, kept like an image. */
  preview(request: OpenRequest, findCalibs: FindCalibs): Promise<OpenedImage>;
  /** Makes another image of the same decoded raw; the first stays, too. */
  reduce(request: ReduceRequest): Promise<OpenedImage>;
  /** Makes a third image of two that are there; the raw values that it tells are those of the first. */
  combine(request: CombineRequest): Promise<OpenedImage>;
  /** Exact minimum and maximum. */
  survey(key: ImageKey): Promise<ImageSurvey>;
  render(request: RenderRequest): Promise<RenderAnswer>;
  /** Undefined outside the detector or when that image is no longer held. */
  readout(request: { readonly key: ImageKey; readonly at: DetectorPixel }): Promise<PixelReadout | undefined>;
  /** Image, mask and variance as one FITS file, of a combination its pixels alone; its bytes are transferred. */
  fits(key: ImageKey): Promise<Uint8Array<ArrayBuffer>>;
  region(request: RegionRequest): Promise<RegionAnswer>;
  /** Row and column through a place. */
  cross(request: CrossRequest): Promise<CrossAnswer>;
  /** The star nearest to a place. */
  examine(request: { readonly key: ImageKey; readonly at: DetectorPixel }): Promise<ExamineAnswer>;
  /** The sources of the whole image. */
  sources(key: ImageKey): Promise<SourcesAnswer>;
  /** x and y, one after the other, of right ascension and declination, likewise; NaN where the image has no such pixel. */
  pixelsOfSky(request: { readonly key: ImageKey; readonly skyDeg: Float64Array }): Promise<Float64Array>;
  /** The columns of a FITS file's first table; what is in a cell as an array is left out. */
  fitsTable(file: Uint8Array<ArrayBuffer>): Promise<TableColumns>;
  /** Of the raw that the image was made of. */
  health(key: ImageKey): Promise<DetectorHealth>;
  headers(key: ImageKey): Promise<readonly HduHeader[]>;
  /** Gives an image up. Unknown keys are ignored. */
  release(key: ImageKey): Promise<void>;
  memory(): Promise<WorkerMemory>;
  /** Over the network, since the worker was started. */
  receivedBytes(): Promise<number>;
  /** The job rejects with `Cancelled` within 20 ms. Unknown ids are ignored. */
  cancel(jobId: JobId): Promise<void>;
}
