import { expect, test } from 'vitest';
import { makeLedger } from './ledger.ts';
import { latencies, latencyCsv, latencyHistogram, type LedgerOfExposure } from './nightLatency.ts';

const LANDED = Date.UTC(2026, 10, 23, 4, 0, 0);
const OFFSET = { offsetMs: 250, errorMs: 3, measuredAt: LANDED };

/** Landed, seen after a second, painted so many milliseconds after it landed; the browser is 250 ms behind. */
const taken = (seqNum: number, paintedMs: number): LedgerOfExposure => ({
  exposure: 2026112200000 + seqNum,
  dayObs: 20261122,
  seqNum,
  ledger: makeLedger({ landed: LANDED, seen: LANDED + 750, painted: LANDED + paintedMs - 250 }, OFFSET),
});

test('each stage has its median, its 95 % and its worst', () => {
  const all = Array.from({ length: 101 }, (_, i) => taken(i + 1, 1100 + 10 * i));
  expect(latencies(all)).toEqual([
    { stage: 'seen', n: 101, medianMs: 1000, p95Ms: 1000, worstMs: 1000 },
    { stage: 'painted', n: 101, medianMs: 600, p95Ms: 1050, worstMs: 1100 },
    { stage: 'landed to painted', n: 101, medianMs: 1600, p95Ms: 2050, worstMs: 2100 },
  ]);
});

test('what a clock fault makes meaningless does not count; of nothing there is nothing', () => {
  const fault = taken(1, 500);
  expect(fault.ledger.entries.at(-1)?.clockFault).toBe(true);
  expect(latencies([fault]).map(({ stage }) => stage)).toEqual(['seen', 'landed to painted']);
  expect(latencies([])).toEqual([]);
});

test('how many took how long, in bins of a round width', () => {
  const all = [1010, 1020, 1030, 1060, 1200].map((ms, i) => taken(i + 1, ms));
  const { binMs, middlesMs, counts } = latencyHistogram(all, 'landed to painted');
  expect(binMs).toBe(20);
  expect(middlesMs[0]).toBe(1010);
  expect(middlesMs.at(-1)).toBe(1210);
  expect(counts).toEqual([1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 1]);
  expect(latencyHistogram(all, 'painted').counts.reduce((sum, n) => sum + n, 0)).toBe(5);
});

test('one that waited for long makes no endless axis; one alone, and none, are drawn too', () => {
  const all = [...Array.from({ length: 99 }, (_, i) => taken(i + 1, 1000 + i)), taken(100, 600_000)];
  const { binMs, counts } = latencyHistogram(all, 'landed to painted');
  expect(binMs).toBe(10_000);
  expect(counts.length).toBeLessThanOrEqual(80);
  expect([counts[0], counts.at(-1)]).toEqual([99, 1]);
  expect(latencyHistogram([taken(1, 1600)], 'landed to painted')).toEqual({
    binMs: 1,
    middlesMs: [1600.5],
    counts: [1],
  });
  expect(latencyHistogram([], 'landed to painted').counts).toEqual([]);
});

test('the table has a line for each exposure, with times of the server’s clock', () => {
  expect(latencyCsv([taken(7, 1600)]).split('\r\n')).toEqual([
    'exposure,day_obs,seq_num,shutterClosed_utc,landed_utc,registered_utc,seen_utc,fetched_utc,decoded_utc,reduced_utc,painted_utc,landed_to_painted_ms,server_minus_browser_ms,offset_error_ms,clock_fault',
    '2026112200007,20261122,7,,2026-11-23T04:00:00.000Z,,2026-11-23T04:00:01.000Z,,,,2026-11-23T04:00:01.600Z,1600,250,3,false',
    '',
  ]);
});
