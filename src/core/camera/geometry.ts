/** The one geometry table: how each detector's amplifiers are laid out in its raws and in the assembled frame. */
import type { Box, DetectorPixel } from '../frames.ts';

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
  readonly gainElectronPerAdu: number;
  readonly readNoiseElectron: number;
  readonly saturationAdu: number;
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
