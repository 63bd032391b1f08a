/**
 * What is out of range in amplifiers' health, and how it is said. The reasons for the limits are in
 * docs/amplifier-health.md.
 */
import { formatFixed } from '../units.ts';
import type { AmplifierCorrelation } from './amplifierCorrelation.ts';
import type { AmplifierHealth } from './amplifierHealth.ts';

export const QUANTITIES = [
  'biasLevelAdu',
  'overscanNoiseAdu',
  'overscanNoiseElectron',
  'rowNoiseAdu',
  'correlation',
  'biasDriftAdu',
  'medianAdu',
  'robustSigmaAdu',
  'saturatedPixels',
  'hotColumns',
  'deadColumns',
] as const;
export type HealthQuantity = (typeof QUANTITIES)[number];

/** Amber: look. Red: act. */
export type Severity = 'amber' | 'red';

export interface Finding {
  readonly amplifier: string;
  readonly quantity: HealthQuantity;
  readonly severity: Severity;
  readonly sentence: string;
}

interface Limit {
  readonly amber: number;
  readonly red: number;
}

export const HEALTH_LIMITS = {
  /** Overscan noise over the camera table's. */
  noiseOverNominal: { amber: 1.3, red: 2 },
  /** Below this part of its nominal noise an amplifier is not read out. */
  silentOverNominal: 0.5,
  /** Difference from the median of the detector's amplifiers, as a part of it. */
  biasPart: { amber: 0.3, red: 0.6 },
  /** Smaller differences than this are nothing, where bias levels are low. */
  biasLeastAdu: 1000,
  /** Absolute correlation coefficient. */
  correlation: { amber: 0.1, red: 0.3 },
  /** Row noise over overscan noise. */
  rowNoisePart: { amber: 0.3, red: 1 },
  /** Hot or dead columns of an amplifier. */
  badColumns: { amber: 20, red: 100 },
  /** Part of the image area. */
  saturatedPart: { amber: 0.001, red: 0.01 },
} as const;

/** One number of an amplifier for tables, maps and trends; null where this raw cannot tell. */
export function quantityOf(
  health: AmplifierHealth,
  correlation: AmplifierCorrelation | null,
  quantity: HealthQuantity,
): number | null {
  if (quantity === 'correlation') return correlation?.strongest[health.name]?.r ?? null;
  if (quantity === 'hotColumns' || quantity === 'deadColumns') return health[quantity]?.length ?? null;
  return health[quantity];
}

/** Those to act upon first, otherwise in the order of the amplifiers. */
export function healthFindings(
  health: readonly AmplifierHealth[],
  correlation: AmplifierCorrelation | null,
): Finding[] {
  const usualBiasAdu = middleOf(health.map(({ biasLevelAdu }) => biasLevelAdu));
  const findings = health.flatMap((amplifier) => [
    ...biasFindings(amplifier, usualBiasAdu),
    ...noiseFindings(amplifier),
    ...rowNoiseFindings(amplifier),
    ...correlationFindings(amplifier, correlation),
    ...saturationFindings(amplifier),
    ...columnFindings(amplifier),
  ]);
  return [
    ...findings.filter(({ severity }) => severity === 'red'),
    ...findings.filter(({ severity }) => severity === 'amber'),
  ];
}

function biasFindings({ name, biasLevelAdu }: AmplifierHealth, usualAdu: number | null): Finding[] {
  if (biasLevelAdu === null || usualAdu === null) return [];
  const offAdu = biasLevelAdu - usualAdu;
  const severity = severityOf(Math.abs(offAdu) / Math.abs(usualAdu), HEALTH_LIMITS.biasPart);
  if (!severity || Math.abs(offAdu) < HEALTH_LIMITS.biasLeastAdu) return [];
  const side = offAdu > 0 ? 'above' : 'below';
  const level = `bias level ${formatFixed(biasLevelAdu, 0)} adu`;
  const off = `${formatFixed(Math.abs(offAdu), 0)} ${side} the detector's median ${formatFixed(usualAdu, 0)}`;
  return [{ amplifier: name, quantity: 'biasLevelAdu', severity, sentence: `${name}: ${level}, ${off}` }];
}

function noiseFindings({ name, overscanNoiseAdu, nominalNoiseAdu }: AmplifierHealth): Finding[] {
  if (overscanNoiseAdu === null || nominalNoiseAdu === null || nominalNoiseAdu <= 0) return [];
  const ratio = overscanNoiseAdu / nominalNoiseAdu;
  const silent = ratio < HEALTH_LIMITS.silentOverNominal;
  const severity = silent ? 'red' : severityOf(ratio, HEALTH_LIMITS.noiseOverNominal);
  if (!severity) return [];
  const times = `${formatFixed(ratio, 1)} × its nominal ${formatFixed(nominalNoiseAdu, 1)}`;
  const sentence = `${name}: noise ${formatFixed(overscanNoiseAdu, 1)} adu, ${times}${silent ? '; is it read out?' : ''}`;
  return [{ amplifier: name, quantity: 'overscanNoiseAdu', severity, sentence }];
}

function rowNoiseFindings({ name, rowNoiseAdu, overscanNoiseAdu }: AmplifierHealth): Finding[] {
  if (rowNoiseAdu === null || overscanNoiseAdu === null || overscanNoiseAdu <= 0) return [];
  const part = rowNoiseAdu / overscanNoiseAdu;
  const severity = severityOf(part, HEALTH_LIMITS.rowNoisePart);
  if (!severity) return [];
  const sentence = `${name}: row noise ${formatFixed(rowNoiseAdu, 1)} adu, ${formatFixed(part, 1)} × the noise of its pixels`;
  return [{ amplifier: name, quantity: 'rowNoiseAdu', severity, sentence }];
}

function correlationFindings({ name }: AmplifierHealth, correlation: AmplifierCorrelation | null): Finding[] {
  const strongest = correlation?.strongest[name];
  if (!strongest) return [];
  const severity = severityOf(Math.abs(strongest.r), HEALTH_LIMITS.correlation);
  if (!severity) return [];
  const sentence = `${name}: noise shared with ${strongest.partner}, r = ${formatFixed(strongest.r, 2)}`;
  return [{ amplifier: name, quantity: 'correlation', severity, sentence }];
}

function saturationFindings({ name, saturatedPixels, imagePixels }: AmplifierHealth): Finding[] {
  if (saturatedPixels === null || imagePixels === 0) return [];
  const part = saturatedPixels / imagePixels;
  const severity = severityOf(part, HEALTH_LIMITS.saturatedPart);
  if (!severity) return [];
  const sentence = `${name}: ${saturatedPixels} saturated pixels, ${formatFixed(100 * part, 2)} % of its image`;
  return [{ amplifier: name, quantity: 'saturatedPixels', severity, sentence }];
}

function columnFindings({ name, hotColumns, deadColumns }: AmplifierHealth): Finding[] {
  const finding = (quantity: HealthQuantity, word: string, columns: readonly number[] | null): Finding[] => {
    const severity = columns && severityOf(columns.length, HEALTH_LIMITS.badColumns);
    if (!severity) return [];
    return [{ amplifier: name, quantity, severity, sentence: `${name}: ${columns.length} ${word} columns` }];
  };
  return [...finding('hotColumns', 'hot', hotColumns), ...finding('deadColumns', 'dead', deadColumns)];
}

function severityOf(value: number, { amber, red }: Limit): Severity | null {
  if (value > red) return 'red';
  return value > amber ? 'amber' : null;
}

function middleOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0) return null;
  return (known[(known.length - 1) >> 1]! + known[known.length >> 1]!) / 2;
}
