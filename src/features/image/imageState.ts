/** What an image store holds and can be asked. */
import type { StoreApi } from 'zustand/vanilla';
import type { DevicePoint, Orientation, Size, View } from '../../core/camera/view.ts';
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import type { ColourMapName } from '../../core/display/colourMapNames.ts';
import type { Contrast, StretchName } from '../../core/display/stretch.ts';
import type { AppError } from '../../core/errors.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type { LedgerStamps } from '../../core/ledger.ts';
import type { Region } from '../../core/regions/region.ts';
import type { UnixMs } from '../../core/time.ts';
import type {
  CrossAnswer,
  CrossRequest,
  DetectorHealth,
  ExamineAnswer,
  HduHeader,
  ImageSurvey,
  IsrRecipe,
  OpenedImage,
  OpenProgress,
  PixelReadout,
  RegionAnswer,
  RegionUnit,
  RenderAnswer,
  SourcesAnswer,
  WorkerMemory,
} from '../../workers/image/contract.ts';
import type { DisplayState, LimitsRule } from './displayState.ts';
import type { MaskLook, MaskLooks } from './maskLooks.ts';
import { FIRST_MASK_LOOKS } from './maskLooks.ts';
import { FIRST_DISPLAY, FIRST_ISR } from './displayState.ts';

/**
 * A preview of the wanted exposure may be on the screen while the true pixels are on their way (`loading`), or instead of
 * them (`ready`): `shownAs.preview` tells.
 *
 * - `idle`: nothing was asked for.
 * - `loading`: the wanted exposure is on its way; `shown` may be an older one.
 * - `ready`: the wanted exposure is on the screen.
 * - `stale`: the wanted exposure failed; `shown` is the last good one.
 * - `failed`: the wanted exposure failed and there is nothing else to show.
 */
export type ImageStatus = 'idle' | 'loading' | 'ready' | 'stale' | 'failed';

/** What lies over the pixels. */
export interface Overlays {
  readonly amplifiers: boolean;
  /** Lines between pixels, where they are large enough. */
  readonly pixelGrid: boolean;
  /** The mask's planes. */
  readonly mask: boolean;
  /** North, east and a bar of a round number of arcseconds. */
  readonly compass: boolean;
  /** Lines of right ascension and declination. */
  readonly skyGrid: boolean;
  /** Boresight and sweet spot. */
  readonly marks: boolean;
  /** The sources that are found in it. */
  readonly sources: boolean;
  /** The whole image, small, where the pane shows a part of it. */
  readonly panner: boolean;
  /** The pixels about the pointer, large. */
  readonly magnifier: boolean;
}

export interface ImageState {
  readonly status: ImageStatus;
  readonly wanted: Exposure | null;
  /** Its pixels are on the screen. */
  readonly shown: Exposure | null;
  /** What was done to the pixels on the screen. */
  readonly shownAs: OpenedImage | null;
  /** What the worker holds and draws from. */
  readonly held: { readonly exposure: Exposure; readonly opened: OpenedImage } | null;
  /** Of every pixel of `held`; null until it has followed. */
  readonly survey: ImageSurvey | null;
  readonly progress: OpenProgress | null;
  readonly error: AppError | null;
  /** Of `shown`. */
  readonly stamps: LedgerStamps;
  /** How exposures are reduced; `held` may still be on its way there. */
  readonly isr: IsrRecipe;
  /** The switch of a step is being followed. */
  readonly reducing: boolean;
  readonly view: View | 'fit';
  /** The last frame. */
  readonly drawn: Omit<Frame, 'bitmap'> | null;
  readonly display: DisplayState;
  readonly overlays: Overlays;
  readonly maskLooks: MaskLooks;
  /** Under the pointer. */
  readonly pointer: DetectorPixel | null;
  /** The pointer is a crosshair that keys move; the mouse takes its place when it moves over the image. */
  readonly crosshair: boolean;
  readonly readout: PixelReadout | null;
  /** The latest first. */
  readonly examined: readonly Examined[];
}

/** A star that was measured, or why it could not be. */
export interface Examined extends ExamineAnswer {
  readonly exposure: Exposure;
  readonly isr: IsrRecipe;
  /** Where it was looked for. */
  readonly at: DetectorPixel;
}

