/** The amplifiers that a reduction has come to, as a coarse picture, while the rest of the raw is on its way. */
import type { IsrJob, Plane } from 'astro-fits-wasm';
import type { Box } from '../../core/frames.ts';
import type { UnixMs } from '../../core/time.ts';
import { nowUnixMs } from './download.ts';
import { HeldPreview } from './heldPreview.ts';
import type { PipelineTools } from './pipeline.ts';
import type { RawSource } from './rawSource.ts';
import { plannedSteps, type SettledSteps } from './reduction.ts';

/** A side of a cell, in pixels of the detector. */
const CELL_PX = 8;
/** After the first byte; sooner there would be an amplifier or two. */
const FIRST_AFTER_MS = 80;
/** Between two pictures; more would take from the reduction what they show. */
const EVERY_MS = 250;

export interface GrowingRaw {
  readonly of: RawSource;
  readonly settled: SettledSteps;
  readonly fetchStarted: UnixMs;
  /** That have come so far. */
  readonly bytes: () => number;
}

/**
 * What is to be called after each step of the job; `waiting`: for bytes. Shows a picture once while there are bytes enough,
 * then whenever there are none. Undefined where a step wants all amplifiers first, so that none is whole before the end.
 */
export function follow(
  { engine, newKey }: PipelineTools,
  { of: { request, geometry, stream }, settled, fetchStarted, bytes }: GrowingRaw,
  show: (preview: HeldPreview) => void,
): ((job: IsrJob, waiting: boolean) => void) | undefined {
  const steps = plannedSteps(settled);
  if (steps.some(({ name, done }) => name === 'crosstalk' && done)) return undefined;
  const unit = steps.some(({ name, done }) => name === 'gain' && done) ? 'electron' : 'adu';
  let cells: Cells | undefined;
  let drawn = 0;
  let firstByte: number | undefined;
  let last = Number.NEGATIVE_INFINITY;
  return (job, waiting) => {
    const now = performance.now();
    firstByte ??= now;
    const due = drawn === 0 ? now - firstByte >= FIRST_AFTER_MS : waiting && now - last >= EVERY_MS;
    if (!due) return;
    const decoded = stream.hdus.filter((hdu) => stream.decoded(hdu) !== undefined);
    // The last one that is decoded may be on its way into the image.
    const done = decoded.slice(0, waiting ? undefined : -1).map(({ name }) => name.toLowerCase());
    const image = job.unfinished;
    if (!image || done.length <= drawn || done.length === geometry.amplifiers.length) return;
    cells ??= new Cells(image.width, image.height);
    for (const name of done.slice(drawn)) {
      const amplifier = geometry.amplifiers.find(({ hduName }) => hduName.toLowerCase() === name);
      if (amplifier) cells.add(image, amplifier.detector);
    }
    drawn = done.length;
    last = now;
    const plane = engine.plane('f32', cells.width, cells.height);
    cells.meansInto(plane.view() as Float32Array);
    const at = nowUnixMs();
    show(
      new HeldPreview(engine, plane, {
        key: newKey(),
        request,
        geometry,
        binPx: CELL_PX,
        share: drawn / geometry.amplifiers.length,
        unit,
        steps,
        stamps: { fetchStarted, fetched: at, decoded: at, reduced: at },
        bytes: bytes(),
      }),
    );
  };
}

/** Sums of the pixels that have a value; amplifiers may share the cells at their borders. */
class Cells {
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
