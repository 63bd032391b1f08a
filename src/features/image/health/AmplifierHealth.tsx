/** How well the amplifiers of one raw work: what is out of range in words, a table, a map, and a trend. */
import { useMemo, useState } from 'react';
import type { AmplifierCorrelation } from '../../../core/measure/amplifierCorrelation.ts';
import type { AmplifierHealth as Health } from '../../../core/measure/amplifierHealth.ts';
import {
  healthFindings,
  quantityOf,
  type Finding,
  type HealthQuantity,
} from '../../../core/measure/healthLimits.ts';
import type { HealthTrend } from '../../../core/measure/healthTrend.ts';
import { saveCsv } from '../../../services/saveFile.ts';
import { healthCsv } from './healthCsv.ts';
import { HealthMap, type MapAmplifier } from './HealthMap.tsx';
import { HealthTable } from './HealthTable.tsx';
import { HealthTrendChart } from './HealthTrendChart.tsx';
import { COLUMNS, WORDS } from './quantities.ts';
import { Sign } from './Sign.tsx';
import './health.css';

export interface AmplifierHealthProps {
  /** Null while nothing is measured. */
  readonly health: readonly Health[] | null;
  readonly correlation: AmplifierCorrelation | null;
  /** Of the detector, in the order of the table's rows. */
  readonly amplifiers: readonly MapAmplifier[];
  /** A measurement is under way; what is shown until it ends is the one before. */
  readonly pending: boolean;
  /** Of what is shown; null while nothing is. */
  readonly exposure: number | null;
  /** Of what is shown, for example "seq 143 OBJECT". */
  readonly exposureLabel: string | null;
  /** Undefined where no night is known. Should give the same object until it changes. */
  readonly trendOf?: (quantity: HealthQuantity) => HealthTrend;
  readonly onAmplifier?: (name: string) => void;
}

export function AmplifierHealth(props: AmplifierHealthProps) {
  const { health, correlation, amplifiers, pending, exposure, exposureLabel, trendOf, onAmplifier } = props;
  const [quantity, setQuantity] = useState<HealthQuantity>('overscanNoiseAdu');
  const [picked, setPicked] = useState<string | null>(null);
  const measured = useMemo(() => health ?? [], [health]);
  const findings = useMemo(() => healthFindings(measured, correlation), [measured, correlation]);
  const names = useMemo(() => amplifiers.map(({ name }) => name), [amplifiers]);
  const values = useMemo(
    () => new Map(measured.map((each) => [each.name, quantityOf(each, correlation, quantity)])),
    [measured, correlation, quantity],
  );
  const chosen = picked ?? findings[0]?.amplifier ?? null;

  function choose(name: string): void {
    setPicked(name);
    onAmplifier?.(name);
  }

  return (
    <section className="health" aria-label="Amplifier health" aria-busy={pending}>
      <p className="health-of">
        <span>{exposureLabel ?? 'No raw yet'}</span>
        <span className="health-note" role="status">
          {pending ? 'measuring …' : findings.length > 0 && `${findings.length} out of range`}
        </span>
        <button
          type="button"
          className="image-button"
          aria-label="CSV of the amplifiers"
          disabled={measured.length === 0}
          onClick={() => {
            saveCsv(healthCsv(measured, correlation), `amplifiers-${exposure}.csv`);
          }}
        >
          CSV
        </button>
      </p>
      <Findings
        health={health}
        findings={findings}
        onFinding={(finding) => {
          setQuantity(finding.quantity);
          choose(finding.amplifier);
        }}
      />
      <HealthTable
        names={names}
        health={measured}
        correlation={correlation}
        findings={findings}
        chosen={chosen}
        onChoose={choose}
      />
      <label className="health-quantity">
        {trendOf ? 'Map and trend' : 'Map'}
        <select value={quantity} onChange={(event) => setQuantity(event.target.value as HealthQuantity)}>
          {COLUMNS.map((each) => (
            <option key={each} value={each}>
              {WORDS[each].name}
            </option>
          ))}
        </select>
      </label>
      <div className="health-plots">
        {amplifiers.length > 0 && (
          <HealthMap
            amplifiers={amplifiers}
            quantity={quantity}
            values={values}
            findings={findings}
            chosen={chosen}
            onChoose={choose}
          />
        )}
        {trendOf && <HealthTrendChart trend={trendOf(quantity)} quantity={quantity} chosen={chosen} />}
      </div>
    </section>
  );
}

interface FindingsProps {
  readonly health: readonly Health[] | null;
  readonly findings: readonly Finding[];
  readonly onFinding: (finding: Finding) => void;
}

function Findings({ health, findings, onFinding }: FindingsProps) {
  const remarks = health ? remarksOf(health) : ['Nothing is measured yet.'];
  return (
    <ul className="health-findings" aria-label="Findings">
      {findings.length === 0 && remarks.length === 0 && (
        <li className="health-good">
          <span aria-hidden="true">✓</span> All {health?.length} amplifiers are within limits.
        </li>
      )}
      {findings.map((finding) => (
        <li key={finding.sentence}>
          <button type="button" onClick={() => onFinding(finding)}>
            <Sign severity={finding.severity} />
            <span>{finding.sentence}</span>
          </button>
        </li>
      ))}
      {remarks.map((remark) => (
        <li key={remark} className="health-note">
          {remark}
        </li>
      ))}
    </ul>
  );
}

/** What could not be judged, so that silence is not taken for health. */
function remarksOf(health: readonly Health[]): string[] {
  const without = (key: 'overscanNoiseAdu' | 'nominalNoiseAdu') =>
    health.filter((amplifier) => amplifier[key] === null).map(({ name }) => name);
  const who = (names: readonly string[]) =>
    names.length === health.length ? 'All amplifiers' : names.join(', ');
  const unread = without('overscanNoiseAdu');
  const unknown = without('nominalNoiseAdu');
  return [
    ...(unread.length > 0 ? [`${who(unread)}: no overscan to measure bias and noise by`] : []),
    ...(unknown.length > 0 ? [`${who(unknown)}: noise is not judged, no nominal one is known`] : []),
  ];
}
