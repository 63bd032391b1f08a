/**
 * A coarse picture of an exposure, which is there before its pixels are: cells of several pixels, without headers, mask
 * and raw. It is drawn and read like an image; nothing is measured on it.
 */
import type { Engine, Plane } from 'astro-fits-wasm';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import { amplifierAt, ampRawFromDetector } from '../../core/camera/geometry.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type {
  ImageKey,
  ImageStamps,
  ImageSurvey,
  IsrStep,
  OpenedImage,
  OpenRequest,
  PixelReadout,
  PixelUnit,
} from './contract.ts';
import { sampled } from './sampled.ts';

export interface PreviewFacts {
  readonly key: ImageKey;
  readonly request: OpenRequest;
  readonly geometry: DetectorGeometry;
  readonly binPx: number;
  readonly share: number;
  readonly unit: PixelUnit;
  readonly steps: readonly IsrStep[];
  readonly stamps: ImageStamps;
  readonly bytes: number;
}

export class HeldPreview {
  readonly opened: OpenedImage;
  readonly plane: Plane;
  readonly mask = undefined;
  readonly sorted: Float32Array;
  readonly binPx: number;
  readonly #engine: Engine;
  readonly #geometry: DetectorGeometry;

  /** Takes the plane over, row 0 first; cell (0, 0) begins with detector pixel (0, 0). */
  constructor(engine: Engine, plane: Plane, facts: PreviewFacts) {
    const { key, request, geometry, binPx, share, unit, steps, stamps, bytes } = facts;
    const cell = (px: number) => Math.floor(px / binPx);
    const { statistics, sorted } = sampled(
      engine,
      plane,
      geometry.amplifiers.map(({ name, detector: { x0, y0, x1, y1 } }) => ({
        name,
        box: { x0: cell(x0), y0: cell(y0), x1: cell(x1), y1: cell(y1) },
      })),
    );
    this.#engine = engine;
    this.#geometry = geometry;
    this.plane = plane;
    this.sorted = sorted;
    this.binPx = binPx;
    this.opened = {
      key,
      exposure: request.exposure,
      isr: request.isr,
      preview: { binPx, share },
      untrimmed: false,
      width: geometry.width,
      height: geometry.height,
      unit,
      steps,
      warnings: [],
      statistics,
      amplifiers: geometry.amplifiers.map(({ name, detector }) => ({ name, box: detector })),
      maskPlanes: {},
      sky: { kind: 'none', reason: 'The sky is known with the full pixels.' },
      stamps,
      bytes,
    };
  }

  /** The mean of the cell that the pixel lies in. */
  readout(at: DetectorPixel): PixelReadout | undefined {
    const pixel: DetectorPixel = { x: Math.round(at.x), y: Math.round(at.y) };
    const amplifier = amplifierAt(this.#geometry, pixel);
    if (!amplifier) return undefined;
    const { x, y } = ampRawFromDetector(amplifier, pixel);
    const value = this.plane.at(Math.floor(pixel.x / this.binPx), Math.floor(pixel.y / this.binPx));
    const { unit } = this.opened;
    const gain = amplifier.gainElectronPerAdu;
    return {
      at: pixel,
      amplifier: amplifier.name,
      part: 'data',
      ampRaw: { x, y },
      value,
      unit,
      valueAdu: unit === 'adu' ? value : gain === null ? null : value / gain,
      valueElectron: unit === 'electron' ? value : gain === null ? null : value * gain,
      rawAdu: Number.NaN,
      saturated: false,
      sky: null,
      mask: [],
    };
  }

  survey(): ImageSurvey {
    const { min, max } = this.#engine.statistics(this.plane, []);
    return { min, max };
  }

  free(): void {
    this.#engine.free(this.plane);
  }
}
