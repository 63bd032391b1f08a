/** The amplifiers that a reduction has come to, as a coarse picture, while the rest of the raw is on its way. */
import type { IsrJob, Plane } from 'astro-fits-wasm';
import type { Box } from '../../core/frames.ts';
import type { RawSource } from './rawSource.ts';
import type { SettledSteps } from './reduction.ts';

/** A side of a cell, in pixels of the detector. */
export const CELL_PX = 8;
/** After the first byte; sooner there would be an amplifier or two. */
const FIRST_AFTER_MS = 80;
/** Between two pictures; more would take from the reduction what they show. */
const EVERY_MS = 250;

export class Growing {
  readonly #source: RawSource;
  readonly #show: (picture: { readonly cells: Cells; readonly share: number }) => void;
  #cells: Cells | undefined;
  #drawn = 0;
  #firstByte: number | undefined;
  #last = Number.NEGATIVE_INFINITY;

  constructor(source: RawSource, show: (picture: { cells: Cells; share: number }) => void) {
    this.#source = source;
    this.#show = show;
  }

  /** Whole amplifiers come in turn unless a step wants all of them first. */
  static canFollow({ steps }: SettledSteps): boolean {
    return !steps.some(({ plan }) => plan.name === 'crosstalk' && plan.skippedBecause === null);
  }

  /** After a step of the job; `waiting`: for bytes. Once while there are bytes enough, then whenever there are none. */
  look(job: IsrJob, waiting: boolean): void {
    const now = performance.now();
    this.#firstByte ??= now;
    const due =
      this.#drawn === 0 ? now - this.#firstByte >= FIRST_AFTER_MS : waiting && now - this.#last >= EVERY_MS;
    if (!due) return;
    const { stream, geometry } = this.#source;
    const decoded = stream.hdus.filter((hdu) => stream.decoded(hdu) !== undefined);
    // The last one that is decoded may be on its way into the image.
    const done = decoded.slice(0, waiting ? undefined : -1).map(({ name }) => name.toLowerCase());
    const image = job.unfinished;
    if (!image || done.length <= this.#drawn || done.length === geometry.amplifiers.length) return;
    this.#cells ??= new Cells(image.width, image.height);
    for (const name of done.slice(this.#drawn)) {
      const amplifier = geometry.amplifiers.find(({ hduName }) => hduName.toLowerCase() === name);
      if (amplifier) this.#cells.add(image, amplifier.detector);
    }
    this.#drawn = done.length;
    this.#last = now;
    this.#show({ cells: this.#cells, share: done.length / geometry.amplifiers.length });
  }
}

/** Sums of the pixels that have a value; amplifiers may share the cells at their borders. */
export class Cells {
  readonly width: number;
  readonly height: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint16Array;

  constructor(widthPx: number, heightPx: number) {
    this.width = Math.ceil(widthPx / CELL_PX);
    this.height = Math.ceil(heightPx / CELL_PX);
    this.#sums = new Float64Array(this.width * this.height);
    this.#counts = new Uint16Array(this.width * this.height);
  }

  add(image: Plane, { x0, y0, x1, y1 }: Box<'Detector'>): void {
    const pixels = image.view() as Float32Array;
    for (let y = y0; y < y1; y++) {
      const row = y * image.width;
      const cells = Math.floor(y / CELL_PX) * this.width;
      for (let x = x0; x < x1;) {
        const cell = cells + Math.floor(x / CELL_PX);
        const end = Math.min(x1, x - (x % CELL_PX) + CELL_PX);
        let [sum, count] = [0, 0];
        for (; x < end; x++) {
          const value = pixels[row + x]!;
          // NaN minus itself is NaN, and so is an infinity.
          if (value - value !== 0) continue;
          sum += value;
          count += 1;
        }
        this.#sums[cell]! += sum;
        this.#counts[cell]! += count;
      }
    }
  }

  /** NaN where no pixel has a value yet. */
  meansInto(means: Float32Array): void {
    for (let i = 0; i < means.length; i++) means[i] = this.#sums[i]! / this.#counts[i]!;
  }
}
