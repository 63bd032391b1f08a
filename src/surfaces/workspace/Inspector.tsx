/** What is known of the image on the screen, in tabs: one is shown at a time, and only that one asks for anything. */
import { lazy, Suspense, useCallback, useMemo, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';
import { exposureLabel, type Exposure } from '../../core/dataId.ts';
import { makeLedger } from '../../core/ledger.ts';
import { LedgerView } from '../../features/exposures/LedgerView.tsx';
import { OfMain } from '../../features/image/compare/OfMain.tsx';
import { combinedAs, useSeenImage } from '../../features/image/compare/seenImage.ts';
import type { CrossAction } from '../../features/image/actionLog.ts';
import { Histogram } from '../../features/image/Histogram.tsx';
import { IsrSwitches } from '../../features/image/IsrSwitches.tsx';
import { MaskControls } from '../../features/image/MaskControls.tsx';
import { Readout } from '../../features/image/Readout.tsx';
import { SaveMenu } from '../../features/image/SaveMenu.tsx';
import type { Workspace } from './workspace.ts';

const ExamineView = lazy(async () => {
  const { ExamineView: view } = await import('../../features/image/examine/ExamineView.tsx');
  return { default: view };
});

const CrossView = lazy(async () => {
  const { CrossView: view } = await import('../../features/image/examine/CrossView.tsx');
  return { default: view };
});

const RegionView = lazy(async () => {
  const { RegionView: view } = await import('../../features/image/regions/RegionView.tsx');
  return { default: view };
});

const CatalogueView = lazy(async () => {
  const { CatalogueView: view } = await import('../../features/image/catalogue/CatalogueView.tsx');
  return { default: view };
});

const HealthView = lazy(async () => {
  const { HealthView: view } = await import('../../features/image/health/HealthView.tsx');
  return { default: view };
});

const HeaderView = lazy(async () => {
  const { HeaderView: view } = await import('../../features/image/HeaderView.tsx');
  return { default: view };
});

const LatencyDistribution = lazy(async () => {
  const { LatencyDistribution: view } = await import('./LatencyDistribution.tsx');
  return { default: view };
});

export function Inspector({ workspace }: { readonly workspace: Workspace }) {
  const { ui, image, compare, actionLog } = workspace;
  const tab = useStore(ui, (s) => s.inspector);
  const theme = useStore(ui, (s) => s.theme);
  const cross = useStore(ui, (s) => s.cross);
  const seen = useSeenImage(image, compare);
  const combined = useStore(compare, combinedAs);
  const noteCross = useCallback(
    (cut: Omit<CrossAction, 'kind'>) => actionLog.note({ kind: 'cross', ...cut }),
    [actionLog],
  );
  const noteHealth = useCallback(
    (exposure: Exposure) => actionLog.note({ kind: 'health', exposure }),
    [actionLog],
  );
  const tabs = [
    { id: 'readout', name: 'Readout', key: 'r' },
    { id: 'measure', name: 'Measure', key: 'E' },
    { id: 'regions', name: 'Regions', key: 'R' },
    { id: 'catalogues', name: 'Sources', key: 'J' },
    { id: 'amplifiers', name: 'Amps', key: 'A' },
    { id: 'header', name: 'Header', key: 'h' },
    { id: 'ledger', name: 'Ledger', key: 'd' },
  ] as const;
  return (
    <section className="pane" aria-label="Inspector">
      <div className="pane-header tabs" role="tablist" aria-label="Inspector">
        {tabs.map(({ id, name, key }, index) => (
          <button
            key={id}
            type="button"
            role="tab"
            title={`${name} (${key})`}
            id={`inspector-tab-${id}`}
            aria-selected={tab === id}
            aria-controls="inspector-panel"
            tabIndex={tab === id ? 0 : -1}
            onClick={() => ui.setState({ inspector: id })}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
              const by = event.key === 'ArrowLeft' ? tabs.length - 1 : 1;
              const other = tabs[(index + by) % tabs.length];
              if (!other) return;
              ui.setState({ inspector: other.id });
              document.getElementById(`inspector-tab-${other.id}`)?.focus();
            }}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        id="inspector-panel"
        className="pane-body"
        role="tabpanel"
        aria-labelledby={`inspector-tab-${tab}`}
      >
        {tab !== 'ledger' && tab !== 'readout' && <OfMain main={image} compare={compare} />}
        {tab === 'readout' && (
          <div className="inspector-readout">
            <Readout store={image} />
            <OfMain main={image} compare={compare} what="Readout" />
            <h3>Histogram and limits{combined && ` of the ${combined}`}</h3>
            <Histogram store={seen} combinedAs={combined} />
            <MaskControls store={image} />
            <h3>Save</h3>
            <SaveMenu main={image} compare={compare} />
            <h3>Instrument signature removal</h3>
            <IsrSwitches
              store={image}
              onCompare={(step) => {
                compare.clear();
                compare.setMode('tile');
                compare.add({ kind: 'without', step });
              }}
            />
          </div>
        )}
        {tab === 'header' && (
          <Suspense fallback={<p className="muted">Loading…</p>}>
            <HeaderView store={image} />
          </Suspense>
        )}
        {tab === 'measure' && (
          <div className="inspector-readout">
            <Suspense fallback={<p className="muted">Loading…</p>}>
              {cross && <CrossView store={image} theme={theme} onMeasured={noteCross} />}
              <ExamineView store={image} theme={theme} />
            </Suspense>
          </div>
        )}
        {tab === 'regions' && (
          <div className="inspector-readout">
            <Suspense fallback={<p className="muted">Loading…</p>}>
              <RegionView image={image} store={workspace.regions} tools={workspace.tools} theme={theme} />
            </Suspense>
          </div>
        )}
        {tab === 'catalogues' && (
          <div className="inspector-readout">
            <Suspense fallback={<p className="muted">Loading…</p>}>
              <CatalogueView
                image={image}
                store={workspace.catalogues}
                kernel={workspace.kernel}
                theme={theme}
              />
            </Suspense>
          </div>
        )}
        {tab === 'amplifiers' && (
          <Suspense fallback={<p className="muted">Loading…</p>}>
            <div className="inspector-readout">
              <HealthView store={image} fetchNight={workspace.fetchNightAmplifiers} onMeasured={noteHealth} />
            </div>
          </Suspense>
        )}
        {tab === 'ledger' && <ShownLedger workspace={workspace} />}
      </div>
    </section>
  );
}

function ShownLedger({ workspace }: { readonly workspace: Workspace }) {
  const { image, clock, exposures, ui } = workspace;
  const night = useStore(ui, (s) => s.latencies);
  const theme = useStore(ui, (s) => s.theme);
  const shown = useStore(image, (s) => s.shown);
  const stamps = useStore(image, (s) => s.stamps);
  const offset = useSyncExternalStore(clock.subscribe, clock.offset);
  const ledger = useMemo(() => (shown ? makeLedger(stamps, offset) : null), [shown, stamps, offset]);
  return (
    <LedgerView
      ledger={ledger}
      label={shown && exposureLabel(shown)}
      live={shown !== null && exposures.cameLive(shown.exposure)}
      night={night}
      distribution={(stage) => (
        <Suspense fallback={<p className="muted">Loading…</p>}>
          <LatencyDistribution all={night} stage={stage} theme={theme} />
        </Suspense>
      )}
    />
  );
}
