/** One reduced image in the engine's memory, with what is needed to tell a pixel's value before and after ISR. */
import type { Engine, IsrReport, Plane } from 'astro-fits-wasm';
import type { Amplifier } from '../../core/camera/geometry.ts';
import { amplifierAt } from '../../core/camera/geometry.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type { Combination, ImageSurvey, OpenedImage, PixelReadout } from './contract.ts';
import type { RawSource } from './rawSource.ts';

/** That an image is the difference from, or the ratio to, another one, and what was done to that. */
export interface Combined {
  readonly how: Combination;
  readonly by: { readonly opened: OpenedImage; readonly report: IsrReport };
}

export interface HeldParts {
  readonly opened: OpenedImage;
  readonly source: RawSource;
  readonly plane: Plane;
  readonly mask: Plane | undefined;
  readonly report: IsrReport;
  /** A sample of the pixels, sorted. */
  readonly sorted: Float32Array;
  readonly combined?: Combined;
}

export class HeldImage {
  readonly opened: OpenedImage;
  readonly source: RawSource;
  readonly plane: Plane;
  readonly mask: Plane | undefined;
  readonly sorted: Float32Array;
  readonly report: IsrReport;
  readonly combined: Combined | undefined;
  readonly #engine: Engine;
  /** Of each amplifier by name; what the ISR used. */
  readonly #gains: ReadonlyMap<string, number | null>;

  constructor(engine: Engine, { opened, source, plane, mask, report, sorted, combined }: HeldParts) {
    this.#engine = engine;
    this.opened = opened;
    this.source = source.hold();
    this.plane = plane;
    this.mask = mask;
    this.sorted = sorted;
    this.report = report;
    this.combined = combined;
    this.#gains = new Map(report.amplifiers.map(({ name, gain_electron_per_adu: gain }) => [name, gain]));
  }

  readout(at: DetectorPixel): PixelReadout | undefined {
    const pixel: DetectorPixel = { x: Math.round(at.x), y: Math.round(at.y) };
    const amplifier = amplifierAt(this.source.geometry, pixel);
    if (!amplifier) return undefined;
    const { place, adu: rawAdu } = this.source.rawAt(amplifier, pixel);
    const value = this.plane.at(pixel.x, pixel.y);
    const { unit, maskPlanes } = this.opened;
    const gain = this.gainOf(amplifier);
    const { sky } = this.source;
    const bits = this.mask ? this.mask.at(pixel.x, pixel.y) : 0;
    return {
      at: pixel,
      amplifier: amplifier.name,
      part: 'data',
      ampRaw: { x: place.x, y: place.y },
      value,
      unit,
      valueAdu: unit === 'adu' ? value : unit === 'ratio' || gain === null ? null : value / gain,
      valueElectron: unit === 'electron' ? value : unit === 'ratio' || gain === null ? null : value * gain,
      rawAdu,
      saturated: amplifier.saturationAdu !== null && rawAdu >= amplifier.saturationAdu,
      sky: sky.kind === 'none' ? null : (sky.toIcrs(pixel) ?? null),
      mask: Object.keys(maskPlanes).filter((name) => bits & (1 << (maskPlanes[name] ?? 31))),
    };
  }

  /** What the ISR used, or else the camera table's; null where nobody knows. */
  gainOf(amplifier: Amplifier): number | null {
    return this.#gains.get(amplifier.name) ?? amplifier.gainElectronPerAdu;
  }

  survey(): ImageSurvey {
    const { min, max } = this.#engine.statistics(this.plane, []);
    return { min, max };
  }

  free(): void {
    this.#engine.free(this.plane);
    if (this.mask) this.#engine.free(this.mask);
    this.source.release();
  }
}
