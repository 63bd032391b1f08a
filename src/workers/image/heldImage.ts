/** One reduced image in the engine's memory, with what is needed to tell a pixel's value before and after ISR. */
import type { Engine, FitsStream, Plane } from 'astro-fits-wasm';
import type { Amplifier, DetectorGeometry } from '../../core/camera/geometry.ts';
import { amplifierAt, ampRawFromDetector } from '../../core/camera/geometry.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import { runInBands } from '../shared/yielding.ts';
import type { OpenedImage, PixelReadout } from './contract.ts';

export class HeldImage {
  readonly opened: OpenedImage;
  readonly plane: Plane;
  readonly #engine: Engine;
  readonly #geometry: DetectorGeometry;
  /** The raw as it was fetched: 15 MB, where its decoded segments would be 75. */
  readonly #rawBytes: readonly Uint8Array[];
  /** The raw opened again, and the one segment of it that was decoded last. */
  #stream: FitsStream | undefined;
  #segment: { readonly amplifier: Amplifier; readonly plane: Plane } | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #stop = new AbortController();

  constructor(
    engine: Engine,
    geometry: DetectorGeometry,
    parts: { readonly opened: OpenedImage; readonly plane: Plane; readonly rawBytes: readonly Uint8Array[] },
  ) {
    this.#engine = engine;
    this.#geometry = geometry;
    this.opened = parts.opened;
    this.plane = parts.plane;
    this.#rawBytes = parts.rawBytes;
  }

  async readout(at: DetectorPixel): Promise<PixelReadout | undefined> {
    const pixel: DetectorPixel = { x: Math.round(at.x), y: Math.round(at.y) };
    const amplifier = amplifierAt(this.#geometry, pixel);
    if (!amplifier) return undefined;
    // One at a time: two that decode the same segment side by side would leak one of them.
    const { signal } = this.#stop;
    const segment = this.#queue.then(() => this.#rawSegment(amplifier, signal));
    this.#queue = segment.catch(() => undefined);
    const raw = await segment.catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (!raw || signal.aborted) return undefined;
    const place = ampRawFromDetector(amplifier, pixel);
    const rawAdu = raw.at(place.x, place.y);
    return {
      at: pixel,
      amplifier: amplifier.name,
      valueAdu: this.plane.at(pixel.x, pixel.y),
      rawAdu,
      saturated: amplifier.saturationAdu !== null && rawAdu >= amplifier.saturationAdu,
    };
  }

  /** Gives up what only serves raw values; the next readout makes it again. */
  releaseRaw(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    if (this.#segment) this.#engine.free(this.#segment.plane);
    this.#segment = undefined;
    this.#stream?.free();
    this.#stream = undefined;
  }

  free(): void {
    this.releaseRaw();
    this.#stop.abort();
    this.#engine.free(this.plane);
  }

  async #rawSegment(amplifier: Amplifier, signal: AbortSignal): Promise<Plane | undefined> {
    if (signal.aborted) return undefined;
    if (this.#segment?.amplifier === amplifier) return this.#segment.plane;
    if (!this.#stream) {
      this.#stream = this.#engine.openStream();
      for (const chunk of this.#rawBytes) this.#stream.push(chunk);
    }
    const hdu = this.#stream.hdus.find((h) => h.name === amplifier.hduName);
    if (!hdu) return undefined;
    const decoding = this.#stream.decode(hdu);
    await runInBands(decoding, signal);
    const { plane } = decoding;
    decoding.free();
    if (this.#segment) this.#engine.free(this.#segment.plane);
    this.#segment = { amplifier, plane };
    return plane;
  }
}
