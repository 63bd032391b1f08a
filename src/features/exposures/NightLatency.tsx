/** How long the night's exposures took that came while this page was open, before a reload, too. */
import { type ReactNode, useState } from 'react';
import {
  latencies,
  latencyCsv,
  type LatencyName,
  type LedgerOfExposure,
  type StageLatency,
} from '../../core/nightLatency.ts';
import { formatFixed } from '../../core/units.ts';
import { saveCsv } from '../../services/saveFile.ts';
import { latencyWords } from './stageWords.ts';

export interface NightLatencyProps {
  readonly all: readonly LedgerOfExposure[];
  /** Draws how many took how long. */
  readonly distribution: (stage: LatencyName) => ReactNode;
}

export function NightLatency({ all, distribution }: NightLatencyProps) {
  const [chosen, setChosen] = useState<LatencyName>('landed to painted');
  if (all.length === 0) return null;
  const { dayObs } = all[0]!;
  const save = () => saveCsv(latencyCsv(all), `latency_${dayObs}.csv`);
  return (
    <div data-testid="night-latency">
      <p className="ledger-total">
        <span className="muted">
          {all.length} live {all.length === 1 ? 'exposure' : 'exposures'} of night {dayObs}; times in ms
        </span>
        <button type="button" className="image-button" onClick={save}>
          CSV
        </button>
      </p>
      <table className="ledger-night">
        <thead>
          <tr>
            <th scope="col">stage</th>
            <th scope="col">median</th>
            <th scope="col">95 %</th>
            <th scope="col">worst</th>
          </tr>
        </thead>
        <tbody>
          {latencies(all).map((latency) => (
            <Row
              key={latency.stage}
              latency={latency}
              chosen={latency.stage === chosen}
              onChoose={() => setChosen(latency.stage)}
            />
          ))}
        </tbody>
      </table>
      {distribution(chosen)}
    </div>
  );
}

interface RowProps {
  readonly latency: StageLatency;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

function Row({ latency, chosen, onChoose }: RowProps) {
  const { stage, n, medianMs, p95Ms, worstMs } = latency;
  return (
    <tr data-stage={stage} data-chosen={chosen} title={`of ${n}; a click draws how they are distributed`}>
      <th scope="row">
        <button type="button" aria-pressed={chosen} onClick={onChoose}>
          {latencyWords(stage)}
        </button>
      </th>
      {[medianMs, p95Ms, worstMs].map((ms, i) => (
        // Three columns, which keep their order.
        <td key={i} className="mono ledger-ms">
          {formatFixed(ms, 0)}
        </td>
      ))}
    </tr>
  );
}
