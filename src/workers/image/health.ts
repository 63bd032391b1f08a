/** The health of a raw's amplifiers, from its decoded segments, one after the other. */
import {
  amplifierCorrelation,
  overscanResiduals,
  type OverscanResiduals,
} from '../../core/measure/amplifierCorrelation.ts';
import { amplifierHealth, type AmplifierHealth } from '../../core/measure/amplifierHealth.ts';
import { nextTurn } from '../shared/yielding.ts';
import type { DetectorHealth } from './contract.ts';
import type { RawSource } from './rawSource.ts';

export async function healthOf(source: RawSource): Promise<DetectorHealth> {
  const amplifiers: AmplifierHealth[] = [];
  const residuals: OverscanResiduals[] = [];
  source.hold();
  try {
    for (const amplifier of source.geometry.amplifiers) {
      const plane = source.segment(amplifier);
      if (!plane) continue;
      const { width, height } = plane;
      // A frame that is to be drawn meanwhile does not wait for all of them, and the memory may grow by then.
      await nextTurn();
      const segment = { width, height, values: plane.view() as Int32Array | Float32Array };
      amplifiers.push(amplifierHealth(segment, amplifier));
      const residual = overscanResiduals(segment, amplifier);
      if (residual) residuals.push(residual);
    }
    await nextTurn();
    return { amplifiers, correlation: amplifierCorrelation(residuals) };
  } finally {
    source.release();
  }
}
