/** Instrument signature removal (ISR): one exposure of one detector, and the calibrations that it takes. */
import type { Plane } from './api.ts';

/** In the order of `AfStep`; the recipe gives the order in which they run. */
export const STEP_NAMES = [
  'saturation',
  'serial-overscan',
  'parallel-overscan',
  'crosstalk',
  'linearity',
  'gain',
  'assemble',
  'bias',
  'dark',
  'flat',
  'defects',
  'interpolate',
  'variance',
  'cosmic-rays',
  'brighter-fatter',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

export const RECIPES = ['rapid', 'full'] as const;
export type Recipe = (typeof RECIPES)[number];

export const OVERSCAN_METHODS = [
  'median-per-row',
  'plain-median-per-row',
  'mean-per-row',
  'median',
  'mean',
  'spline',
] as const;
export type OverscanMethod = (typeof OVERSCAN_METHODS)[number];

export const GEOMETRY_MODES = ['table', 'header'] as const;
export type GeometryMode = (typeof GEOMETRY_MODES)[number];

export const CALIB_KINDS = [
  'bias',
  'dark',
  'flat',
  'defects',
  'crosstalk',
  'linearity',
  'brighter-fatter',
] as const;
export type CalibKind = (typeof CALIB_KINDS)[number];

/** A calibration in the engine's memory; it serves any number of exposures and is freed by its owner. */
export interface Calib {
  readonly kind: CalibKind;
  readonly name: string;
  /** What it holds in memory. */
  readonly bytes: number;
  /** Of bias, dark and flat: f32 in the DM frame. Freed with the calib, never alone. */
  readonly plane: Plane | undefined;
  free(): void;
}

/** The reading of a calibration in bands. */
export interface CalibReading {
  /** About `maxRows` rows. True when done; `calib` then belongs to the caller. */
  step(maxRows: number): boolean;
  readonly calib: Calib;
  /** Gives up an unfinished calib. Harmless after the end. */
  free(): void;
}

export interface IsrRequest {
  /** Default rapid (ADU). */
  readonly recipe?: Recipe;
  /** Assemble is in every set. Default: saturation, both overscans, and each step whose calibration is given. */
  readonly steps?: readonly StepName[];
  readonly overscan?: OverscanMethod;
  readonly geometry?: GeometryMode;
  /** Columns left out: nearest the image, at the far end; default [3, 3]. */
  readonly serialSkip?: readonly [number, number];
  readonly parallelSkip?: readonly [number, number];
  readonly calibs?: Readonly<Partial<Record<CalibKind, Calib>>>;
  /** Every step a pass of its own, so that each can be timed; the pixels are the same. */
  readonly separate?: boolean;
  /** The report then has the amplifiers' medians and sigmas before and after. */
  readonly statistics?: boolean;
  /**
   * The stream keeps the decoded segments (`FitsStream.decoded`) until it is freed: a further job on it begins with
   * them, so that another set of steps costs no decoding.
   */
  readonly keepRaws?: boolean;
  /** Planes of the result's size to write into, because memory never shrinks. */
  readonly into?: { readonly image?: Plane; readonly mask?: Plane; readonly variance?: Plane };
}

export type ReportedStep =
  | { readonly name: StepName; readonly done: true; readonly with: string }
  | { readonly name: StepName; readonly done: false; readonly reason: string };

export interface ReportedAmplifier {
  readonly name: string;
  readonly hdu: number;
  readonly gain_electron_per_adu: number | null;
  readonly gain_source: string | null;
  readonly read_noise_electron: number | null;
  readonly read_noise_source: string | null;
  /** In the unit of `IsrReport.saturation`; null without the step. */
  readonly saturation_threshold: number | null;
  /** Raw serial overscan in ADU; the image area in raw ADU before and in `unit` after. With `statistics` only. */
  readonly overscan_median?: number | null;
  readonly median_before?: number | null;
  /** 1.4826 times the median absolute deviation. */
  readonly robust_sigma_before?: number | null;
  readonly median_after?: number | null;
  readonly robust_sigma_after?: number | null;
}

/** What `af_isr_report` says; the command line prints it as it is. */
export interface IsrReport {
  readonly instrument: string;
  /** -1 where the headers do not tell. */
  readonly detector: number;
  readonly detector_name: string;
  readonly detector_type: string;
  readonly recipe: Recipe;
  /** Where the places came from: header also where the camera table does not know the detector. */
  readonly geometry: GeometryMode;
  readonly width: number;
  readonly height: number;
  readonly unit: 'adu' | 'electron';
  /** In the order of the recipe: those that were asked for or whose calibration was given. */
  readonly steps: readonly ReportedStep[];
  /** `threshold` is null when the amplifiers differ or the step did not run. */
  readonly saturation: {
    readonly threshold: number | null;
    readonly unit: 'adu' | 'electron';
    readonly source: string;
  };
  readonly dark_scale: number | null;
  readonly amplifiers: readonly ReportedAmplifier[];
  /** Bit numbers by name; empty without a mask. */
  readonly mask_planes: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

export interface IsrJob {
  /** About `maxRows` rows of work. `waiting`: push more bytes to the stream first. */
  step(maxRows: number): 'more' | 'waiting' | 'done';
  /** The step that the next call works on; `read` while segments are decoded; undefined at the end. */
  readonly currentStep: StepName | 'read' | undefined;
  /**
   * The image while it is made, still the job's: amplifiers that have been read are in it, if no step wants all of them
   * before they are assembled; what is between them is not defined. Undefined before the first one and after the end.
   */
  readonly unfinished: Plane | undefined;
  /** These throw before the end; afterwards they belong to the caller. */
  readonly image: Plane;
  readonly mask: Plane | undefined;
  readonly variance: Plane | undefined;
  readonly report: IsrReport;
  /** Gives up scratch memory and unfinished planes that were not passed in. Harmless after the end. */
  free(): void;
}
