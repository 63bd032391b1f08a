import { expect, test } from 'vitest';
import { packedLedgers, unpackedLedgers } from './keptLedgers.ts';
import { makeLedger } from './ledger.ts';

const LANDED = Date.UTC(2026, 10, 23, 4, 0, 0);
const ALL = [
  {
    exposure: 2026112200007,
    dayObs: 20261122,
    seqNum: 7,
    ledger: makeLedger(
      { shutterClosed: LANDED - 2000, landed: LANDED, seen: LANDED + 750, painted: LANDED + 1350 },
      { offsetMs: 250, errorMs: 3, measuredAt: LANDED },
    ),
  },
  {
    exposure: 2026112200008,
    dayObs: 20261122,
    seqNum: 8,
    // The camera's clock is ahead: a fault stays one.
    ledger: makeLedger({ shutterClosed: LANDED + 20_000, landed: LANDED }, null),
  },
];

test('ledgers come back as they were, with offsets and clock faults', () => {
  const text = JSON.stringify(packedLedgers(ALL));
  expect(text.length).toBeLessThan(400);
  expect(unpackedLedgers(JSON.parse(text))).toEqual(ALL);
});

test.each([
  undefined,
  null,
  'x',
  {},
  [1],
  [[1, 2, 3]],
  [[...packedLedgers(ALL)[0]!.slice(0, -1), 'later']],
  [...packedLedgers(ALL), [null, 20261122, 9, ...Array<null>(11).fill(null)]],
])('nothing comes of %j', (value) => {
  expect(unpackedLedgers(value)).toEqual([]);
});
