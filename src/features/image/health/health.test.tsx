import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { AmplifierCorrelation } from '../../../core/measure/amplifierCorrelation.ts';
import type { AmplifierHealth as Health } from '../../../core/measure/amplifierHealth.ts';
import { AmplifierHealth, type AmplifierHealthProps } from './AmplifierHealth.tsx';
import { valueText, valueWithUnit } from './quantities.ts';
import { extentOf, linesOf, pathOf, placesOf } from './trendLines.ts';

const health = (name: string, changes: Partial<Health> = {}): Health => ({
  name,
  biasLevelAdu: 20_000,
  overscanNoiseAdu: 10,
  overscanNoiseElectron: 11,
  nominalNoiseAdu: 10,
  rowNoiseAdu: 0.4,
  biasDriftAdu: -3,
  medianAdu: 500,
  robustSigmaAdu: 25,
  imagePixels: 1_018_000,
  saturatedPixels: 40,
  deadColumns: null,
  hotColumns: [7],
  ...changes,
});
const AMPLIFIERS = ['C10', 'C00'].map((name, k) => ({
  name,
  detector: { x0: 0, y0: k === 0 ? 2000 : 0, x1: 509, y1: k === 0 ? 4000 : 2000 },
}));
const CORRELATION: AmplifierCorrelation = {
  names: ['C10', 'C00'],
  matrix: [
    [1, -0.02],
    [-0.02, 1],
  ],
  strongest: { C10: { partner: 'C00', r: -0.02 }, C00: { partner: 'C10', r: -0.02 } },
};
const shown = (changes: Partial<AmplifierHealthProps>) =>
  renderToStaticMarkup(
    <AmplifierHealth
      health={[health('C10'), health('C00')]}
      correlation={CORRELATION}
      amplifiers={AMPLIFIERS}
      pending={false}
      exposure={2026112200143}
      exposureLabel="seq 143 OBJECT"
      {...changes}
    />,
  );
const rowOf = (markup: string, name: string) =>
  new RegExp(`<tr data-amplifier="${name}".*?</tr>`).exec(markup)![0];

describe('the page', () => {
  it('says that all is well only where all was judged', () => {
    expect(shown({})).toContain('All 2 amplifiers are within limits.');
    const unread = shown({ health: [health('C10'), health('C00', { overscanNoiseAdu: null })] });
    expect(unread).not.toContain('within limits');
    expect(unread).toContain('C00: no overscan to measure bias and noise by');
    expect(shown({ health: [health('C10', { nominalNoiseAdu: null }), health('C00')] })).toContain(
      'C10: noise is not judged, no nominal one is known',
    );
  });

  it('marks what is out of range with a sign and a word', () => {
    const markup = shown({ health: [health('C10'), health('C00', { overscanNoiseAdu: 21.3 })] });
    expect(markup).toContain('C00: noise 21.3 adu, 2.1 × its nominal 10.0');
    expect(markup).not.toContain('within limits');
    const row = rowOf(markup, 'C00');
    expect(row).toContain('●');
    expect(row).toContain('far out of range: ');
    expect(rowOf(markup, 'C10')).not.toContain('●');
    // What is worst is what map and trend show first.
    expect(row).toContain('data-chosen="true"');
  });

  it('has a row for each amplifier before there are numbers, and says that it measures', () => {
    const markup = shown({ health: null, correlation: null, pending: true, exposureLabel: null });
    expect(markup).toContain('measuring …');
    expect(rowOf(markup, 'C10').match(/<td[^>]*>–<\/td>/g)).toHaveLength(11);
    expect(markup).not.toContain('within limits');
  });

  it('draws C10 above C00, y upwards', () => {
    const y = (name: string) =>
      new RegExp(`<g class="health-map-amplifier" data-amplifier="${name}".*?<rect x="0%" y="(\\d+)%"`).exec(
        shown({}),
      )![1];
    expect([y('C10'), y('C00')]).toEqual(['0', '50']);
  });

  it('shows a trend where there is one', () => {
    const exposures = [1, 2].map((seqNum) => ({ exposure: seqNum, seqNum, observationType: 'BIAS' }));
    expect(shown({})).not.toContain('sequence number');
    const trend = { exposures, values: { C10: [10, 11], C00: [9, null] } };
    expect(shown({ trendOf: () => trend })).toContain(
      'Noise of 2 amplifiers over 2 exposures, from 9.00 to 11.00',
    );
    expect(shown({ trendOf: () => ({ exposures: [], values: {} }) })).toContain('begins with the second');
  });
});

describe('values', () => {
  it('are short, and empty where unknown', () => {
    expect(valueText('biasLevelAdu', 20_345.4)).toBe('20345');
    expect(valueText('saturatedPixels', 123_456)).toBe('123k');
    expect(valueText('saturatedPixels', 1_018_000)).toBe('1.0M');
    expect(valueText('saturatedPixels', 999_999)).toBe('1.0M');
    expect(valueText('correlation', -0.004)).toBe('0.00');
    expect(valueText('correlation', -0.34)).toBe('−0.34');
    expect(valueWithUnit('deadColumns', null)).toBe('–');
    expect(valueWithUnit('rowNoiseAdu', 0.4)).toBe('0.40 adu');
  });
});

describe('trend lines', () => {
  const exposures = [10, 20, 40].map((seqNum) => ({ exposure: seqNum, seqNum, observationType: 'BIAS' }));

  it('lie by sequence number, the largest value on top', () => {
    expect(placesOf(exposures)).toEqual([0, 100 / 3, 100]);
    expect(pathOf([1, 2, 3], [0, 50, 100], { low: 1, high: 3 })).toBe('M0.00 100.00L50.00 50.00L100.00 0.00');
  });

  it('break at gaps, and keep a value that is alone', () => {
    const extent = { low: 0, high: 1 };
    expect(pathOf([0, null, 1], [0, 50, 100], extent)).toBe('M0.00 100.00h0M100.00 0.00h0');
    expect(pathOf([null, null, null], [0, 50, 100], extent)).toBe('');
  });

  it('show changes of what differs between amplifiers', () => {
    const lines = linesOf({ exposures, values: { C10: [100, 104, 102], C00: [900, null, 903] } }, true);
    expect(lines.map(({ values }) => values)).toEqual([
      [-2, 2, 0],
      [-3, null, 0],
    ]);
    expect(extentOf(lines)).toEqual({ low: -3, high: 2 });
    expect(extentOf([{ name: 'C10', values: [5, 5] }])).toEqual({ low: 4, high: 6 });
    expect(extentOf([{ name: 'C10', values: [null] }])).toBeNull();
  });
});
