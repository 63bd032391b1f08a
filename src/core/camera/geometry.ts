/**
 * How a detector's amplifiers are laid out in its raws and in the assembled frame. The one table of these is the engine's
 * (`Engine.camera`), which the workers ask.
 */
import type { AmpRawPixel, Box, DetectorPixel } from '../frames.ts';

/**
 * An amplifier as it is read out and where it goes.
 *
 * `data`, `prescan`, `serialOverscan`, `parallelOverscan` are boxes of the raw HDU; `detector` is the box that `data`
 * fills in the assembled frame, after the flips.
 */
export interface Amplifier {
  /** DM name, for example C14. */
  readonly name: string;
  /** EXTNAME of its HDU, for example Segment14. */
  readonly hduName: string;
  readonly rawWidth: number;
  readonly rawHeight: number;
  readonly data: Box<'AmpRaw'>;
  readonly serialOverscan: Box<'AmpRaw'>;
  readonly parallelOverscan: Box<'AmpRaw'>;
  readonly detector: Box<'Detector'>;
  readonly flipX: boolean;
  readonly flipY: boolean;
  /** Null where the camera has no number. */
  readonly gainElectronPerAdu: number | null;
  readonly readNoiseElectron: number | null;
  readonly saturationAdu: number | null;
}

export interface DetectorGeometry {
  readonly instrument: string;
  readonly detector: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly amplifiers: readonly Amplifier[];
}

export function amplifierAt(geometry: DetectorGeometry, at: DetectorPixel): Amplifier | undefined {
  return geometry.amplifiers.find(
    ({ detector: b }) => at.x >= b.x0 - 0.5 && at.x < b.x1 - 0.5 && at.y >= b.y0 - 0.5 && at.y < b.y1 - 0.5,
  );
}

/** The raw pixel that was read out for an integer detector pixel of this amplifier. */
export function ampRawFromDetector(amp: Amplifier, at: DetectorPixel): AmpRawPixel {
  const dx = at.x - amp.detector.x0;
  const dy = at.y - amp.detector.y0;
  return {
    x: amp.flipX ? amp.data.x1 - 1 - dx : amp.data.x0 + dx,
    y: amp.flipY ? amp.data.y1 - 1 - dy : amp.data.y0 + dy,
  };
}

/** The detector pixel that a raw pixel of the data becomes; of prescan and overscan a place beside the amplifier. */
export function detectorFromAmpRaw(amp: Amplifier, raw: AmpRawPixel): DetectorPixel {
  return {
    x: amp.detector.x0 + (amp.flipX ? amp.data.x1 - 1 - raw.x : raw.x - amp.data.x0),
    y: amp.detector.y0 + (amp.flipY ? amp.data.y1 - 1 - raw.y : raw.y - amp.data.y0),
  };
}
