import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Exposure } from '../../core/dataId.ts';
import { makeLedger } from '../../core/ledger.ts';
import type { LedgerOfExposure } from '../../core/nightLatency.ts';
import { nightLedgers } from './nightLedgers.ts';

const LANDED = Date.UTC(2026, 10, 23, 4, 0, 0);
const LEDGER = makeLedger({ landed: LANDED, painted: LANDED + 900 }, null);
const taken = (dayObs: number, seqNum: number) =>
  ({ exposure: dayObs * 100_000 + seqNum, dayObs, seqNum }) as Exposure;

function tab(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
    key: (index) => [...items.keys()][index] ?? null,
    get length() {
      return items.size;
    },
  };
}

/** As when the page is loaded. */
function page(storage: Storage, repository = 'OODS') {
  const ui = createStore(() => ({ latencies: [] as readonly LedgerOfExposure[] }));
  return {
    ledgers: nightLedgers(ui, repository, storage),
    seqNums: () => ui.getState().latencies.map(({ seqNum }) => seqNum),
    latencies: () => ui.getState().latencies,
  };
}

test('a reload keeps what came before it; an exposure counts once', () => {
  const storage = tab();
  const before = page(storage);
  for (const seqNum of [1, 2, 2]) before.ledgers.note(taken(20261122, seqNum), LEDGER);
  expect(before.seqNums()).toEqual([1, 2]);
  const after = page(storage);
  expect(after.latencies()).toEqual(before.latencies());
  for (const seqNum of [2, 3]) after.ledgers.note(taken(20261122, seqNum), LEDGER);
  expect(after.seqNums()).toEqual([1, 2, 3]);
  expect(page(storage, 'another').seqNums()).toEqual([]);
});

test('another night begins anew, be it by its first exposure or after a reload', () => {
  const storage = tab();
  const first = page(storage);
  first.ledgers.note(taken(20261122, 500), LEDGER);
  const later = page(storage);
  later.ledgers.begin(20261122);
  expect(later.seqNums()).toEqual([500]);
  later.ledgers.begin(20261123);
  expect(later.seqNums()).toEqual([]);
  first.ledgers.note(taken(20261123, 1), LEDGER);
  first.ledgers.note(taken(20261122, 501), LEDGER);
  expect(first.seqNums()).toEqual([1]);
  expect(page(storage).seqNums()).toEqual([1]);
});

test('no more are kept than a night has', () => {
  const storage = tab();
  storage.setItem(
    'summit-notebook.latencies',
    JSON.stringify({
      version: 1,
      value: {
        repository: 'OODS',
        ledgers: Array.from({ length: 3005 }, (_, i) => [
          ...[2026112200000 + i, 20261122, i],
          ...Array<null>(11).fill(null),
        ]),
      },
    }),
  );
  const { seqNums, ledgers } = page(storage);
  expect(seqNums()).toHaveLength(3000);
  ledgers.note(taken(20261122, 9000), LEDGER);
  expect(seqNums()).toHaveLength(3000);
  expect(seqNums().at(-1)).toBe(9000);
});

test.each(['{', '{"version":1,"value":{"repository":"OODS","ledgers":[[1]]}}', '{"version":0,"value":{}}'])(
  'what is no night is dropped: %s',
  (text) => {
    const storage = tab();
    storage.setItem('summit-notebook.latencies', text);
    expect(page(storage).seqNums()).toEqual([]);
  },
);
