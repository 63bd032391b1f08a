/** The ledgers of many exposures: how long each stage takes as a rule and at worst, and all of it as a table. */
import { csvText } from './csv.ts';
import type { Ledger, LedgerStage } from './ledger.ts';
import { LEDGER_STAGES } from './ledger.ts';

export interface LedgerOfExposure {
  readonly exposure: number;
  readonly dayObs: number;
  readonly seqNum: number;
  readonly ledger: Ledger;
}

/** A stage is what passed since the stage before; the whole is from landed to painted. */
export type LatencyName = LedgerStage | 'landed to painted';

/** Milliseconds. */
export interface StageLatency {
  readonly stage: LatencyName;
  readonly n: number;
  readonly medianMs: number;
  /** 95 of 100 are not longer. */
  readonly p95Ms: number;
  readonly worstMs: number;
}

/** Linear between order statistics. */
function quantile(sorted: readonly number[], fraction: number): number {
  const at = fraction * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return below + (above - below) * (at - Math.floor(at));
}

/** In milliseconds, shortest first, without what a clock fault makes meaningless. */
function sortedMs(all: readonly LedgerOfExposure[], stage: LatencyName): readonly number[] {
  const values = all.flatMap(({ ledger: { entries, landedToPaintedMs } }) => {
    if (stage === 'landed to painted') return landedToPaintedMs === null ? [] : [landedToPaintedMs];
    const entry = entries.find((each) => each.stage === stage);
    return entry && entry.durationMs !== null && !entry.clockFault ? [entry.durationMs] : [];
  });
  return values.toSorted((a, b) => a - b);
}

/** Stages that no exposure has are left out. */
export function latencies(all: readonly LedgerOfExposure[]): readonly StageLatency[] {
  return ([...LEDGER_STAGES, 'landed to painted'] as const).flatMap((stage) => {
    const sorted = sortedMs(all, stage);
    const worstMs = sorted.at(-1);
    if (worstMs === undefined) return [];
    return [
      { stage, n: sorted.length, medianMs: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95), worstMs },
    ];
  });
}

/** How many exposures took how long: equal bins of a round width. */
export interface LatencyHistogram {
  readonly binMs: number;
  readonly middlesMs: readonly number[];
  readonly counts: readonly number[];
}

/** Between the shortest and the 95 % of a stage; beyond them there are as many more as it takes. */
const USUAL_BINS = 12;
/** One exposure that waited for minutes makes the bins wider rather than more. */
const MOST_BINS = 80;

export function latencyHistogram(all: readonly LedgerOfExposure[], stage: LatencyName): LatencyHistogram {
  const sorted = sortedMs(all, stage);
  const [shortest, longest] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const usualMs = (quantile(sorted, 0.95) - shortest) / USUAL_BINS;
  const binMs = roundedUp(Math.max(usualMs, (longest - shortest) / (MOST_BINS - 1), 1));
  const first = Math.floor(shortest / binMs);
  const bins = sorted.length === 0 ? 0 : Math.floor(longest / binMs) - first + 1;
  const counts = new Array<number>(bins).fill(0);
  for (const ms of sorted) counts[Math.floor(ms / binMs) - first]! += 1;
  return { binMs, middlesMs: counts.map((_, i) => (first + i + 0.5) * binMs), counts };
}

/** To 1, 2 or 5 times a power of ten. */
function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((step) => step * power >= value * (1 - 1e-9)) ?? 10);
}

/** A line for each exposure: UTC of each stage on the server's clock, as ISO 8601; the camera's stage by its own clock. */
export function latencyCsv(all: readonly LedgerOfExposure[]): string {
  const columns = [
    ...['exposure', 'day_obs', 'seq_num'],
    ...LEDGER_STAGES.map((stage) => `${stage}_utc`),
    ...['landed_to_painted_ms', 'server_minus_browser_ms', 'offset_error_ms', 'clock_fault'],
  ];
  const lines = all.map(({ exposure, dayObs, seqNum, ledger }) => {
    const { entries, offset, landedToPaintedMs } = ledger;
    const at = (stage: LedgerStage) => entries.find((entry) => entry.stage === stage)?.atUnixMs;
    const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
    const number = (ms: number | null | undefined) =>
      ms === null || ms === undefined ? null : Number(ms.toFixed(1));
    return [
      ...[exposure, dayObs, seqNum],
      ...LEDGER_STAGES.map((stage) => time(at(stage))),
      ...[number(landedToPaintedMs), number(offset?.offsetMs), number(offset?.errorMs)],
      String(entries.some(({ clockFault }) => clockFault)),
    ];
  });
  return csvText([columns, ...lines]);
}
