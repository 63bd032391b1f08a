/** How long the exposures took that came while this page was open. */
import { latencies, latencyCsv, type LedgerOfExposure, type StageLatency } from '../../core/nightLatency.ts';
import { formatFixed } from '../../core/units.ts';
import { saveFile } from '../../services/saveFile.ts';
import { STAGE_WORDS } from './stageWords.ts';

export function NightLatency({ all }: { readonly all: readonly LedgerOfExposure[] }) {
  if (all.length === 0) return null;
  const save = () => {
    const { dayObs } = all[0]!;
    saveFile(new Blob([latencyCsv(all)], { type: 'text/csv' }), `latency_${dayObs}.csv`);
  };
  return (
    <div data-testid="night-latency">
      <p className="ledger-total">
        <span className="muted">{all.length} live on this page, ms a stage</span>
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
            <Row key={latency.stage} latency={latency} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ latency }: { readonly latency: StageLatency }) {
  const { stage, n, medianMs, p95Ms, worstMs } = latency;
  return (
    <tr data-stage={stage} title={`of ${n}`}>
      <th scope="row">{stage === 'landed to painted' ? stage : STAGE_WORDS[stage]}</th>
      {[medianMs, p95Ms, worstMs].map((ms, i) => (
        // Three columns, which keep their order.
        <td key={i} className="mono ledger-ms">
          {formatFixed(ms, 0)}
        </td>
      ))}
    </tr>
  );
}
