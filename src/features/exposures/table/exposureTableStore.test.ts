import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ColumnId } from '../../../core/exposureColumns.ts';
import { createClock } from '../../../services/clock.ts';
import { createExposureTableClient } from '../../../services/butler/exposureTable.ts';
import { createServiceHttp } from '../../../services/serviceHttp.ts';
import { createTableApi } from '../../../workers/table/tableApi.ts';
import { createExposureTableStore, isFiltered, selectedRange } from './exposureTableStore.ts';
import { DEFAULT_COLUMNS } from './tableColumns.ts';

const NIGHT = 20261122;
const idOf = (seqNum: number) => NIGHT * 100_000 + seqNum;

function answer(seqNums: readonly number[], more: object = {}) {
  return {
    version: 1,
    asOfUnixMs: 1000,
    reset: false,
    rows: seqNums.length,
    columns: {
      exposure: seqNums.map(idOf),
      dayObs: seqNums.map(() => NIGHT),
      seqNum: seqNums,
      airmass: seqNums.map((n) => (n % 2 === 0 ? null : n / 10)),
    },
    removed: [],
    ...more,
  };
}
const upTo = (newest: number) => Array.from({ length: newest }, (_, i) => newest - i);

/** The real worker's api on a service that gives these answers, then none that is new. */
async function opened(answers: unknown[], parts: { keptColumns?: unknown; at?: number } = {}) {
  const asked: string[] = [];
  const api = createTableApi((url) => {
    asked.push(url);
    const next = answers.shift() ?? answer([], { version: 99, asOfUnixMs: 5000 });
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(new Response(JSON.stringify(next)));
  });
  await api.start({ tableUrl: 'https://hub/table' });
  const kept: (readonly ColumnId[])[] = [];
  const http = createServiceHttp({
    prefix: '/',
    cookies: () => '',
    fetch: () => Promise.reject(new Error()),
  });
  const client = createExposureTableClient({ call: (act) => act(api) }, 'OODS');
  const rows = vi.spyOn(client, 'rows');
  const store = createExposureTableStore({
    client,
    clock: createClock(http, () => 0),
    keptColumns: parts.keptColumns,
    onColumns: (columns) => kept.push(columns),
  });
  const closed = new AbortController();
  opens.push(closed);
  store.setVisible({ begin: 0, end: 30 });
  store.start(closed.signal, parts.at ?? null);
  await settle();
  const state = () => store.getState();
  const shown = (index: number) => state().rows.get(index)?.exposure;
  return { store, state, shown, kept, asked, rows, closed, client };
}
const settle = () => vi.advanceTimersByTimeAsync(10);
const poll = () => vi.advanceTimersByTimeAsync(5_000);
const opens: AbortController[] = [];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const open of opens.splice(0)) open.abort();
  vi.useRealTimers();
});

describe('rows', () => {
  test('are those about the screen, and no more', async () => {
    const { store, state, shown, rows } = await opened([answer(upTo(5000))]);
    expect(state()).toMatchObject({ received: true, count: 5000, total: 5000, error: null });
    expect([shown(0), shown(29)]).toEqual([idOf(5000), idOf(4971)]);
    store.setVisible({ begin: 3000, end: 3030 });
    await settle();
    expect([shown(3000), shown(3029), shown(0)]).toEqual([idOf(2000), idOf(1971), undefined]);
    const calls = rows.mock.calls.length;
    const held = state().rows;
    store.setVisible({ begin: 3004, end: 3034 });
    await settle();
    expect(rows.mock.calls).toHaveLength(calls);
    store.setVisible({ begin: 3090, end: 3120 });
    await settle();
    expect(rows.mock.calls.length).toBeGreaterThan(calls);
    // The same object: what is drawn is not drawn again.
    expect(state().rows.get(3100)).toBe(held.get(3100));
    expect(state().rows.size).toBeLessThan(1000);
  });

  test('a failure is told and the rows stay; the next good answer ends it', async () => {
    const { state, shown } = await opened([answer(upTo(3)), new TypeError('offline')]);
    await poll();
    expect(state().error?.tag).toBe('Unreachable');
    expect(shown(0)).toBe(idOf(3));
    await poll();
    expect(state()).toMatchObject({ error: null, asOf: 5000, count: 3 });
  });

  test('nothing is said to be there or missing before the first answer', async () => {
    const { store, state } = await opened([new TypeError('offline'), answer([])]);
    store.setWords('bias');
    await settle();
    expect(state()).toMatchObject({ received: false, count: 0 });
    expect(state().error).not.toBeNull();
    await poll();
    await settle();
    expect(state()).toMatchObject({ received: true, count: 0, total: 0, error: null });
  });

  test('of a worker that was started again wait for its view', async () => {
    const { store, rows, state } = await opened([answer(upTo(5000))]);
    rows.mockImplementation(({ begin }) => {
      if (rows.mock.calls.length > 20) throw new Error('asked over and over');
      return Promise.resolve({ revision: 0, begin, end: begin, exposures: [], cells: [] });
    });
    store.setVisible({ begin: 3000, end: 3030 });
    await settle();
    expect(rows).toHaveBeenCalledTimes(1);
    expect(state().error).toBeNull();
  });

  test('a closed table asks no more', async () => {
    const { asked, closed } = await opened([answer(upTo(3))]);
    await poll();
    expect(asked).toEqual(['https://hub/table', 'https://hub/table?since=1']);
    closed.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(2);
  });
});

