import { describe, expect, it } from 'vitest';
import type { OpenedImage } from '../../workers/image/contract.ts';
import { colourBarScale, rampColours } from './colourBar.ts';
import { type DisplayState, FIRST_DISPLAY, type LimitsRule } from './displayState.ts';

const manual = (low: number, high: number): LimitsRule => ({ rule: 'manual', limits: [low, high] });

const sampled = { zscale: [-8, 20], min: -50, max: 900, median: 1, robustSigma: 4, quantiles: [] } as const;
const image: Pick<OpenedImage, 'statistics' | 'unit'> = {
  unit: 'adu',
  statistics: {
    ...sampled,
    histogram: { low: 0, high: 1, counts: [1] },
    // Half of the pixels are below 1, the others up to 900.
    percentiles: Array.from({ length: 101 }, (_, i) => (i <= 50 ? i / 50 : 1 + (i - 50) * 17.98)),
    amplifiers: [{ name: 'C10', ...sampled }],
  },
};

const ticks = (display: Partial<DisplayState>, of = image) =>
  colourBarScale({ ...FIRST_DISPLAY, ...display }, of, null).ticks.map(({ text }) => text);

describe('the scale of a colour bar', () => {
  it('has the limits at its ends, linear in value, whatever the stretch', () => {
    expect(ticks({ limits: { rule: 'zscale' } })).toEqual(['−8.0', '−1.0', '6.0', '13.0', '20.0']);
    expect(ticks({ stretch: 'log', limits: manual(0, 60_000) })).toEqual([
      '0',
      '15000',
      '30000',
      '45000',
      '60000',
    ]);
    expect(ticks({ limits: manual(0.98, 1.02) })).toEqual(['0.980', '0.990', '1.000', '1.010', '1.020']);
  });

  it('is about zero where that is asked for', () => {
    expect(ticks({ limits: { rule: 'symmetric' } })).toEqual(['−20', '−10', '0', '10', '20']);
  });

  it('has no numbers where each amplifier has its own, but has them for limits by hand', () => {
    const scale = colourBarScale({ ...FIRST_DISPLAY, perAmplifier: true }, image, null);
    expect(scale).toEqual({ ticks: [], unit: 'adu', note: 'each amplifier between its own limits' });
    expect(ticks({ perAmplifier: true, limits: manual(0, 4) })).toHaveLength(5);
  });

  it('has the values of the equalized colours', () => {
    const display: DisplayState = { ...FIRST_DISPLAY, stretch: 'equalize', limits: manual(0, 900) };
    const { ticks: told, note } = colourBarScale(display, image, null);
    expect(told.map(({ text }) => text)).toEqual(['0.00', '0.50', '1.00', '451', '900']);
    expect(note).toMatch(/not evenly spaced/);
  });

  it.each([
    [Number.NaN, Number.NaN],
    [Infinity, Infinity],
    [-Infinity, 5],
  ] as const)('says that there is no value between %f and %f', (low, high) => {
    const statistics = { ...image.statistics, zscale: [low, high] as const };
    const scale = colourBarScale(FIRST_DISPLAY, { ...image, statistics }, null);
    expect(scale).toEqual({ ticks: [], unit: '', note: 'no pixel has a value' });
  });

  it('is without a unit for a ratio', () => {
    expect(colourBarScale(FIRST_DISPLAY, { ...image, unit: 'ratio' }, null).unit).toBe('');
  });
});

describe('the colours of a colour bar', () => {
  it('follow stretch, contrast and inversion', () => {
    expect(rampColours(FIRST_DISPLAY, 3)).toEqual(['rgb(0 0 0)', 'rgb(128 128 128)', 'rgb(255 255 255)']);
    expect(rampColours({ ...FIRST_DISPLAY, stretch: 'sqrt', invert: true }, 5)[1]).toBe('rgb(128 128 128)');
    expect(rampColours({ ...FIRST_DISPLAY, contrast: { bias: 0.5, contrast: 2 } }, 5)[1]).toBe('rgb(0 0 0)');
    expect(rampColours({ ...FIRST_DISPLAY, stretch: 'equalize' }, 3)[1]).toBe('rgb(128 128 128)');
  });
});
