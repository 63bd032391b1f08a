/** One exposure's raw: its headers and decoded segments, shared by all images that were made of it. */
import type { Engine, FitsStream, IsrRequest, Plane } from 'astro-fits-wasm';
import type { Amplifier, DetectorGeometry } from '../../core/camera/geometry.ts';
import { ampRawFromDetector } from '../../core/camera/geometry.ts';
import type { CalibSet } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import type { AmpRawPixel, DetectorPixel } from '../../core/frames.ts';
import type { HduHeader, HeaderCard, OpenRequest } from './contract.ts';
import { openSky, type Sky } from './sky.ts';

/** What is known of a raw before its bytes are here. */
export interface RawFacts {
  readonly request: OpenRequest;
  /** Certified for its exposure. */
  readonly calibs: CalibSet;
  readonly geometry: DetectorGeometry;
}

export class RawSource implements RawFacts {
  readonly request: OpenRequest;
  readonly calibs: CalibSet;
  readonly geometry: DetectorGeometry;
  readonly stream: FitsStream;
  #holders = 0;
  #sky: Sky | undefined;

  constructor(engine: Engine, { request, calibs, geometry }: RawFacts, totalBytes: number | null) {
    this.request = request;
    this.calibs = calibs;
    this.geometry = geometry;
    this.stream = engine.openStream(totalBytes === null ? {} : { expectedBytes: totalBytes });
  }

  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** Freed with its last holder. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#sky?.free();
    this.stream.free();
  }

  /**
   * Of the headers that have arrived, before pixels are decoded: the display knows by its camera where amplifiers lie, and
   * a segment of another size may be larger than the memory.
   */
  refuseOtherSizes(): void {
    const { amplifiers, instrument } = this.geometry;
    for (const { name, width, height, index } of this.stream.hdus) {
      const wanted = amplifiers.find(({ hduName }) => hduName.toLowerCase() === name.toLowerCase());
      if (!wanted || width === 0 || (width === wanted.rawWidth && height === wanted.rawHeight)) continue;
      const message = `${name} is ${width} x ${height} px; those of ${instrument} are ${wanted.rawWidth} x ${wanted.rawHeight}`;
      throw new AppError('UnsupportedFits', message, { hduIndex: index });
    }
  }

  /** The decoded segments stay with the stream, so that a switch of a step costs no decoding. */
  isr(engine: Engine, request: IsrRequest) {
    return engine.isr(this.stream, { ...request, keepRaws: true });
  }

  segment(amplifier: Amplifier): Plane | undefined {
    const hdu = this.stream.hdus.find(({ name }) => name.toLowerCase() === amplifier.hduName.toLowerCase());
    return hdu && this.stream.decoded(hdu);
  }

  /** The place of an integer detector pixel in its amplifier's HDU, and the value that was read out there. */
  rawAt(amplifier: Amplifier, at: DetectorPixel): { readonly place: AmpRawPixel; readonly adu: number } {
    const place = ampRawFromDetector(amplifier, at);
    return { place, adu: this.segment(amplifier)?.at(place.x, place.y) ?? Number.NaN };
  }

  /** Of the headers, once all have arrived. */
  get sky(): Sky {
    const { stream, geometry } = this;
    const { instrument, dayObs } = this.request;
    this.#sky ??= openSky({ stream, hdus: stream.hdus, geometry, instrument, dayObs });
    return this.#sky;
  }

  headers(): readonly HduHeader[] {
    return this.stream.hdus.map(({ index, name, kind, header }) => ({
      index,
      name,
      kind,
      cards: header.cards.map(({ keyword, value, comment }): HeaderCard => ({
        keyword,
        value: cardText(value),
        comment,
      })),
    }));
  }
}

/** As FITS writes it, without the quotes of text. */
function cardText(value: string | number | boolean | bigint | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'T' : 'F';
  return String(value);
}
