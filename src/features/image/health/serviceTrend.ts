/** A quantity's trend from what the service has measured of the night. */
import type { HealthQuantity } from '../../../core/measure/healthLimits.ts';
import type { HealthTrend } from '../../../core/measure/healthTrend.ts';
import type { NightAmplifiers } from '../../../services/butler/nightAmplifiers.ts';

export function serviceTrend({ exposures }: NightAmplifiers, quantity: HealthQuantity): HealthTrend {
  const names = new Set(exposures.flatMap(({ amplifiers }) => amplifiers.map(({ name }) => name)));
  const valueOf = (each: NightAmplifiers['exposures'][number], name: string) =>
    each.amplifiers.find((amplifier) => amplifier.name === name)?.[quantity] ?? null;
  return {
    exposures,
    values: Object.fromEntries(
      [...names].map((name) => [name, exposures.map((each) => valueOf(each, name))]),
    ),
  };
}
