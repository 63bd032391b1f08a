/**
 * Places of the LATISS detector that observers steer to: lsst-ts/ts_observatory_control, latiss_constants (2025). Pixels are
 * detector pixels; they have moved over the years, by up to 100 pixels for the holographic gratings.
 */
import type { DetectorPixel } from '../frames.ts';

export interface Mark {
  readonly name: string;
  readonly at: DetectorPixel;
}

export const LATISS_BORESIGHT_PX: DetectorPixel = { x: 2036.5, y: 2000.5 };

/** By the grating; where a star is to stand so that its spectrum lies well on the detector. */
const SWEET_SPOTS_PX: Readonly<Record<string, DetectorPixel>> = {
  empty: { x: 1780, y: 1800 },
  empty_1: { x: 1780, y: 1800 },
  ronchi90lpmm: { x: 1780, y: 1800 },
  ronchi170lpmm: { x: 1750, y: 300 },
  holo4_003: { x: 1750, y: 200 },
  holo4_001: { x: 1750, y: 200 },
  blue300lpmm_qn1: { x: 1750, y: 200 },
};

/** `physicalFilter` is Butler's FILTER~GRATING. Of another instrument none are known. */
export function marksOf(instrument: string, physicalFilter: string): readonly Mark[] {
  if (instrument !== 'LATISS') return [];
  const grating = physicalFilter.split('~')[1] ?? '';
  const spot = Object.hasOwn(SWEET_SPOTS_PX, grating) ? SWEET_SPOTS_PX[grating] : undefined;
  return [
    { name: 'boresight', at: LATISS_BORESIGHT_PX },
    ...(spot ? [{ name: `sweet spot ${grating}`, at: spot }] : []),
  ];
}
