/** The ledgers of a night as a small value that outlives a reload of the page. */
import { LEDGER_STAGES, makeLedger, STAGE_CLOCK, type LedgerStage } from './ledger.ts';
import type { LedgerOfExposure } from './nightLatency.ts';

/** Exposure, day, number; offset, its error and when it was measured; when each stage was, on the server's clock. */
type Row = readonly (number | null)[];

const BEFORE_STAGES = 6;

export function packedLedgers(all: readonly LedgerOfExposure[]): readonly Row[] {
  return all.map(({ exposure, dayObs, seqNum, ledger: { entries, offset } }) => [
    ...[exposure, dayObs, seqNum],
    ...[offset?.offsetMs ?? null, offset?.errorMs ?? null, offset?.measuredAt ?? null],
    ...LEDGER_STAGES.map((stage) => entries.find((entry) => entry.stage === stage)?.atUnixMs ?? null),
  ]);
}

/** Nothing of a value that is not wholly what `packedLedgers` makes: it comes from a storage that others can write. */
export function unpackedLedgers(value: unknown): readonly LedgerOfExposure[] {
  return Array.isArray(value) && value.every(isRow) ? value.map(unpacked) : [];
}

function isRow(row: unknown): row is Row {
  return (
    Array.isArray(row) &&
    row.length === BEFORE_STAGES + LEDGER_STAGES.length &&
    row.every((cell) => cell === null || (typeof cell === 'number' && isFinite(cell))) &&
    row.slice(0, 3).every(Number.isInteger)
  );
}

function unpacked(row: Row): LedgerOfExposure {
  const [exposure, dayObs, seqNum] = row.slice(0, 3).map(Number) as [number, number, number];
  const [offsetMs, errorMs, measuredAt] = row.slice(3, BEFORE_STAGES);
  const offset =
    offsetMs == null || errorMs == null || measuredAt == null ? null : { offsetMs, errorMs, measuredAt };
  const stamps: Partial<Record<LedgerStage, number>> = {};
  LEDGER_STAGES.forEach((stage, i) => {
    const at = row[BEFORE_STAGES + i];
    // A stamp is on its own clock.
    if (at != null) stamps[stage] = STAGE_CLOCK[stage] === 'browser' ? at - (offset?.offsetMs ?? 0) : at;
  });
  return { exposure, dayObs, seqNum, ledger: makeLedger(stamps, offset) };
}
