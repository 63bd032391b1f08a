/**
 * The latency ledger: where the time of one exposure went, from shutter closed to painted.
 *
 * Three clocks are involved. `camera` stamps the header (TAI), `server` stamps the file and the registry, `browser`
 * stamps the rest. Browser times are brought to the server's clock with the measured offset; the camera's clock is
 * taken as it is. A stage that comes out negative is a clock fault and is shown as one, never clipped.
 */
import type { UnixMs } from './time.ts';

export type LedgerClock = 'camera' | 'server' | 'browser';

export const LEDGER_STAGES = [
  'shutterClosed',
  'landed',
  'registered',
  'seen',
  'fetched',
  'decoded',
  'reduced',
  'painted',
] as const;
export type LedgerStage = (typeof LEDGER_STAGES)[number];

export const STAGE_CLOCK: Readonly<Record<LedgerStage, LedgerClock>> = {
  shutterClosed: 'camera',
  landed: 'server',
  registered: 'server',
  seen: 'browser',
  fetched: 'browser',
  decoded: 'browser',
  reduced: 'browser',
  painted: 'browser',
};

/** Offset of the browser's clock against the server's: server = browser + offset, known to +-error. */
export interface ClockOffset {
  readonly offsetMs: number;
  readonly errorMs: number;
  readonly measuredAt: UnixMs;
}

/** Raw stamps, each on its own clock, POSIX ms. */
export type LedgerStamps = Partial<Record<LedgerStage, UnixMs>>;

export interface LedgerEntry {
  readonly stage: LedgerStage;
  readonly clock: LedgerClock;
  /** On the server's clock (camera stamps unchanged). */
  readonly atUnixMs: UnixMs;
  /** Since the previous stamped stage; null for the first. */
  readonly durationMs: number | null;
  /** A negative duration beyond what the clock error explains. */
  readonly clockFault: boolean;
}

export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  readonly offset: ClockOffset | null;
  /** Landed to painted; null until both are known or when a clock fault makes it meaningless. */
  readonly landedToPaintedMs: number | null;
}

export function makeLedger(stamps: LedgerStamps, offset: ClockOffset | null): Ledger {
  const entries: LedgerEntry[] = [];
  let previous: LedgerEntry | undefined;
  for (const stage of LEDGER_STAGES) {
    const stamp = stamps[stage];
    if (stamp === undefined) continue;
    const clock = STAGE_CLOCK[stage];
    const atUnixMs = clock === 'browser' ? stamp + (offset?.offsetMs ?? 0) : stamp;
    const durationMs = previous ? atUnixMs - previous.atUnixMs : null;
    // The offset's error is in a difference only where one of its two stamps is the browser's.
    const corrected = previous !== undefined && (previous.clock === 'browser') !== (clock === 'browser');
    const tolerance = corrected ? (offset?.errorMs ?? 0) : 0;
    const entry = {
      stage,
      clock,
      atUnixMs,
      durationMs,
      clockFault: durationMs !== null && durationMs < -tolerance,
    };
    entries.push(entry);
    previous = entry;
  }
  const at = (stage: LedgerStage) => entries.find((e) => e.stage === stage)?.atUnixMs;
  const landed = at('landed');
  const painted = at('painted');
  const total = landed === undefined || painted === undefined ? null : painted - landed;
  return { entries, offset, landedToPaintedMs: total !== null && total >= 0 ? total : null };
}