describe('the cursor', () => {
  test('begins at the exposure that the page shows', async () => {
    const { state } = await opened([answer(upTo(5000))], { at: idOf(2000) });
    expect(state().cursor).toEqual({ index: 3000, exposure: idOf(2000) });
    expect(state().scroll).toEqual({ to: 3000 });
  });

  test('does not jump to that exposure when it comes later', async () => {
    const { state } = await opened([answer(upTo(100)), answer([101], { version: 2 })], { at: idOf(101) });
    await poll();
    expect(state()).toMatchObject({ count: 101, cursor: null });
  });

  test('and the selection stay on their exposures when rows come, and so does the screen', async () => {
    const { store, state } = await opened([
      answer(upTo(100)),
      answer([103, 102, 101], { version: 2, removed: [idOf(97)] }),
    ]);
    store.moveTo(5, false);
    store.moveTo(8, true);
    expect(selectedRange(state())).toEqual({ begin: 5, end: 9 });
    await poll();
    expect(state().cursor).toEqual({ index: 10, exposure: idOf(92) });
    expect(state().anchor).toEqual({ index: 7, exposure: idOf(95) });
    expect(state().scroll).toEqual({ by: 2 });
    expect(state().newAbove).toBe(2);
    store.setVisible({ begin: 0, end: 30 });
    expect(state().newAbove).toBe(0);
  });

  test('off the screen leaves the screen to its top row', async () => {
    const { store, state } = await opened([
      answer(upTo(500)),
      answer([502, 501], { version: 2, removed: [idOf(300)] }),
      answer([503], { version: 3, removed: [idOf(301)] }),
    ]);
    store.moveTo(2, false);
    store.setVisible({ begin: 300, end: 330 });
    await settle();
    await poll();
    expect(state().cursor).toEqual({ index: 4, exposure: idOf(498) });
    const { scroll } = state();
    expect(scroll).toEqual({ by: 1 });
    store.setVisible({ begin: 301, end: 331 });
    await poll();
    // One more above, one less: the row at the top of the screen is where it was.
    expect(state().scroll).toBe(scroll);
    expect(state().rows.get(301)?.exposure).toBe(idOf(200));
  });

  test('that moves while a view is on its way is not set back', async () => {
    const { store, state, client } = await opened([answer(upTo(100)), answer([101], { version: 2 })]);
    store.moveTo(5, false);
    const view = client.view.bind(client);
    vi.spyOn(client, 'view').mockImplementation(async (request) => {
      const answered = await view(request);
      store.moveTo(9, false);
      return answered;
    });
    await poll();
    expect(state().cursor).toEqual({ index: 10, exposure: idOf(91) });
  });

  test('goes to the ends and no further, and learns its exposure when the row comes', async () => {
    const { store, state } = await opened([answer(upTo(5000))]);
    store.moveTo(1e9, false);
    expect(state().cursor).toEqual({ index: 4999, exposure: null });
    store.setVisible({ begin: 4970, end: 5000 });
    await settle();
    expect(state().cursor).toEqual({ index: 4999, exposure: idOf(1) });
    store.moveTo(-3, false);
    expect(state().cursor?.index).toBe(0);
  });

  test('has no place where its exposure is filtered out', async () => {
    const { store, state } = await opened([answer(upTo(10))]);
    store.moveTo(3, false);
    store.setFilter('seqNum', '!7');
    await settle();
    expect(state()).toMatchObject({ cursor: null, anchor: null, count: 9, scroll: { to: 0 } });
    expect(selectedRange(state())).toEqual({ begin: 0, end: 0 });
  });

  test('copies what is selected, all of it too', async () => {
    const { store } = await opened([answer(upTo(3))], { keptColumns: ['seqNum', 'airmass'] });
    store.moveTo(0, false);
    store.moveTo(1, true);
    expect(await store.copied()).toBe('3\t0.3\n2\t');
    store.selectAll();
    expect(await store.copied()).toBe('3\t0.3\n2\t\n1\t0.1');
    store.moveTo(2, false);
    store.collapse();
    expect(await store.copied()).toBe('1\t0.1');
  });
});

