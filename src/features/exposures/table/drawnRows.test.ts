import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextDrawn, rowsAtOnce } from './drawnRows.ts';

const range = fc.tuple(fc.nat(1000), fc.nat(60)).map(([begin, length]) => ({ begin, end: begin + length }));

test('each step adds no more rows than it may, and all are there in the end', () => {
  fc.assert(
    fc.property(range, range, fc.integer({ min: 1, max: 20 }), (from, wanted, limit) => {
      let drawn = from;
      const frames = Math.ceil((wanted.end - wanted.begin) / limit) + 1;
      for (let frame = 0; frame < frames; frame++) {
        const next = nextDrawn(drawn, wanted, limit);
        const fresh = Array.from({ length: next.end - next.begin }, (_, i) => next.begin + i).filter(
          (row) => row < drawn.begin || row >= drawn.end,
        );
        expect(fresh.length).toBeLessThanOrEqual(limit);
        expect(next.begin).toBeGreaterThanOrEqual(wanted.begin);
        expect(next.end).toBeLessThanOrEqual(wanted.end);
        drawn = next;
      }
      if (wanted.end > wanted.begin) expect(drawn).toEqual(wanted);
      expect(nextDrawn(drawn, wanted, limit)).toEqual(drawn);
    }),
  );
});

test('more columns are fewer rows at once, some at any rate', () => {
  expect(rowsAtOnce(17)).toBe(8);
  expect(rowsAtOnce(25)).toBe(6);
  expect(rowsAtOnce(1000)).toBe(4);
});
