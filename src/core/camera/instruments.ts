/** Which detectors this release knows, and how a place in the detector is found in its raw. */
import { AppError } from '../errors.ts';
import type { AmpRawPixel, DetectorPixel } from '../frames.ts';
import type { Amplifier, DetectorGeometry } from './geometry.ts';
import { LATISS } from './latiss.ts';

const KNOWN: readonly DetectorGeometry[] = [LATISS];

export function geometryFor(instrument: string, detector: number): DetectorGeometry {
  const ofInstrument = KNOWN.filter((g) => g.instrument === instrument);
  const found = ofInstrument.find((g) => g.detector === detector);
  if (found) return found;
  const known = KNOWN.map((g) => `${g.instrument} detector ${g.detector}`).join(', ');
  throw new AppError(
    'UnsupportedFits',
    ofInstrument.length > 0
      ? `${instrument} has no detector ${detector}; this release knows ${known}.`
      : `The geometry of ${instrument} is not known to this release; it knows ${known}.`,
  );
}

/** The raw pixel that was read out for an integer detector pixel of this amplifier. */
export function ampRawFromDetector(amp: Amplifier, at: DetectorPixel): AmpRawPixel {
  const dx = at.x - amp.detector.x0;
  const dy = at.y - amp.detector.y0;
  return {
    x: amp.flipX ? amp.data.x1 - 1 - dx : amp.data.x0 + dx,
    y: amp.flipY ? amp.data.y1 - 1 - dy : amp.data.y0 + dy,
  };
}

/** The header's DATASEC as it would be if it agreed with the geometry (1-based, inclusive). */
export function dataSectionText({ data: b }: Amplifier): string {
  return `[${b.x0 + 1}:${b.x1},${b.y0 + 1}:${b.y1}]`;
}
