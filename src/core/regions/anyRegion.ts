/** For tests: regions of every kind, about an image of a few dozen pixels, many of them on pixel centres and borders. */
import fc from 'fast-check';
import { COLOUR_NAMES } from './palette.ts';
import { printableLabel, type Region } from './region.ts';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
/** Halves and quarters meet pixel centres and borders exactly. */
const coordinate = fc.oneof(
  number(-20, 60),
  fc.integer({ min: -40, max: 120 }).map((n) => n / 2),
);
const place = fc.record({ x: coordinate, y: coordinate });
const size = fc.oneof(
  number(0.05, 40),
  fc.integer({ min: 1, max: 120 }).map((n) => n / 4),
);
const angleDeg = fc.oneof(number(-400, 400), fc.constantFrom(0, 90, 45, -90, 180, 30));

const shape = fc.oneof(
  fc.record({ kind: fc.constant('point' as const), centre: place }),
  fc.record({
    kind: fc.constant('line' as const),
    from: place,
    to: place,
    widthPx: fc.oneof(fc.constantFrom(0, 1), size),
  }),
  fc.record({ kind: fc.constant('circle' as const), centre: place, radiusPx: size }),
  fc.record({
    kind: fc.constant('ellipse' as const),
    centre: place,
    semiMajorPx: size,
    semiMinorPx: size,
    angleDeg,
  }),
  fc.record({ kind: fc.constant('box' as const), centre: place, widthPx: size, heightPx: size, angleDeg }),
  fc.record({
    kind: fc.constant('polygon' as const),
    vertices: fc.array(place, { minLength: 3, maxLength: 12 }),
  }),
  fc
    .record({ centre: place, innerPx: fc.oneof(fc.constant(0), size), ringPx: size })
    .map(({ centre, innerPx, ringPx }) => ({
      kind: 'annulus' as const,
      centre,
      innerPx,
      outerPx: innerPx + ringPx,
    })),
);

export const anyRegion: fc.Arbitrary<Region> = fc
  .record({
    shape,
    id: fc.constantFrom('a', 'r7'),
    label: fc.oneof(fc.constantFrom('', 'star (1)'), fc.string({ unit: 'grapheme' })).map(printableLabel),
    colour: fc.constantFrom(...COLOUR_NAMES),
  })
  .map(({ shape: of, ...common }) => ({ ...of, ...common }));
