/**
 * `window.summitNotebook`: what scripts, notebooks' pages and end-to-end tests may call. The same on every surface;
 * plain JSON in and out. A stable contract: see docs/http-api.md for the data behind it.
 */
import { version } from '../../package.json';
import type { ExposureId } from '../core/dataId.ts';
import type { ErrorWire } from '../core/errors.ts';
import type { Ledger } from '../core/ledger.ts';
import type { ExposureKey } from '../services/butler/butlerClient.ts';
import type { ImageStore } from '../features/image/imageState.ts';
import type { PixelReadout, WorkerMemory } from '../workers/image/contract.ts';
import type { StretchSettings, ViewSettings } from './imageVerbs.ts';
import type { ViewState } from './viewState.ts';

export type SurfaceName = 'workspace' | 'kiosk' | 'panel';

/** A Butler data id in the registry's words; the exposure's id, or its night and number. */
export type PublicDataId =
  | { readonly exposure: ExposureId; readonly instrument?: string; readonly detector?: number }
  | {
      readonly day_obs: number;
      readonly seq_num: number;
      readonly instrument?: string;
      readonly detector?: number;
    };

export interface PublicState {
  readonly surface: SurfaceName;
  readonly following: boolean;
  /** The exposure whose pixels are on the screen. */
  readonly shown: ExposureId | null;
  /** The newest exposure with a raw that the page knows of. */
  readonly newest: ExposureId | null;
  readonly imageState: 'idle' | 'loading' | 'ready' | 'stale' | 'failed';
  /** How the image is reduced, drawn and looked at; `scale` is device pixels per detector pixel of the last frame. */
  readonly image: ViewState & { readonly scale: number | null };
  readonly theme: string;
  readonly source: string | null;
  /** Why the list of exposures does not advance; null while it does. */
  readonly stale: ErrorWire | null;
  readonly [more: string]: unknown;
}

export interface PublicEvents {
  /** A new exposure is in the list. */
  exposure: { readonly exposure: ExposureId; readonly dayObs: number; readonly seqNum: number };
  /** An image is on the screen. */
  painted: { readonly exposure: ExposureId; readonly ledger: Ledger | null };
  error: ErrorWire & { readonly exposure: ExposureId | null };
}

export interface PublicApi {
  readonly version: string;
  readonly surface: SurfaceName;
  getState(): PublicState;
  /** Rejects with a sentence when there is no such exposure. */
  open(dataId: PublicDataId): Promise<void>;
  /** Detector pixel, 0-based; undefined outside of the image that is shown. */
  valueAt(x: number, y: number): Promise<PixelReadout | undefined>;
  /** Resolves when the image is on the screen with it; rejects with a sentence when there is no such setting. */
  setStretch(settings: StretchSettings): Promise<void>;
  /** Likewise. */
  setView(settings: ViewSettings): Promise<void>;
  /** Examines the star nearest to a detector pixel; see docs/measurements.md. Rejects when there is no image. */
  measure(x: number, y: number): Promise<Readonly<Record<string, unknown>>>;
  /** Bytes of the engine and of live textures. */
  memory(): Promise<WorkerMemory>;
  /** The ledger of the shown exposure. */
  ledger(): Ledger | null;
  /** Returns the function that ends the subscription. */
  on<E extends keyof PublicEvents>(event: E, listener: (detail: PublicEvents[E]) => void): () => void;
}

declare global {
  interface Window {
    summitNotebook?: PublicApi;
  }
}

export interface PublicApiParts {
  readonly surface: SurfaceName;
  readonly getState: () => Omit<PublicState, 'surface' | 'image'>;
  readonly open: (dataId: PublicDataId) => Promise<void>;
  readonly image: ImageStore;
  readonly ledger: () => Ledger | null;
}

export interface PublicApiHandle {
  readonly api: PublicApi;
  readonly emit: <E extends keyof PublicEvents>(event: E, detail: PublicEvents[E]) => void;
}

/** Makes the API; the surface puts it on its window and emits its events. */
export function createPublicApi(parts: PublicApiParts): PublicApiHandle {
  const listeners: { [E in keyof PublicEvents]: Set<(detail: PublicEvents[E]) => void> } = {
    exposure: new Set(),
    painted: new Set(),
    error: new Set(),
  };
  return {
    api: {
      version,
      surface: parts.surface,
      getState: () => {
        const { isr, display, view, overlays, drawn } = parts.image.getState();
        const image = { isr, display, view, overlays, scale: drawn?.view.devicePixelsPerPixel ?? null };
        return { surface: parts.surface, image, ...parts.getState() } as PublicState;
      },
      open: parts.open,
      valueAt: (x, y) => parts.image.valueAt(x, y),
      // Loaded when they are first asked for: no surface needs them for its first picture.
      setStretch: async (settings) => (await import('./imageVerbs.ts')).setStretch(parts.image, settings),
      setView: async (settings) => (await import('./imageVerbs.ts')).setView(parts.image, settings),
      async measure(x, y) {
        const [{ lastExamined }, examined] = await Promise.all([
          import('../features/image/examine/starFacts.ts'),
          parts.image.examine({ x, y }),
        ]);
        return lastExamined(examined);
      },
      memory: () => parts.image.memory(),
      ledger: parts.ledger,
      on(event, listener) {
        listeners[event].add(listener);
        return () => void listeners[event].delete(listener);
      },
    },
    emit(event, detail) {
      for (const listener of listeners[event]) {
        try {
          listener(detail);
        } catch (thrown) {
          // A caller's mistake must not stop the page; it is reported as an uncaught error of its own.
          queueMicrotask(() => {
            throw thrown;
          });
        }
      }
    },
  };
}

export function exposureKey(dataId: PublicDataId): ExposureKey {
  return 'exposure' in dataId
    ? { exposure: dataId.exposure }
    : { dayObs: dataId.day_obs, seqNum: dataId.seq_num };
}