export interface ImageStore extends StoreApi<ImageState> {
  /** Says at once, before there is an exposure, where the browser cannot draw. `warmedUp`: as the worker answered. */
  prepare(warmedUp: Promise<void>): void;
  /** Asks for an exposure; what was asked for before is cancelled. `seenUnixMs`: when the page learned of it. */
  show(exposure: Exposure, seenUnixMs: UnixMs): void;
  /**
   * For live following: what is loading is finished first, so that images keep coming where the camera is faster than
   * the machine. Of several that wait the last wins.
   */
  follow(exposure: Exposure, seenUnixMs: UnixMs): void;
  /** Tries the wanted exposure again now; where the browser could not draw, whether it can. */
  retry(): void;
  /** The true pixels of the wanted exposure, where only a preview was opened. */
  openFull(): void;
  setIsr(isr: IsrRecipe): void;
  setDisplay(display: Partial<DisplayState>): void;
  setStretch(stretch: StretchName): void;
  setLimits(rule: LimitsRule): void;
  setContrast(contrast: Contrast): void;
  setColourMap(map: ColourMapName): void;
  toggleInvert(): void;
  togglePerAmplifier(): void;
  orient(orientation: Orientation): void;
  setOverlays(overlays: Partial<Overlays>): void;
  setMaskLook(plane: string, look: Partial<MaskLook>): void;
  /** Reduced, drawn and looked at as in a new page; the exposure and what was measured stay. */
  reset(): void;
  fit(): void;
  setView(view: View | 'fit'): void;
  /** So many device pixels per detector pixel, about the middle of the pane. */
  zoomTo(devicePixelsPerPixel: number): void;
  /** About a place of the pane in device pixels, or its middle. */
  zoomBy(factor: number, about?: DevicePoint): void;
  panBy(dx: number, dy: number): void;
  /** The pointer moved to this place of the pane (device pixels), or left it. */
  pointAt(place: DevicePoint | null): void;
  /** The same without a pane: where another image is pointed at, or a crosshair stands. */
  lookAt(at: DetectorPixel | null, crosshair?: boolean): void;
  valueAt(x: number, y: number): Promise<PixelReadout | undefined>;
  /** Of the image on the screen; empty when there is none. */
  headers(): Promise<readonly HduHeader[]>;
  /** What lies inside of a region of the image on the screen, in its unit or another; null when there is no image. */
  region(region: Region, unit?: RegionUnit | null): Promise<RegionAnswer | null>;
  /** Row and column through a place of the image on the screen; null when there is none. */
  cross(request: Omit<CrossRequest, 'key'>): Promise<CrossAnswer | null>;
  /** Measures the star nearest to a place, or to the pointer, and keeps the answer in `examined`. */
  examine(at?: DetectorPixel): Promise<Examined>;
  /** The sources of the image on the screen; null when there is none. Asked again, it is not looked for again. */
  sources(): Promise<SourcesAnswer | null>;
  /** Of the raw of the image on the screen; null when there is none. */
  health(): Promise<DetectorHealth | null>;
  /** The image on the screen as a FITS file; rejects when there is none. */
  fits(): Promise<Uint8Array<ArrayBuffer>>;
  memory(): Promise<WorkerMemory>;
  /**
   * Draws what the worker holds; undefined when there is nothing, or it was replaced meanwhile. `otherwise`: not as the
   * state says, for what is beside the picture.
   */
  render(pane: Size, otherwise?: Partial<Pick<ImageState, 'view' | 'display'>>): Promise<Frame | undefined>;
  /** The pane put that frame on its canvas. */
  presented(frame: Frame): void;
  /** The second animation frame after it was put there. */
  painted(exposure: ExposureId, at: UnixMs): void;
  /** Resolves when what the state says is on the canvas; at once when there is no image. */
  settled(): Promise<void>;
  dispose(): void;
}

/** What is on the canvas, and what it was drawn from: who waits for a change knows by it when that is on the screen. */
export interface Frame extends RenderAnswer {
  readonly opened: OpenedImage;
  /** In device pixels, as is the pane. */
  readonly view: View;
  readonly pane: Size;
  /** The state's view at that time, `fit` unresolved. */
  readonly asked: View | 'fit';
  readonly display: DisplayState;
}

/** Whether no image can be shown, whichever is asked for: where one was drawn before, the next may be again. */
export function cannotDraw({ error, drawn }: Pick<ImageState, 'error' | 'drawn'>): boolean {
  return error?.tag === 'UnsupportedBrowser' && drawn === null;
}

export const FIRST_STATE: ImageState = {
  status: 'idle',
  wanted: null,
  shown: null,
  shownAs: null,
  held: null,
  survey: null,
  progress: null,
  error: null,
  stamps: {},
  isr: FIRST_ISR,
  reducing: false,
  view: 'fit',
  drawn: null,
  display: FIRST_DISPLAY,
  overlays: {
    amplifiers: false,
    pixelGrid: true,
    mask: false,
    compass: false,
    skyGrid: false,
    marks: false,
    sources: false,
    panner: true,
    magnifier: false,
  },
  maskLooks: FIRST_MASK_LOOKS,
  pointer: null,
  crosshair: false,
  readout: null,
  examined: [],
};
