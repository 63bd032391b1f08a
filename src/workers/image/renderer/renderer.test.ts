import { describe, expect, it } from 'vitest';
import { COLOUR_MAP_ROWS, colourTable, colourTables } from './colourMaps.ts';
import { binningFor } from './renderer.ts';
import { brightness, STRETCHES, usableLimits } from './stretch.ts';

describe('brightness', () => {
  it.each(STRETCHES)('%s runs from 0 to 1, rising, and is clipped outside of the limits', (stretch) => {
    const at = (v: number) => brightness(v, [100, 300], stretch);
    expect(at(100)).toBe(0);
    expect(at(300)).toBeCloseTo(1, 12);
    expect(at(-1e9)).toBe(0);
    expect(at(1e9)).toBeCloseTo(1, 12);
    const values = Array.from({ length: 101 }, (_, i) => at(100 + 2 * i));
    expect(values.every((v, i) => i === 0 || v > values[i - 1]!)).toBe(true);
  });

  it('has the steepness of DS9', () => {
    expect(brightness(0.1, [0, 1], 'log')).toBeCloseTo(Math.log(101) / Math.log(1001), 12);
    expect(brightness(0.1, [0, 1], 'asinh')).toBeCloseTo(Math.asinh(1) / Math.asinh(10), 12);
    expect(brightness(0.25, [0, 1], 'linear')).toBe(0.25);
  });

  it('never divides by nothing', () => {
    expect(usableLimits([5, 5])).toEqual([5, 6]);
    expect(usableLimits([9, 5])).toEqual([9, 10]);
    expect(usableLimits([Number.NaN, Number.NaN])).toEqual([0, 1]);
    expect(usableLimits([1, 2])).toEqual([1, 2]);
  });
});

describe('colour maps', () => {
  const entry = (table: Uint8Array, i: number) => [...table.subarray(i * 4, i * 4 + 4)];

  // Entries of matplotlib 3.11's tables that are no knots here, read off them.
  it.each([
    ['viridis', 64, [59, 82, 139]],
    ['viridis', 254, [251, 231, 35]],
    ['inferno', 64, [87, 16, 110]],
    ['cividis', 64, [67, 78, 108]],
    ['viridis', 100, [42, 118, 142]],
    ['cividis', 200, [196, 180, 104]],
  ] as const)('%s entry %d is that of matplotlib', (name, i, rgb) => {
    const [r, g, b, a] = entry(colourTable(name), i);
    expect(Math.max(Math.abs(r! - rgb[0]), Math.abs(g! - rgb[1]), Math.abs(b! - rgb[2]))).toBeLessThanOrEqual(
      1,
    );
    expect(a).toBe(255);
  });

  it('grey is the identity, and the tables lie in the order of the rows', () => {
    expect(entry(colourTable('grey'), 77)).toEqual([77, 77, 77, 255]);
    const all = colourTables();
    COLOUR_MAP_ROWS.forEach((name, row) => {
      expect(entry(all, row * 256 + 200)).toEqual(entry(colourTable(name), 200));
    });
  });
});

describe('binningFor', () => {
  it('takes a level whose texels are about as large as the screen pixels', () => {
    expect([4, 1, 0.7, 0.6, 0.3, 0.225, 0.1, 0.01].map(binningFor)).toEqual([1, 1, 1, 2, 4, 4, 8, 8]);
  });
});
