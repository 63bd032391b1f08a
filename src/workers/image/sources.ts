/** The sources of a reduced image. */
import type { Engine } from 'astro-fits-wasm';
import { amplifierAt } from '../../core/camera/geometry.ts';
import { AppError } from '../../core/errors.ts';
import { detectSources } from '../../core/measure/detectSources.ts';
import type { Plane } from '../../core/measure/plane.ts';
import { nextTurn } from '../shared/yielding.ts';
import type { SourcesAnswer } from './contract.ts';
import type { HeldImage } from './heldImage.ts';

/** A star of 1 arcsec is 10 px wide on LATISS, 5 px on the other cameras. */
const BIN_PX = 4;
/** Then who waits is heard. */
const BAND_MS = 10;

export async function sourcesOf(engine: Engine, image: HeldImage): Promise<SourcesAnswer> {
  const { plane, mask, opened, source } = image;
  if (opened.unit === 'ratio') throw new AppError('NotFound', 'A ratio of images has no light to find.');
  const { geometry } = source;
  const coarse = engine.bin(plane, BIN_PX);
  const { width, height } = coarse;
  const binned: Plane = { width, height, values: (coarse.view() as Float32Array).slice() };
  engine.free(coarse);
  source.hold();
  try {
    const pixels: Plane = {
      width: plane.width,
      height: plane.height,
      // The engine's memory may grow between two sources: a view of it is taken anew each time.
      get values() {
        return plane.view() as Float32Array;
      },
    };
    const saturated = opened.maskPlanes['SAT'];
    const gainAt = (x: number, y: number): number | null => {
      const amplifier = amplifierAt(geometry, { x: Math.round(x), y: Math.round(y) });
      return opened.unit === 'electron' ? 1 : amplifier ? image.gainOf(amplifier) : null;
    };
    const looking = detectSources({
      pixels,
      binned,
      binPx: BIN_PX,
      amplifiers: geometry.amplifiers.map(({ detector }) => detector),
      electronPerUnitAt: gainAt,
      isSaturated: (x, y) =>
        saturated !== undefined && mask !== undefined && (mask.at(x, y) & (1 << saturated)) !== 0,
    });
    for (let begun = performance.now(); ;) {
      const { done, value } = looking.next();
      if (done) return { unit: opened.unit, sources: value };
      if (performance.now() - begun < BAND_MS) continue;
      await nextTurn();
      begun = performance.now();
    }
  } finally {
    source.release();
  }
}
