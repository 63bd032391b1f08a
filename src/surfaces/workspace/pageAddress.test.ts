import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCKS } from '../../core/camera/lock.ts';
import { BLINK_SECONDS, COMPARE_MODES } from '../../features/image/compare/compareStore.ts';
import { LONGEST_SEARCH, STEPS } from '../viewState.ts';
import { FIRST_PAGE_STATE, pageStateFromQuery, writePageState, type PageState } from './pageAddress.ts';

const read = (search: string) => pageStateFromQuery(search, () => 'id');

const anyState: fc.Arbitrary<PageState> = fc.record({
  regions: fc.array(
    fc.record({
      kind: fc.constant('circle' as const),
      centre: fc.record({ x: fc.integer({ min: -9, max: 5000 }), y: fc.integer({ min: -9, max: 5000 }) }),
      radiusPx: fc.integer({ min: 1, max: 900 }),
      id: fc.constant('id'),
      colour: fc.constantFrom('green' as const, 'red' as const),
      label: fc.constantFrom('', 'a star; brighter, *really* 100%'),
    }),
    { maxLength: 5 },
  ),
  compare: fc.option(
    fc.record({
      mode: fc.constantFrom(...COMPARE_MODES),
      others: fc.array(
        fc.oneof(
          fc.constant({ kind: 'previous' as const }),
          fc.constantFrom(...STEPS).map((step) => ({ kind: 'without' as const, step })),
          fc.nat(2_026_112_299_999).map((exposure) => ({ kind: 'exposure' as const, exposure })),
        ),
        { minLength: 1, maxLength: 8 },
      ),
    }),
  ),
  lock: fc.constantFrom(...LOCKS),
  matched: fc.boolean(),
  blinkSeconds: fc.constantFrom(...BLINK_SECONDS),
  range: fc.constantFrom('15 min', '1 h', 'night'),
});

describe('what lies on and beside the image, in an address', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const query = new URLSearchParams('exposure=5&regions=p1,2&compare=tile,prev&efd=night');
        writePageState(query, state);
        expect(query.get('exposure')).toBe('5');
        expect(read(`?${query}`)).toEqual({ state, problems: [] });
      }),
    );
  });

  it('is nothing at first', () => {
    const query = new URLSearchParams('regions=p1,2&compare=tile,prev&blink=2&efd=night');
    writePageState(query, FIRST_PAGE_STATE);
    expect(String(query)).toBe('');
  });

  it.each([
    ['compare=sideways,prev', 'compare=sideways'],
    ['compare=tile,<script>', 'compare=<script>'],
    ['compare=tile,-sauce', 'compare=-sauce'],
    ['blink=0', 'blink=0'],
    ['match=maybe', 'match=maybe'],
    ['compare=tile,9999999999999999', 'compare=9999999999999999'],
    ['lock=__proto__', 'lock=__proto__'],
    ['efd=constructor', 'efd=constructor'],
    ['regions=javascript:alert(1)', 'regions=javascript:alert(1)'],
  ])('%s is left out and named', (search, named) => {
    const { state, problems } = read(`?${search}`);
    expect(state).toEqual(FIRST_PAGE_STATE);
    expect(problems).toEqual([`The address’s ${named} is not known and was left out.`]);
  });

  it('names a few of many unknown regions, and keeps the rest', () => {
    const { state, problems } = read('?regions=x;y;z;u;v;p5,6');
    expect(state.regions).toHaveLength(1);
    expect(problems).toHaveLength(4);
    expect(problems.at(-1)).toBe('2 more regions of the address are not known.');
  });

  it('of any text is a state', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (regions, compare, blink, efd) => {
        const { state } = read(`?${new URLSearchParams({ regions, compare, blink, efd })}`);
        const query = new URLSearchParams();
        writePageState(query, state);
        expect(read(`?${query}`).state).toEqual(state);
      }),
    );
  });

  it('stays within what servers take, and says nothing of an address that does not', () => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      kind: 'polygon' as const,
      vertices: Array.from({ length: 40 }, (_v, k) => ({ x: i + k / 3, y: k * 7.123 })),
      id: 'id',
      colour: 'green' as const,
      label: 'a label, of some length',
    }));
    const query = new URLSearchParams();
    writePageState(query, { ...FIRST_PAGE_STATE, regions: many });
    expect(`?${query}`.length).toBeLessThanOrEqual(LONGEST_SEARCH);
    expect(read(`?${query}`).state.regions.length).toBeGreaterThan(2);
    expect(read(`?regions=${'p1,2;'.repeat(5000)}`).state).toBe(FIRST_PAGE_STATE);
  });
});
