/** The strip under the image: what the telescope did while the shutter was open. Loaded after the first image. */
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import type { Exposure, ExposureId } from '../../core/dataId.ts';
import type { UnixMs } from '../../core/time.ts';
import { formatAge, formatFixed } from '../../core/units.ts';
import type { EfdClient, Series } from '../../services/efd/efdClient.ts';
import { bandOf, type Bands } from './bands.ts';
import { largestError } from './chart.ts';
import { StripChart } from './StripChart.tsx';
import {
  createTelemetry,
  newestRowUnixMs,
  paneStateOf,
  RANGES,
  type PaneState,
  type RangeName,
  type TelemetryState,
} from './telemetryStore.ts';
import './telemetry.css';

export interface TelemetryPaneProps {
  readonly efd: EfdClient;
  readonly exposures: readonly Exposure[];
  readonly selected: ExposureId | null;
  readonly onOpen: (exposure: Exposure) => void;
}

export default function TelemetryPane({ efd, exposures, selected, onOpen }: TelemetryPaneProps) {
  const [telemetry] = useState(() => createTelemetry(efd));
  const state = useStore(telemetry.store);
  const now = useSeconds(efd);
  const [shaded, setShaded] = useState('[]');

  useEffect(() => {
    const abort = new AbortController();
    telemetry.start(abort.signal);
    return () => abort.abort();
  }, [telemetry]);

  const onBands = useCallback((bands: Bands) => {
    const drawn = bands.single.map(({ exposure, beginUnixMs, endUnixMs }) => ({
      exposure,
      beginUnixMs,
      endUnixMs,
    }));
    setShaded(JSON.stringify(drawn));
  }, []);

  const largest = useMemo(
    () =>
      state.data &&
      largestError(state.data.azimuth, state.data.elevation, exposures.map(bandOf).toReversed()),
    [state.data, exposures],
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
      <header className="pane-header">
        <h2>Telemetry</h2>
        <Values state={state} />
        <Age state={state} paneState={paneState} now={now} />
        <div className="telemetry-ranges" role="group" aria-label="Time range">
          {(Object.keys(RANGES) as RangeName[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={state.range === name}
              disabled={efd.unavailable !== null}
              onClick={() => telemetry.setRange(name)}
            >
              {name}
            </button>
          ))}
        </div>
        <span className="telemetry-axis">UTC</span>
      </header>
      {state.data ? (
        <StripChart
          data={state.data}
          exposures={exposures}
          selected={selected}
          onOpen={onOpen}
          onBands={onBands}
        />
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
          {label} <b>{formatFixed(series.newest?.value ?? NaN, 2)}″</b>
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
  const age =
    newest === null ? 'no mount rows in this time' : `newest row ${formatAge((now - newest) / 1000)} old`;
  if (paneState === 'ready') return <span className="telemetry-age">{age}</span>;
  const why = state.error?.message ?? (newest === null ? '' : 'No newer rows have come.');
  return (
    <span className="telemetry-age telemetry-age-stale" role="status" title={why}>
      stale: {age}. {why}
    </span>
  );
}

/** Server time, each second. */
function useSeconds(efd: EfdClient): UnixMs {
  const [now, setNow] = useState(efd.serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(efd.serverNow()), 1_000);
    return () => clearInterval(timer);
  }, [efd]);
  return now;
}
