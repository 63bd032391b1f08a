/** One quantity of all amplifiers over the exposures of a night. */
import type { AmplifierCorrelation } from './amplifierCorrelation.ts';
import type { AmplifierHealth } from './amplifierHealth.ts';
import { quantityOf, type HealthQuantity } from './healthLimits.ts';

export interface TrendExposure {
  readonly exposure: number;
  readonly seqNum: number;
  readonly observationType: string;
}

export interface MeasuredExposure extends TrendExposure {
  readonly health: readonly AmplifierHealth[];
  readonly correlation: AmplifierCorrelation | null;
}

export interface HealthTrend {
  /** In the order in which they were taken. */
  readonly exposures: readonly TrendExposure[];
  /** By amplifier, one value for each exposure; null is a gap. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

export function healthTrend(measured: readonly MeasuredExposure[], quantity: HealthQuantity): HealthTrend {
  const exposures = measured.toSorted((a, b) => a.seqNum - b.seqNum);
  const names = new Set(exposures.flatMap(({ health }) => health.map(({ name }) => name)));
  const valueOf = ({ health, correlation }: MeasuredExposure, name: string) => {
    const amplifier = health.find((other) => other.name === name);
    return amplifier ? quantityOf(amplifier, correlation, quantity) : null;
  };
  return {
    exposures,
    values: Object.fromEntries(
      [...names].map((name) => [name, exposures.map((each) => valueOf(each, name))]),
    ),
  };
}
