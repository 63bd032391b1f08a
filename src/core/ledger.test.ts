import { expect, test } from 'vitest';
import { makeLedger, type LedgerStamps } from './ledger.ts';

const T = 1_795_363_000_000;
/** What the three clocks would stamp if all were right. */
const TRUE: Required<LedgerStamps> = {
  shutterClosed: T,
  landed: T + 2_600,
  registered: T + 3_100,
  seen: T + 3_200,
  fetched: T + 3_500,
  decoded: T + 3_700,
  reduced: T + 3_900,
  painted: T + 4_000,
};
const offset = (offsetMs: number, errorMs = 2) => ({ offsetMs, errorMs, measuredAt: T });

/** Stamps of a browser whose clock is off by so much. */
function browserOff(ms: number): LedgerStamps {
  const { shutterClosed, landed, registered, ...browser } = TRUE;
  return {
    shutterClosed,
    landed,
    registered,
    ...Object.fromEntries(Object.entries(browser).map(([k, v]) => [k, v + ms])),
  };
}

test('each stage lasts from the one before it', () => {
  const { entries, landedToPaintedMs } = makeLedger(TRUE, offset(0));
  expect(entries.map((e) => e.durationMs)).toEqual([null, 2600, 500, 100, 300, 200, 200, 100]);
  expect(entries.some((e) => e.clockFault)).toBe(false);
  expect(landedToPaintedMs).toBe(1400);
});

test.each([40_000, -40_000])('a browser clock %i ms off is brought to the server’s by its offset', (ms) => {
  expect(makeLedger(browserOff(ms), offset(-ms))).toMatchObject({
    entries: makeLedger(TRUE, null).entries,
    landedToPaintedMs: 1400,
  });
});

test('40 s that no offset explains are a clock fault: negative, never clipped, and no latency is told', () => {
  const { entries, landedToPaintedMs } = makeLedger(browserOff(-40_000), null);
  const seen = entries.find((e) => e.stage === 'seen');
  expect(seen).toMatchObject({ durationMs: -39_900, clockFault: true });
  expect(entries.filter((e) => e.clockFault)).toEqual([seen]);
  expect(landedToPaintedMs).toBeNull();
});

test('a negative stage within the offset’s error is no fault, and still negative', () => {
  const seen = (errorMs: number) =>
    makeLedger({ registered: T, seen: T - 3 }, offset(0, errorMs)).entries.find((e) => e.stage === 'seen');
  expect(seen(5)).toMatchObject({ durationMs: -3, clockFault: false });
  expect(seen(2)).toMatchObject({ durationMs: -3, clockFault: true });
});

test('the offset’s error excuses nothing between stamps that it is no part of', () => {
  const landed = makeLedger({ shutterClosed: T, landed: T - 10 }, offset(0, 500)).entries[1];
  expect(landed).toMatchObject({ durationMs: -10, clockFault: true });
  const decoded = makeLedger({ fetched: T, decoded: T - 10 }, offset(0, 500)).entries[1];
  expect(decoded).toMatchObject({ durationMs: -10, clockFault: true });
});

test('stages without a stamp are left out', () => {
  const { entries, landedToPaintedMs } = makeLedger({ shutterClosed: T, seen: T + 9 }, offset(0));
  expect(entries.map((e) => [e.stage, e.durationMs])).toEqual([
    ['shutterClosed', null],
    ['seen', 9],
  ]);
  expect(landedToPaintedMs).toBeNull();
});
