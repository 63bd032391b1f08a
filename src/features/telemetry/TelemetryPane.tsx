/** The strip under the image: what the telescope did while the shutter was open. Loaded after the first image. */
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import type { UnixMs } from '../../core/time.ts';
import { formatAge } from '../../core/units.ts';
import { onMultiples } from '../../services/clock.ts';
import type { EfdClient, Series } from '../../services/efd/efdClient.ts';
import { saveCsv } from '../../services/saveFile.ts';
import { bandOf, type Bands } from './bands.ts';
import { formatArcsec, largestError } from './chart.ts';
import { StripChart } from './StripChart.tsx';
import { stripCsv, stripFileName } from './stripCsv.ts';
import {
  createTelemetry,
  newestRowUnixMs,
  paneStateOf,
  RANGES,
  type PaneState,
  type RangeName,
  type StripData,
  type TelemetryState,
} from './telemetryStore.ts';
import './telemetry.css';

export interface TelemetryPaneProps {
  readonly efd: EfdClient;
  readonly exposures: readonly Exposure[];
  readonly selected: ExposureId | null;
  readonly range: RangeName;
  readonly onRange: (range: RangeName) => void;
  readonly onOpen: (exposure: Exposure) => void;
}

export default function TelemetryPane(props: TelemetryPaneProps) {
  const { efd, exposures, selected, range, onRange, onOpen } = props;
  const [telemetry] = useState(() => createTelemetry(efd, range));
  const state = useStore(telemetry.store);
  const now = useSeconds(efd);
  const [shaded, setShaded] = useState('[]');

  useEffect(() => {
    const abort = new AbortController();
    telemetry.start(abort.signal);
    return () => abort.abort();
  }, [telemetry]);

  useEffect(() => {
    if (telemetry.store.getState().range !== range) telemetry.setRange(range);
  }, [telemetry, range]);

  const onBands = useCallback((bands: Bands) => {
    const drawn = bands.single.map(({ exposure, beginUnixMs, endUnixMs }) => ({
      exposure,
      beginUnixMs,
      endUnixMs,
    }));
    setShaded(JSON.stringify(drawn));
  }, []);

  const open = useMemo(() => exposures.map(bandOf).toReversed(), [exposures]);
  const largest = useMemo(
    () => state.data && largestError(state.data.azimuth, state.data.elevation, open),
    [state.data, open],
  );
  const paneState = paneStateOf(state, efd.unavailable, now);
  return (
    <section
      className="telemetry-pane"
      aria-label="Telemetry"
      data-testid="telemetry-pane"
      data-state={paneState}
      data-shaded={shaded}
      data-largest-error={JSON.stringify(largest)}
    >
      <header className="pane-header telemetry-header">
        <h2>Telemetry</h2>
        <Values state={state} />
        <Age state={state} paneState={paneState} now={now} />
        <button
          type="button"
          className="telemetry-csv"
          aria-label="CSV of the telemetry"
          disabled={!state.data}
          onClick={() => {
            if (!state.data) return;
            saveCsv(stripCsv(state.data), `${stripFileName(state.data, selected)}.csv`);
          }}
        >
          CSV
        </button>
        <div className="telemetry-ranges" role="group" aria-label="Time range">
          {(Object.keys(RANGES) as RangeName[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={state.range === name}
              disabled={efd.unavailable !== null}
              onClick={() => onRange(name)}
            >
              {name}
            </button>
          ))}
        </div>
      </header>
      {state.data ? (
        <div className="telemetry-plots">
          <StripChart
            data={state.data}
            exposures={exposures}
            selected={selected}
            open={open}
            largest={largest}
            onOpen={onOpen}
            onBands={onBands}
          />
          {paneState === 'stale' && (
            <p className="telemetry-stale">
              <strong>Stale:</strong> {ageOf(state.data, now)}.{' '}
              <span role="status">{staleReason(state)}</span>
            </p>
          )}
        </div>
      ) : (
        <p className="telemetry-message">{emptySentence(state, efd.unavailable)}</p>
      )}
    </section>
  );
}

function emptySentence(state: TelemetryState, unavailable: string | null): string {
  if (unavailable !== null) return `No telemetry here: ${unavailable}`;
  if (state.error) return `${state.error.message} It is asked again every few seconds.`;
  return 'Reading the EFD …';
}

function staleReason({ data, error }: TelemetryState): string {
  if (error) return error.message;
  return data && newestRowUnixMs(data) === null
    ? 'The EFD answers, but has no mount rows of this time.'
    : 'The EFD answers, but no newer mount rows have come.';
}

/** The last value of each line, so that the strip can be read without a pointer. */
function Values({ state }: { readonly state: TelemetryState }) {
  const { data } = state;
  if (!data) return null;
  const entries: readonly (readonly [string, string, Series])[] = [
    ['azimuth', 'az·cos el', data.azimuth],
    ['elevation', 'el', data.elevation],
    ['seeing', 'DIMM', data.seeing],
  ];
  return (
    <span className="telemetry-values">
      {entries.map(([key, label, series]) => (
        <span key={key} className={`telemetry-value telemetry-value-${key}`}>
          <svg className="telemetry-key" aria-hidden>
            <line className="telemetry-line" x2="100%" y1="50%" y2="50%" />
          </svg>
          {label} <b>{formatArcsec(series.newest?.value ?? NaN)}</b>
        </span>
      ))}
    </span>
  );
}

interface AgeProps {
  readonly state: TelemetryState;
  readonly paneState: PaneState;
  readonly now: UnixMs;
}

function Age({ state, paneState, now }: AgeProps) {
  if (!state.data || paneState === 'unavailable') return <span className="telemetry-age" />;
  const newest = newestRowUnixMs(state.data);
  const age = newest === null ? 'no rows' : formatAge((now - newest) / 1000);
  const stale = paneState === 'stale';
  return (
    <span
      className={stale ? 'telemetry-age telemetry-age-stale' : 'telemetry-age'}
      title={`${ageOf(state.data, now)}${stale ? `. ${staleReason(state)}` : ''}`}
    >
      {stale ? `stale ${age}` : newest === null ? age : `row ${age} old`}
    </span>
  );
}

function ageOf(data: StripData, now: UnixMs): string {
  const newest = newestRowUnixMs(data);
  return newest === null
    ? 'no mount rows in this time'
    : `newest mount row ${formatAge((now - newest) / 1000)} old`;
}

/** Server time, each second. */
function useSeconds(efd: EfdClient): UnixMs {
  const [now, setNow] = useState(efd.serverNow);
  useEffect(() => onMultiples(1_000, efd.serverNow, () => setNow(efd.serverNow())), [efd]);
  return now;
}
