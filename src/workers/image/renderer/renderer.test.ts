import { describe, expect, it } from 'vitest';
import { COLOUR_MAPS } from '../../../core/display/colourMapNames.ts';
import { colourTable, colourTables } from '../../../core/display/colourMaps.ts';
import {
  brightness,
  contrasted,
  NO_CONTRAST,
  STRETCHES,
  usableLimits,
} from '../../../core/display/stretch.ts';
import { equalizing } from '../sampled.ts';
import { binningFor, cellGrid } from './renderer.ts';

describe('brightness', () => {
  it.each(STRETCHES.filter((stretch) => stretch !== 'equalize'))(
    '%s runs from 0 to 1, rising, and is clipped outside of the limits',
    (stretch) => {
      const at = (v: number) => brightness(v, [100, 300], stretch);
      expect(at(100)).toBe(0);
      expect(at(300)).toBeCloseTo(1, 12);
      expect(at(-1e9)).toBe(0);
      expect(at(1e9)).toBeCloseTo(1, 12);
      const values = Array.from({ length: 101 }, (_, i) => at(100 + 2 * i));
      expect(values.every((v, i) => i === 0 || v > values[i - 1]!)).toBe(true);
    },
  );

  it('has the steepness of DS9', () => {
    expect(brightness(0.1, [0, 1], 'log')).toBeCloseTo(Math.log(101) / Math.log(1001), 12);
    expect(brightness(0.1, [0, 1], 'asinh')).toBeCloseTo(Math.asinh(1) / Math.asinh(10), 12);
    expect(brightness(0.25, [0, 1], 'linear')).toBe(0.25);
  });

  it('takes contrast and bias as DS9 does', () => {
    for (const t of [0, 0.3, 1]) expect(contrasted(t, NO_CONTRAST)).toBe(t);
    expect(contrasted(0.6, { bias: 0.5, contrast: 4 })).toBeCloseTo(0.9, 12);
    expect(contrasted(0.2, { bias: 0.2, contrast: 7 })).toBe(0.5);
    expect(contrasted(1, { bias: 0.5, contrast: 7 })).toBe(1);
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
    ['turbo', 63, [42, 185, 237]],
    ['magma', 128, [183, 55, 121]],
    ['plasma', 192, [248, 149, 64]],
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
    COLOUR_MAPS.forEach((name, row) => {
      expect(entry(all, row * 256 + 200)).toEqual(entry(colourTable(name), 200));
    });
  });
});

describe('equalizing', () => {
  it('is the share of the pixels below each step between the limits', () => {
    const sorted = Float32Array.from([-5, 0, 1, 1, 1, 3, 10]);
    expect([...equalizing(sorted, [0, 4], 5)]).toEqual([0, 0.2, 0.8, 0.8, 1].map((v) => Math.fround(v)));
  });

  it('of nothing is nothing', () => {
    expect([...equalizing(new Float32Array(0), [0, 1], 3)]).toEqual([0, 0, 0]);
  });
});

describe('cellGrid', () => {
  const amplifier = (name: string, x0: number, y0: number, width = 100) => ({
    name,
    box: { x0, y0, x1: x0 + width, y1: y0 + 200 },
  });

  it('puts each amplifier’s limits into its place', () => {
    const four = [
      amplifier('C11', 100, 200),
      amplifier('C10', 0, 200),
      amplifier('C00', 0, 0),
      amplifier('C01', 100, 0),
    ];
    const grid = cellGrid(four, [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 7],
    ]);
    expect(grid).toMatchObject({ columns: 2, rows: 2, cellWidth: 100, cellHeight: 200 });
    expect([...grid!.cells]).toEqual([5, 6, 7, 8, 3, 4, 1, 2]);
  });

  it('is not there for a detector of other shapes', () => {
    expect(cellGrid([amplifier('A', 0, 0), amplifier('B', 100, 0, 90)], [])).toBeUndefined();
    expect(cellGrid([], [])).toBeUndefined();
  });
});

describe('binningFor', () => {
  it('takes a level whose texels are about as large as the screen pixels', () => {
    expect([4, 1, 0.7, 0.6, 0.3, 0.225, 0.1, 0.01].map(binningFor)).toEqual([1, 1, 1, 2, 4, 4, 8, 8]);
  });
});
