import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BINS } from '../core/display/binning.ts';
import { COLOUR_MAPS } from '../core/display/colourMapNames.ts';
import { STRETCHES } from '../core/display/stretch.ts';
import { PERCENTS } from '../features/image/displayState.ts';
import { lookOf } from '../features/image/maskLooks.ts';
import { FIRST_VIEW_STATE, type ViewState, viewStateFromQuery } from './viewState.ts';
import { writeViewState } from './writeViewState.ts';

const written = (state: ViewState): string => {
  const query = new URLSearchParams();
  writeViewState(query, state);
  return `?${query}`;
};

const decimal = (min: number, max: number) =>
  fc.integer({ min: min * 100, max: max * 100 }).map((n) => n / 100);

const anyState: fc.Arbitrary<ViewState> = fc.record({
  isr: fc.record({
    recipe: fc.constantFrom('rapid', 'full'),
    overscan: fc.constantFrom('median-per-row', 'mean', 'spline'),
    switched: fc.dictionary(fc.constantFrom('bias', 'dark', 'gain', 'cosmic-rays'), fc.boolean(), {
      noNullPrototype: true,
    }),
    untrimmed: fc.boolean(),
  }),
  display: fc.record({
    stretch: fc.constantFrom(...STRETCHES),
    limits: fc.oneof(
      fc.constant({ rule: 'zscale' as const }),
      fc.constant({ rule: 'minmax' as const }),
      fc.constant({ rule: 'symmetric' as const }),
      fc.record({ rule: fc.constant('percentile' as const), percent: fc.constantFrom(...PERCENTS) }),
      fc.record({ rule: fc.constant('sigma' as const), sigmas: decimal(0.5, 20) }),
      fc.tuple(decimal(-900, 0), decimal(0, 900)).map((limits) => ({ rule: 'manual' as const, limits })),
    ),
    perAmplifier: fc.boolean(),
    contrast: fc.record({ bias: decimal(0, 1), contrast: decimal(0.1, 9) }),
    colourMap: fc.constantFrom(...COLOUR_MAPS),
    invert: fc.boolean(),
    orientation: fc.record({ rotationDeg: fc.integer({ min: 0, max: 359 }), mirrored: fc.boolean() }),
    smoothSigmaPx: fc.oneof(fc.constant(0), decimal(0.5, 9.9)),
    bin: fc.constantFrom(...BINS),
  }),
  view: fc.oneof(
    fc.constant('fit' as const),
    fc.record({
      centre: fc.record({ x: decimal(0, 4000), y: decimal(0, 4000) }),
      devicePixelsPerPixel: decimal(0.1, 60),
      rotationDeg: fc.constant(0),
      mirrored: fc.constant(false),
    }),
  ),
  overlays: fc.record({
    amplifiers: fc.boolean(),
    pixelGrid: fc.boolean(),
    mask: fc.boolean(),
    compass: fc.boolean(),
    skyGrid: fc.boolean(),
    marks: fc.boolean(),
    sources: fc.boolean(),
    panner: fc.boolean(),
    magnifier: fc.boolean(),
  }),
  // A plane that looks as at first is not in the address.
  maskLooks: fc
    .dictionary(
      fc.constantFrom('BAD', 'SAT', 'CR', 'SPIKE_2'),
      fc.record({
        visible: fc.boolean(),
        colour: fc.constantFrom('#ff4d4d', '#00ff7f', '#ffffff'),
        opacity: fc.constantFrom(0, 0.05, 0.6, 1),
      }),
      { noNullPrototype: true },
    )
    .map((looks) =>
      Object.fromEntries(
        Object.entries(looks).filter(
          ([plane, look]) => JSON.stringify(look) !== JSON.stringify(lookOf({}, plane)),
        ),
      ),
    ),
});

describe('the state in an address', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        expect(viewStateFromQuery(written(state))).toEqual({ state, problems: [] });
      }),
    );
  });

  it('is not there as long as nothing was changed, and leaves other parameters alone', () => {
    expect(written(FIRST_VIEW_STATE)).toBe('?');
    const query = new URLSearchParams('?exposure=1&stretch=log&repository=OODS');
    writeViewState(query, FIRST_VIEW_STATE);
    expect(query.toString()).toBe('exposure=1&repository=OODS');
  });

  it.each([
    ['stretch=evil', 'stretch=evil'],
    ['limits=9..1', 'limits=9..1'],
    ['limits=p97', 'limits=p97'],
    ['limits=NaN..Infinity', 'limits=NaN..Infinity'],
    ['limits=0x10..0x20', 'limits=0x10..0x20'],
    ['isr=rapid,-assemble', 'isr=rapid,-assemble'],
    ['isr=%3Cscript%3Ealert(1)%3C/script%3E', 'isr=<script>alert(1)</script>'],
    ['view=1,2', 'view=1,2'],
    ['view=1,2,1e9', 'view=1,2,1e9'],
    ['turn=400', 'turn=400'],
    ['contrast=0.5,1000', 'contrast=0.5,1000'],
    ['map=__proto__', 'map=__proto__'],
    ['over=amp,constructor', 'over=amp,constructor'],
    ['amp=yes', 'amp=yes'],
    ['smooth=0.1', 'smooth=0.1'],
    ['smooth=1e9', 'smooth=1e9'],
    ['bin=3', 'bin=3'],
    ['planes=__proto__*ff0000', 'planes=__proto__*ff0000'],
    ['planes=constructor', 'planes=constructor'],
    ['planes=SAT*red', 'planes=SAT*red'],
    ['planes=SAT*ff0000*2', 'planes=SAT*ff0000*2'],
    ['planes=SAT*ff0000*0.5*more', 'planes=SAT*ff0000*0.5*more'],
    [`planes=${'A,'.repeat(32)}A`, `planes=${'A,'.repeat(20)}…`],
    ['planes=BAD,<img src=x onerror=alert(1)>', 'planes=BAD,<img src=x onerror=alert(1)>'],
    ['map=%E2%80%AEviridis%00', 'map=?viridis?'],
  ])('%s is left out and named; the rest counts', (bad, named) => {
    const { state, problems } = viewStateFromQuery(`?${bad}&invert=1`);
    expect(state).toEqual({
      ...FIRST_VIEW_STATE,
      display: { ...FIRST_VIEW_STATE.display, invert: true },
    });
    expect(problems).toEqual([`The address’s ${named} is not known and was left out.`]);
  });

  it('never throws, whatever it is', () => {
    const name = fc.constantFrom(
      'isr',
      'limits',
      'view',
      'turn',
      'contrast',
      'over',
      'stretch',
      'map',
      'smooth',
      'bin',
      'planes',
    );
    fc.assert(
      fc.property(name, fc.string({ maxLength: 200 }), (key, value) => {
        const { state, problems } = viewStateFromQuery(`?${new URLSearchParams({ [key]: value })}`);
        expect(problems.length === 1 || viewStateFromQuery(written(state)).problems.length === 0).toBe(true);
      }),
    );
  });

  it('has an end', () => {
    const { state, problems } = viewStateFromQuery(`?stretch=log&x=${'1'.repeat(9000)}`);
    expect(state).toBe(FIRST_VIEW_STATE);
    expect(problems[0]).toMatch(/8192/);
  });
});
