import { expect, test } from 'vitest';
import { stripCsv, stripFileName } from './stripCsv.ts';
import type { StripData } from './telemetryStore.ts';

const BEGIN = Date.UTC(2026, 10, 23, 4, 0, 0);
const series = (name: string, times: readonly number[], values: readonly number[]) => ({
  name,
  unit: 'arcsec',
  originUnixMs: BEGIN,
  timesMs: Float64Array.from(times),
  values: Float64Array.from(values),
  newest: null,
});
const DATA: StripData = {
  range: '15 min',
  begin: BEGIN,
  end: BEGIN + 900_000,
  azimuth: series('az', [0, 1000.25], [0.5, Number.NaN]),
  elevation: series('el', [500], [-0.25]),
  seeing: series('dimm', [], []),
};

test('each point has its time in UTC and its value in arcsec; a gap is empty', () => {
  expect(stripCsv(DATA).split('\r\n')).toEqual([
    'series,time (UTC),value (arcsec)',
    'mount error azimuth x cos elevation,2026-11-23T04:00:00.000Z,0.5',
    'mount error azimuth x cos elevation,2026-11-23T04:00:01.000Z,',
    'mount error elevation,2026-11-23T04:00:00.500Z,-0.25',
    '',
  ]);
});

test('the file is named by the exposure that is marked, and by the time until which it reaches', () => {
  expect(stripFileName(DATA, 2026112200143)).toBe('telemetry-2026112200143-20261123T041500Z');
  expect(stripFileName(DATA, null)).toBe('telemetry-20261123T041500Z');
});
