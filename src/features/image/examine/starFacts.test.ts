import { expect, it } from 'vitest';
import type { Examined } from '../imageState.ts';
import { examinedCsv } from './starFacts.ts';

it('saves a line for each star that was measured, with every line ended', () => {
  const star = { x: 12.5, y: 7, xError: NaN, unit: '=adu', moffat: null, sky: { level: -3, sigma: 2 } };
  const examined = [{ exposure: { exposure: 2026112200007 }, star }, { star: null }];
  const lines = examinedCsv(examined as unknown as readonly Examined[]).split('\r\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^exposure,x_px,x_error_px,/);
  expect(lines[1]).toMatch(/^2026112200007,12\.5,,7,/);
  expect(lines[1]).toContain(",'=adu,");
  expect(lines[2]).toBe('');
});
