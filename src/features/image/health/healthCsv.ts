/** The table and the map of the amplifiers, and their trend over the night, as tables to save. */
import type { AmplifierCorrelation } from '../../../core/measure/amplifierCorrelation.ts';
import type { AmplifierHealth } from '../../../core/measure/amplifierHealth.ts';
import { quantityOf, type HealthQuantity } from '../../../core/measure/healthLimits.ts';
import type { HealthTrend } from '../../../core/measure/healthTrend.ts';
import { csvText } from '../../../core/csv.ts';
import { COLUMNS, WORDS } from './quantities.ts';

/** A line for each amplifier, with all that was measured of it. */
export function healthCsv(
  health: readonly AmplifierHealth[],
  correlation: AmplifierCorrelation | null,
): string {
  return csvText([
    ['amplifier', ...COLUMNS.map(titleOf), 'shares noise with'],
    ...health.map((amplifier) => [
      amplifier.name,
      ...COLUMNS.map((quantity) => quantityOf(amplifier, correlation, quantity)),
      correlation?.strongest[amplifier.name]?.partner ?? null,
    ]),
  ]);
}

/** A line for each exposure: what was measured, also where the chart shows changes. */
export function trendCsv({ exposures, values }: HealthTrend, quantity: HealthQuantity): string {
  const amplifiers = Object.entries(values);
  return csvText([
    [
      ...['exposure', 'seq_num', 'observation_type'],
      ...amplifiers.map(([name]) => `${name} ${titleOf(quantity)}`),
    ],
    ...exposures.map(({ exposure, seqNum, observationType }, i) => [
      ...[exposure, seqNum, observationType],
      ...amplifiers.map(([, own]) => own[i] ?? null),
    ]),
  ]);
}

/** "Noise in electrons (electron)": plain letters, which every program reads. */
function titleOf(quantity: HealthQuantity): string {
  const { name, unit } = WORDS[quantity];
  return `${name} (${unit.replace('e⁻', 'electron')})`;
}
