/**
 * Errors that the application can name. Each tag says when it arises and what the operator may do; the payload
 * carries what a sentence needs. Across a worker boundary only the plain `ErrorWire` travels, because structured
 * clone drops the fields of Error subclasses.
 */

/**
 * - `NotFound`: no such exposure, dataset or page. Check the number.
 * - `Expired`: the file has left the limited-lifetime OODS. Look for it in the long-term repository.
 * - `AccessDenied`: signed out, or the session lacks the right. Sign in again.
 * - `Unreachable`: no answer from a server. The app retries by itself; check the VPN when it lasts.
 * - `MalformedFits`: the bytes break the FITS standard (truncated, bad tile, not FITS). The file is bad at its source.
 * - `UnsupportedFits`: correct FITS of a kind that is not read yet.
 * - `CalibrationMissing`: no calib is certified for this exposure. The step is skipped and says so.
 * - `RegistryBusy`: the registry is locked by its writer for longer than the reader waits. Clears by itself.
 * - `RegistryUnknown`: the registry has a schema version that this release does not know. Update the app.
 * - `WasmFailed`: the engine could not start or ran out of memory. Reload the page.
 * - `UnsupportedBrowser`: the browser cannot draw (no WebGL2, no OffscreenCanvas). Update it or its settings, and reload.
 * - `KernelLost`: the Jupyter kernel or its server went away. Restart it from the notebook pane.
 * - `Cancelled`: the work was superseded. Never shown as an error.
 * - `Bug`: a state that should be impossible. Copy the details into a report.
 */
export type ErrorTag =
  | 'NotFound'
  | 'Expired'
  | 'AccessDenied'
  | 'Unreachable'
  | 'MalformedFits'
  | 'UnsupportedFits'
  | 'CalibrationMissing'
  | 'RegistryBusy'
  | 'RegistryUnknown'
  | 'WasmFailed'
  | 'UnsupportedBrowser'
  | 'KernelLost'
  | 'Cancelled'
  | 'Bug';

/** Facts for the "copy details" text; every field optional, none of them secret. */
export interface ErrorDetail {
  readonly url?: string;
  readonly httpStatus?: number;
  readonly exposure?: number;
  readonly hduIndex?: number;
  readonly tile?: number;
  readonly keyword?: string;
  readonly byteOffset?: number;
}

/** The plain form that crosses worker and HTTP boundaries. */
export interface ErrorWire {
  readonly tag: ErrorTag;
  readonly message: string;
  readonly detail: ErrorDetail;
}

const TAGS: ReadonlySet<string> = new Set<ErrorTag>([
  'NotFound',
  'Expired',
  'AccessDenied',
  'Unreachable',
  'MalformedFits',
  'UnsupportedFits',
  'CalibrationMissing',
  'RegistryBusy',
  'RegistryUnknown',
  'WasmFailed',
  'UnsupportedBrowser',
  'KernelLost',
  'Cancelled',
  'Bug',
]);

export class AppError extends Error {
  readonly tag: ErrorTag;
  readonly detail: ErrorDetail;

  constructor(tag: ErrorTag, message: string, detail: ErrorDetail = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.name = tag;
    this.tag = tag;
    this.detail = detail;
  }

  toWire(): ErrorWire {
    return { tag: this.tag, message: this.message, detail: this.detail };
  }
}

export function isErrorWire(value: unknown): value is ErrorWire {
  if (typeof value !== 'object' || value === null) return false;
  const { tag, message } = value as { tag?: unknown; message?: unknown };
  return typeof tag === 'string' && TAGS.has(tag) && typeof message === 'string';
}

/** Gives any thrown value a tag; an unknown one is a `Bug` with its cause kept. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isErrorWire(thrown)) return new AppError(thrown.tag, thrown.message, thrown.detail ?? {});
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new AppError('Cancelled', 'The work was cancelled.', {}, { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('Bug', message, {}, { cause: thrown });
}

/** Whether it is the session or the browser, whatever the image: said in its own place, and no fault of an exposure. */
export function concernsAllImages(error: AppError): boolean {
  return error.tag === 'AccessDenied' || error.tag === 'UnsupportedBrowser';
}

/** Whether the same request may succeed later without anyone's doing. */
export function isRetryable(error: AppError): boolean {
  return error.tag === 'Unreachable' || error.tag === 'RegistryBusy';
}
