/** Where the time of the shown exposure went, from shutter closed to painted. */
import type { ReactNode } from 'react';
import type { Ledger, LedgerClock, LedgerEntry } from '../../core/ledger.ts';
import type { LatencyName, LedgerOfExposure } from '../../core/nightLatency.ts';
import { formatFixed } from '../../core/units.ts';
import './exposures.css';
import { NightLatency } from './NightLatency.tsx';
import { STAGE_WORDS } from './stageWords.ts';

const CLOCK_WORDS: Readonly<Record<LedgerClock, string>> = {
  camera: 'camera’s',
  server: 'server’s',
  browser: 'browser’s',
};

/** A stage that waited for the user longer than this was opened by hand. */
const OPENED_LATER_MS = 30_000;

export interface LedgerViewProps {
  readonly ledger: Ledger | null;
  /** "20261122 143", for the caption. */
  readonly label: string | null;
  /** False when the exposure was already there as the page opened: its first stages are then no latency. */
  readonly live: boolean;
  /** Of the night's exposures that came while the page was open. */
  readonly night: readonly LedgerOfExposure[];
  /** Draws how many of them took how long. */
  readonly distribution: (stage: LatencyName) => ReactNode;
}

export function LedgerView({ ledger, label, live, night, distribution }: LedgerViewProps) {
  if (!ledger || ledger.entries.length === 0) {
    return (
      <div data-testid="latency-ledger" className="ledger">
        <p className="muted">No image has been opened yet.</p>
      </div>
    );
  }
  // What waited for a person, or for this page to be opened, would dwarf the bars of the system's own stages.
  const isLatency = ({ stage, durationMs }: LedgerEntry) =>
    (stage !== 'seen' || live) && (stage !== 'fetched' || (durationMs ?? 0) <= OPENED_LATER_MS);
  const longest = Math.max(1, ...ledger.entries.filter(isLatency).map((e) => Math.abs(e.durationMs ?? 0)));
  const faults = clockFaults(ledger.entries);
  return (
    <div data-testid="latency-ledger" className="ledger" data-clock-fault={faults.length > 0}>
      <p className="ledger-total">
        <span className="muted">{label} · landed to painted</span>
        <strong className="mono" data-testid="landed-to-painted">
          {ledger.landedToPaintedMs === null || !live
            ? '–'
            : `${formatFixed(ledger.landedToPaintedMs / 1000, 2)} s`}
        </strong>
      </p>
      {!live && <p className="muted">It was there before this page was opened: no latency can be told.</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">stage</th>
            <th scope="col">UTC</th>
            <th scope="col">ms</th>
            <th scope="col">
              <span className="visually-hidden">share</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {ledger.entries.map((entry) => (
            <tr key={entry.stage} data-stage={entry.stage} data-fault={entry.clockFault || undefined}>
              <th scope="row">{STAGE_WORDS[entry.stage]}</th>
              <td className="mono muted" title={`by the ${CLOCK_WORDS[entry.clock]} clock`}>
                {utcTime(entry.atUnixMs)}
              </td>
              <td className="mono ledger-ms">
                {entry.durationMs === null ? '' : formatFixed(entry.durationMs, 0)}
              </td>
              <td>
                <span
                  className="ledger-bar"
                  style={{
                    width: `${isLatency(entry) ? (100 * Math.abs(entry.durationMs ?? 0)) / longest : 0}%`,
                  }}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {faults.map((sentence) => (
        <p key={sentence} className="ledger-fault" role="alert">
          {sentence}
        </p>
      ))}
      {ledger.entries.some((e) => e.stage === 'fetched' && (e.durationMs ?? 0) > OPENED_LATER_MS) && (
        <p className="muted">
          Opened by hand after it was seen: the wait before the fetch is not the system’s.
        </p>
      )}
      <p className="muted" data-testid="clock-offset">
        {ledger.offset
          ? `Server minus browser clock: ${formatFixed(ledger.offset.offsetMs, 1)} ± ${formatFixed(ledger.offset.errorMs, 1)} ms, measured ${utcTime(ledger.offset.measuredAt + ledger.offset.offsetMs)} UTC.`
          : 'The offset between the browser’s and the server’s clock is not measured yet.'}
      </p>
      <NightLatency all={night} distribution={distribution} />
    </div>
  );
}

/** One sentence per pair of stages that lie the wrong way round. */
function clockFaults(entries: readonly LedgerEntry[]): string[] {
  return entries.flatMap((entry, i) => {
    const before = entries[i - 1];
    if (!entry.clockFault || !before) return [];
    const ms = formatFixed(-(entry.durationMs ?? 0), 0);
    const whose =
      entry.clock === before.clock
        ? `The ${CLOCK_WORDS[entry.clock]} clock stepped back in between.`
        : `The ${CLOCK_WORDS[before.clock]} and the ${CLOCK_WORDS[entry.clock]} clock disagree by that much or more.`;
    return [
      `Clock fault: “${STAGE_WORDS[entry.stage]}” lies ${ms} ms before “${STAGE_WORDS[before.stage]}”. ${whose}`,
    ];
  });
}

function utcTime(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
