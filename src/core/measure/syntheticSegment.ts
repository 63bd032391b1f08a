/** Raw segments whose noise, levels and defects are known, for tests. */
import type { Amplifier } from '../camera/geometry.ts';
import type { RawSegment } from './serialOverscan.ts';

/** Standard normal numbers, the same for the same seed: mulberry32 (T. Ettinger, public domain) and Box-Muller. */
export function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** C14 of LATISS: 3 prescan, 509 image and 64 overscan columns, 2000 image and 48 overscan rows. */
export const C14: Amplifier = {
  name: 'C14',
  hduName: 'Segment14',
  rawWidth: 576,
  rawHeight: 2048,
  data: { x0: 3, y0: 0, x1: 512, y1: 2000 },
  serialOverscan: { x0: 512, y0: 0, x1: 576, y1: 2048 },
  parallelOverscan: { x0: 3, y0: 2000, x1: 512, y1: 2048 },
  detector: { x0: 2036, y0: 2000, x1: 2545, y1: 4000 },
  flipX: true,
  flipY: true,
  gainElectronPerAdu: 1.0644,
  readNoiseElectron: 8.4,
  saturationAdu: 142857,
};

/** Adu of a pixel of the raw, before it is rounded. */
export type PixelAdu = (x: number, y: number) => number;

export function segmentOf(amplifier: Amplifier, pixelAdu: PixelAdu): RawSegment {
  const { rawWidth: width, rawHeight: height } = amplifier;
  const values = new Int32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) values[i] = Math.round(pixelAdu(x, y));
  }
  return { width, height, values };
}
