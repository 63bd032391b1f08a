/** How amplifiers' quantities are named and written in table, map and trend. */
import type { HealthQuantity } from '../../../core/measure/healthLimits.ts';
import { formatFixed } from '../../../core/units.ts';

export interface QuantityWords {
  /** Of the table's column. */
  readonly short: string;
  readonly unit: string;
  readonly name: string;
  readonly meaning: string;
  readonly decimals: number;
  /** Shown only where the table has room. */
  readonly wide?: true;
  /** Amplifiers differ by much more than one of them changes: a trend shows changes. */
  readonly trendOfChanges?: true;
}

export const WORDS: Readonly<Record<HealthQuantity, QuantityWords>> = {
  biasLevelAdu: {
    short: 'Bias',
    unit: 'adu',
    name: 'Bias level',
    meaning: 'median of the serial overscan',
    decimals: 0,
    trendOfChanges: true,
  },
  overscanNoiseAdu: {
    short: 'Noise',
    unit: 'adu',
    name: 'Noise',
    meaning: 'robust sigma of the overscan without its rows’ levels',
    decimals: 2,
  },
  overscanNoiseElectron: {
    short: 'Noise',
    unit: 'e⁻',
    name: 'Noise in electrons',
    meaning: 'the same times the gain',
    decimals: 2,
    wide: true,
  },
  rowNoiseAdu: {
    short: 'Rows',
    unit: 'adu',
    name: 'Row noise',
    meaning: 'noise of whole rows against each other, without drift',
    decimals: 2,
  },
  correlation: {
    short: 'Corr.',
    unit: 'r',
    name: 'Shared noise',
    meaning: 'largest correlation of the overscan with another amplifier’s',
    decimals: 2,
  },
  saturatedPixels: {
    short: 'Sat.',
    unit: 'px',
    name: 'Saturated pixels',
    meaning: 'pixels of the image at the saturation level or above',
    decimals: 0,
  },
  hotColumns: {
    short: 'Hot',
    unit: 'col',
    name: 'Hot columns',
    meaning: 'columns far above their neighbours',
    decimals: 0,
  },
  deadColumns: {
    short: 'Dead',
    unit: 'col',
    name: 'Dead columns',
    meaning:
      'columns with less than half of their neighbours’ light; – where there is too little light to tell',
    decimals: 0,
  },
  biasDriftAdu: {
    short: 'Drift',
    unit: 'adu',
    name: 'Bias drift',
    meaning: 'overscan level of the last rows less that of the first',
    decimals: 1,
    wide: true,
  },
  medianAdu: {
    short: 'Median',
    unit: 'adu',
    name: 'Median above bias',
    meaning: 'median of the image area above its rows’ bias level',
    decimals: 1,
    wide: true,
  },
  robustSigmaAdu: {
    short: 'Sigma',
    unit: 'adu',
    name: 'Scatter of the image',
    meaning: 'robust sigma of the image area',
    decimals: 1,
    wide: true,
  },
};

/** In the order of the table's columns. */
export const COLUMNS = Object.keys(WORDS) as HealthQuantity[];

export function valueText(quantity: HealthQuantity, value: number | null): string {
  if (value === null) return '–';
  if (Math.abs(value) >= 999_500) return `${formatFixed(value / 1e6, 1)}M`;
  if (Math.abs(value) >= 100_000) return `${formatFixed(value / 1000, 0)}k`;
  const { decimals } = WORDS[quantity];
  // A zero that was rounded has no sign.
  return formatFixed(Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value, decimals);
}

export function valueWithUnit(quantity: HealthQuantity, value: number | null): string {
  const text = valueText(quantity, value);
  return value === null || quantity === 'correlation' ? text : `${text} ${WORDS[quantity].unit}`;
}
