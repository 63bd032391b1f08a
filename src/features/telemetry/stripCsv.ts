/** The lines of the strip as a table, thinned as they are drawn. */
import { csvText } from '../../core/csv.ts';
import type { UnixMs } from '../../core/time.ts';
import type { Series } from '../../services/efd/efdClient.ts';
import type { StripData } from './telemetryStore.ts';

/** A line for each point of each series, one series below the other: they have times of their own. */
export function stripCsv({ azimuth, elevation, seeing }: StripData): string {
  const named: readonly (readonly [string, Series])[] = [
    ['mount error azimuth x cos elevation', azimuth],
    ['mount error elevation', elevation],
    ['DIMM seeing', seeing],
  ];
  return csvText([
    ['series', 'time (UTC)', 'value (arcsec)'],
    ...named.flatMap(([name, { originUnixMs, timesMs, values }]) =>
      Array.from(timesMs, (ms, i) => [name, isoTime(originUnixMs + ms), values[i] ?? null]),
    ),
  ]);
}

/** Of the strip and of the exposure that is marked in it: "telemetry-2026112200143-20261123T041200Z". */
export function stripFileName({ end }: StripData, selected: number | null): string {
  const until = isoTime(end).replaceAll(/[-:]|\.\d+/g, '');
  return ['telemetry', ...(selected === null ? [] : [selected]), until].join('-');
}

function isoTime(at: UnixMs): string {
  return new Date(at).toISOString();
}
