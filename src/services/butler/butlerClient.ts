/** How the app asks a Butler repository. Back ends differ per site; every answer says where it came from and when. */
import type { CalibSet, Exposure, ExposureId } from '../../core/dataId.ts';
import type { AppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';

/** A file that landed and that the ingester would not take. */
export interface RefusedFile {
  readonly fileName: string;
  /** Null where the file's name does not tell. */
  readonly obsId: string | null;
  readonly reason: string;
  readonly refusedUnixMs: UnixMs;
}

export interface ExposureSnapshot {
  /** Newest first by (dayObs, seqNum). */
  readonly exposures: readonly Exposure[];
  /** Server time of the registry state that this shows. */
  readonly asOf: UnixMs;
  /** Browser time at which this state arrived. */
  readonly receivedAt: UnixMs;
  readonly source: string;
  /** Set while newer states cannot be had; the exposures are the last good ones. */
  readonly stale: AppError | null;
  /** Of the last hour, newest first. */
  readonly refused: readonly RefusedFile[];
}

/** An exposure's id, or its night and number. */
export type ExposureKey =
  { readonly exposure: ExposureId } | { readonly dayObs: number; readonly seqNum: number };

export interface ButlerClient {
  readonly source: string;
  /** Calls back at once with what is known and on every change, until the signal aborts. Retries by itself. */
  watch(onSnapshot: (snapshot: ExposureSnapshot) => void, signal: AbortSignal): void;
  findCalibs(exposure: ExposureId, detector: number, signal?: AbortSignal): Promise<CalibSet>;
  /** Exposure of another night, or one that the watch window has dropped. Rejects with NotFound and a sentence. */
  findExposure(which: ExposureKey, signal?: AbortSignal): Promise<Exposure>;
  /** Where the bytes of datasets are: prefix + datasetId. */
  readonly fileUrlPrefix: string;
}
