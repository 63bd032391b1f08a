/** Butler data ids and the exposure record, in the words of the Butler registry. */
import type { TaiNanoseconds } from './time.ts';

/** Butler exposure id. Below 2^53 for all Rubin instruments. Never parse the day from it. */
export type ExposureId = number;

export interface RawDatasetRef {
  /** UUID of the dataset, 32 hex digits or with dashes, as the registry gives it. */
  readonly datasetId: string;
  readonly detector: number;
  readonly fileBytes: number | null;
  /** Modification time of the file: the moment of the atomic rename into the staging folder. Null when it is gone. */
  readonly landedUnixMs: number | null;
  /** When the registry took the dataset in. */
  readonly registeredUnixMs: number | null;
}

export interface Exposure {
  readonly instrument: string;
  readonly exposure: ExposureId;
  readonly obsId: string;
  readonly dayObs: number;
  readonly seqNum: number;
  /** Lower case, open vocabulary: bias, dark, flat, acq, focus, science/object, engtest, ... */
  readonly observationType: string;
  readonly observationReason: string;
  readonly targetName: string;
  readonly scienceProgram: string;
  /** FILTER~GRATING for LATISS. */
  readonly physicalFilter: string;
  readonly group: string;
  readonly exposureTimeSeconds: number;
  readonly darkTimeSeconds: number;
  readonly shutterOpenTai: TaiNanoseconds;
  readonly shutterCloseTai: TaiNanoseconds;
  /** Empty while the exposure is registered and its raw is not yet, or no longer, there. */
  readonly raws: readonly RawDatasetRef[];
}

/** What a raw is reduced with; `null` where no such calib is certified for the exposure. */
export interface CalibRef {
  readonly datasetType: 'bias' | 'dark' | 'flat';
  readonly datasetId: string;
  readonly collection: string;
  readonly fileBytes: number | null;
}

export interface CalibSet {
  readonly bias: CalibRef | null;
  readonly dark: CalibRef | null;
  readonly flat: CalibRef | null;
}

/** `20261122 143`: how people name an exposure. */
export function exposureLabel(e: { dayObs: number; seqNum: number }): string {
  return `${e.dayObs} ${e.seqNum}`;
}