describe('queries', () => {
  test('a click sorts up, down and not at all; with shift it adds a key', async () => {
    const { store, state } = await opened([answer(upTo(4))]);
    const up = (column: ColumnId) => ({ column, descending: false });
    const down = (column: ColumnId) => ({ column, descending: true });
    const sorts: unknown[] = [];
    for (const [column, add] of [
      ['airmass', false],
      ['seqNum', true],
      ['airmass', true],
      ['airmass', true],
      ['seqNum', false],
      ['seqNum', false],
      ['airmass', false],
      ['dayObs', false],
    ] as const) {
      store.sortBy(column, add);
      sorts.push(state().query.sort);
    }
    expect(sorts).toEqual([
      [up('airmass')],
      [up('airmass'), up('seqNum')],
      [down('airmass'), up('seqNum')],
      [up('seqNum')],
      [down('seqNum')],
      [],
      [up('airmass')],
      [up('dayObs')],
    ]);
  });

  test('of which several are typed quickly end at the last', async () => {
    const { store, state, client } = await opened([answer(upTo(30))]);
    const view = vi.spyOn(client, 'view');
    for (const typed of ['1', '1.', '1..', '1..2', '1..20']) store.setFilter('seqNum', typed);
    await settle();
    expect(state()).toMatchObject({ count: 20, problems: {} });
    expect(view.mock.calls.length).toBeLessThan(4);
  });

  test('begin at the top, whatever else is asked meanwhile', async () => {
    const { store, state } = await opened([answer(upTo(5000))]);
    store.setVisible({ begin: 3000, end: 3030 });
    await settle();
    store.setFilter('seqNum', '>1');
    await settle();
    const scrolls = new Set<unknown>();
    store.subscribe(({ scroll }) => scrolls.add(scroll));
    store.setFilter('seqNum', '>2');
    store.setFilter('seqNum', '>3');
    store.setColumns(['seqNum']);
    await settle();
    // What was before, the first of the filters, and the last with the columns.
    expect(scrolls.size).toBe(3);
    expect(state()).toMatchObject({ scroll: { to: 0 }, count: 4997, shownColumns: ['seqNum'] });
    expect(state().rows.get(0)?.exposure).toBe(idOf(5000));
  });

  test('can be cleared; what they say of the table is kept apart', async () => {
    const { store, state } = await opened([answer(upTo(10))]);
    store.setNight(20250101);
    store.setWords('x');
    store.setFilter('airmass', '>>');
    await settle();
    expect(isFiltered(state().query)).toBe(true);
    expect(state()).toMatchObject({ count: 0, total: 10, nights: [{ dayObs: NIGHT, exposures: 10 }] });
    expect(state().problems.airmass).toContain('>>');
    store.clearFilters();
    await settle();
    expect(isFiltered(state().query)).toBe(false);
    expect(state()).toMatchObject({ count: 10, problems: {} });
  });
});

describe('columns', () => {
  test('come back as they were kept, the default for anything else', async () => {
    const of = async (keptColumns: unknown) => (await opened([], { keptColumns })).state().columns;
    expect(await of(['airmass', 'seqNum'])).toEqual(['airmass', 'seqNum']);
    expect(await of(['airmass', 'gone', 7, 'airmass', '__proto__'])).toEqual(['airmass']);
    for (const bad of [undefined, null, [], ['gone'], 'airmass', { 0: 'airmass' }]) {
      expect(await of(bad)).toEqual(DEFAULT_COLUMNS);
    }
  });

  test('change together with their rows, and are told to whoever keeps them', async () => {
    const { store, state, kept } = await opened([answer(upTo(3))]);
    store.moveTo(1, false);
    store.setColumns(['airmass', 'seqNum']);
    expect(state().shownColumns).toEqual(DEFAULT_COLUMNS);
    await settle();
    expect(state().shownColumns).toEqual(['airmass', 'seqNum']);
    expect(state().rows.get(0)?.cells).toEqual([0.3, 3]);
    expect(state().cursor?.index).toBe(1);
    expect(await (await store.csv()).text()).toBe('airmass,seqNum\r\n0.3,3\r\n,2\r\n0.1,1\r\n');
    store.resetColumns();
    expect(kept).toEqual([['airmass', 'seqNum'], DEFAULT_COLUMNS]);
  });

  test('that are taken away no longer filter or sort', async () => {
    const { store, state } = await opened([answer(upTo(10))]);
    store.setFilter('airmass', 'known');
    store.setFilter('seqNum', '>2');
    store.sortBy('airmass', false);
    await settle();
    expect(state().count).toBe(4);
    store.setColumns(['seqNum']);
    await settle();
    expect(state().query).toMatchObject({ filters: { seqNum: '>2' }, sort: [] });
    expect(state().count).toBe(8);
  });
});
