/** A raw as it was read out, with prescan and overscan: it is drawn and read like an image; nothing is measured on it. */
import type { Engine, Plane } from 'astro-fits-wasm';
import { detectorFromAmpRaw } from '../../core/camera/geometry.ts';
import { untrimmedAt, untrimmedLayout, type UntrimmedLayout } from '../../core/camera/untrimmed.ts';
import type { Box, DetectorPixel } from '../../core/frames.ts';
import type { ImageSurvey, OpenedImage, PixelReadout } from './contract.ts';
import type { PipelineTools } from './pipeline.ts';
import type { RawSource } from './rawSource.ts';
import { sampled } from './sampled.ts';

export class HeldUntrimmed {
  readonly opened: OpenedImage;
  readonly source: RawSource;
  readonly plane: Plane;
  readonly mask = undefined;
  readonly sorted: Float32Array;
  readonly #engine: Engine;
  readonly #layout: UntrimmedLayout;

  /** All segments of the source are decoded. */
  constructor(
    { engine, newKey }: PipelineTools,
    source: RawSource,
    facts: Pick<OpenedImage, 'isr' | 'steps' | 'warnings' | 'stamps' | 'bytes'>,
  ) {
    const { isr, steps, warnings, stamps, bytes } = facts;
    const layout = untrimmedLayout(source.geometry);
    const { width, height } = layout;
    const plane = engine.plane('f32', width, height);
    fill(plane, layout, source);
    // Where what is drawn is asked for by its place, the place is the picture's.
    const amplifiers = layout.segments.map(({ amplifier, box, data }) => ({
      name: amplifier.name,
      box: box as Box<string> as Box<'Detector'>,
      data: data as Box<string> as Box<'Detector'>,
    }));
    const { statistics, sorted } = sampled(engine, plane, amplifiers);
    this.#engine = engine;
    this.#layout = layout;
    this.source = source.hold();
    this.plane = plane;
    this.sorted = sorted;
    this.opened = {
      key: newKey(),
      exposure: source.request.exposure,
      isr,
      preview: null,
      untrimmed: true,
      width,
      height,
      unit: 'adu',
      steps,
      warnings,
      statistics,
      amplifiers,
      maskPlanes: {},
      sky: { kind: 'none', reason: 'no WCS: the overscan is shown' },
      stamps,
      bytes,
    };
  }

  readout(at: DetectorPixel): PixelReadout | undefined {
    const found = untrimmedAt(this.#layout, at);
    if (!found) return undefined;
    const { amplifier, raw, part } = found;
    const value = this.plane.at(Math.round(at.x), Math.round(at.y));
    const onDetector = part === 'data' ? detectorFromAmpRaw(amplifier, raw) : null;
    const { sky } = this.source;
    return {
      at: onDetector,
      amplifier: amplifier.name,
      part,
      ampRaw: { x: raw.x, y: raw.y },
      value,
      unit: 'adu',
      valueAdu: value,
      valueElectron: amplifier.gainElectronPerAdu === null ? null : value * amplifier.gainElectronPerAdu,
      rawAdu: value,
      saturated: amplifier.saturationAdu !== null && value >= amplifier.saturationAdu,
      sky: onDetector && sky.kind !== 'none' ? (sky.toIcrs(onDetector) ?? null) : null,
      mask: [],
    };
  }

  survey(): ImageSurvey {
    const { min, max } = this.#engine.statistics(this.plane, []);
    return { min, max };
  }

  free(): void {
    this.#engine.free(this.plane);
    this.source.release();
  }
}

/** What a segment does not have, or a raw not of a segment, has no value. */
function fill(plane: Plane, { width, segments }: UntrimmedLayout, source: RawSource): void {
  const out = (plane.view() as Float32Array).fill(Number.NaN);
  for (const { amplifier, box } of segments) {
    const segment = source.segment(amplifier);
    if (!segment) continue;
    const raw = segment.view() as Int32Array | Float32Array;
    const columns = Math.min(segment.width, amplifier.rawWidth);
    for (let y = 0; y < Math.min(segment.height, amplifier.rawHeight); y++) {
      const row = raw.subarray(y * segment.width, y * segment.width + columns);
      const to = (amplifier.flipY ? box.y1 - 1 - y : box.y0 + y) * width;
      if (!amplifier.flipX) out.set(row, to + box.x0);
      else for (let x = 0; x < columns; x++) out[to + box.x1 - 1 - x] = row[x] as number;
    }
  }
}
