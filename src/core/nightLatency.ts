/** The ledgers of many exposures: how long each stage takes as a rule and at worst, and all of it as a table. */
import type { Ledger, LedgerStage } from './ledger.ts';
import { LEDGER_STAGES } from './ledger.ts';

export interface LedgerOfExposure {
  readonly exposure: number;
  readonly dayObs: number;
  readonly seqNum: number;
  readonly ledger: Ledger;
}

/** Milliseconds since the stage before; the whole is from landed to painted. */
export interface StageLatency {
  readonly stage: LedgerStage | 'landed to painted';
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

/** Stages that no exposure has are left out, and so is what a clock fault makes meaningless. */
export function latencies(all: readonly LedgerOfExposure[]): readonly StageLatency[] {
  const of = (stage: StageLatency['stage'], values: readonly number[]): StageLatency[] => {
    if (values.length === 0) return [];
    const sorted = values.toSorted((a, b) => a - b);
    const worstMs = sorted.at(-1) ?? NaN;
    return [
      { stage, n: sorted.length, medianMs: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95), worstMs },
    ];
  };
  const durations = (stage: LedgerStage) =>
    all.flatMap(({ ledger }) =>
      ledger.entries.flatMap((entry) =>
        entry.stage === stage && entry.durationMs !== null && !entry.clockFault ? [entry.durationMs] : [],
      ),
    );
  return [
    ...LEDGER_STAGES.flatMap((stage) => of(stage, durations(stage))),
    ...of(
      'landed to painted',
      all.flatMap(({ ledger: { landedToPaintedMs } }) =>
        landedToPaintedMs === null ? [] : [landedToPaintedMs],
      ),
    ),
  ];
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
    const time = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString());
    const number = (ms: number | null | undefined) => (ms === null || ms === undefined ? '' : ms.toFixed(1));
    return [
      ...[exposure, dayObs, seqNum],
      ...LEDGER_STAGES.map((stage) => time(at(stage))),
      ...[number(landedToPaintedMs), number(offset?.offsetMs), number(offset?.errorMs)],
      entries.some(({ clockFault }) => clockFault),
    ].join(',');
  });
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}
