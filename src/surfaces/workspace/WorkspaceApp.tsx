/** The workspace's interface: the status line over five panes, and what lies over them. */
import { lazy, Suspense, useCallback, useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { exposureLabel } from '../../core/dataId.ts';
import { toAppError } from '../../core/errors.ts';
import { AlarmBar } from '../../features/exposures/AlarmBar.tsx';
import { ExposureList } from '../../features/exposures/ExposureList.tsx';
import { targetLabel, typeLabel } from '../../features/exposures/exposureNumber.ts';
import { selectedExposure } from '../../features/exposures/exposuresStore.ts';
import { MissingExposure } from '../../features/exposures/MissingExposure.tsx';
import { StatusLine } from '../../features/exposures/StatusLine.tsx';
import { ImageControls } from '../../features/image/ImageControls.tsx';
import type { KernelTables } from '../../features/image/catalogue/catalogueStore.ts';
import { ComparePane } from '../../features/image/compare/ComparePane.tsx';
import { useSeenImage } from '../../features/image/compare/seenImage.ts';
import { RegionOverlay } from '../../features/image/regions/RegionOverlay.tsx';
import { lastExamined } from '../../features/image/examine/starFacts.ts';
import { logOut, signInUrl } from '../../services/session.ts';
import { ByteMeter } from './ByteMeter.tsx';
import { EfdBadge } from './EfdBadge.tsx';
import { Inspector } from './Inspector.tsx';
import { Layout, resetLayout } from './Layout.tsx';
import { PreviewBadge } from './PreviewBadge.tsx';
import { PaneBoundary } from './PaneBoundary.tsx';
import { RepositoryChoice } from './RepositoryChoice.tsx';
import { dispatchKey } from './shortcuts.ts';
import type { Workspace } from './workspace.ts';
import { workspaceShortcuts } from './workspaceShortcuts.ts';
import { WorkspaceTools } from './WorkspaceTools.tsx';

const TelemetryPane = lazy(() => import('../../features/telemetry/TelemetryPane.tsx'));
const NotebookPane = lazy(() => import('../../features/notebook/NotebookPane.tsx'));
const CatalogueOverlay = lazy(() => import('../../features/image/catalogue/CatalogueOverlay.tsx'));
const ExposureTable = lazy(async () => {
  const { ExposureTable: table } = await import('../../features/exposures/table/ExposureTable.tsx');
  return { default: table };
});
const ShortcutsDialog = lazy(() => import('./ShortcutsDialog.tsx'));
const PythonDialog = lazy(() => import('./PythonDialog.tsx'));
const KioskScreensDialog = lazy(() => import('./KioskScreensDialog.tsx'));

export function WorkspaceApp({ workspace }: { readonly workspace: Workspace }) {
  const { exposures, image, compare, clock, site, session, late, ui, camera, http, butler } = workspace;
  const theme = useStore(ui, (s) => s.theme);
  const dialog = useStore(ui, (s) => s.dialog);
  const notice = useStore(ui, (s) => s.notice);
  const pixels = useStore(ui, (s) => s.pixels);
  const tableOpen = useStore(ui, (s) => s.table);
  const sound = useStore(late, (s) => s.sound);
  const seen = useSeenImage(image, compare);
  const cameraNow = useStore(
    camera.store,
    useShallow(({ phase, endsAtUnixMs, imageName, lastEventUnixMs }) => ({
      phase,
      endsAtUnixMs,
      imageName,
      lastEventUnixMs,
    })),
  );
  const shortcuts = useMemo(() => workspaceShortcuts(workspace), [workspace]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // An open menu is closed by it, wherever the focus is.
      if (event.key === 'Escape' && document.querySelector(':popover-open')) return;
      dispatchKey(shortcuts, event);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [shortcuts]);
  const closeDialog = () => ui.setState({ dialog: null });

  return (
    <main className="workspace">
      <h1 className="visually-hidden">Summit Notebook</h1>
      <StatusLine
        store={exposures}
        late={late}
        clock={clock}
        instrument={site.instrument}
        source={butler.source}
        camera={cameraNow}
        notice={notice}
        badges={
          <>
            <EfdBadge camera={camera.store} efd={workspace.efd} clock={clock} />
            <ByteMeter worker={workspace.worker} />
          </>
        }
        tools={
          <>
            <RepositoryChoice site={site} shown={workspace.repository.name} />
            <WorkspaceTools
              user={session.user}
              theme={theme}
              alarmSound={sound}
              pixels={pixels}
              onPixels={(choice) => workspace.setPixels(choice)}
              onTheme={(next) => workspace.setTheme(next)}
              onHelp={() => ui.setState({ dialog: 'keys' })}
              onPython={() => ui.setState({ dialog: 'python' })}
              onKioskScreens={() => ui.setState({ dialog: 'kiosk' })}
              onResetLayout={resetLayout}
              onAlarmSound={(on) => late.setSound(on)}
              onLogOut={() => void leave(workspace)}
            />
          </>
        }
      />
      <div className="workspace-panes">
        <Layout
          exposures={
            <PaneBoundary name="Exposures">
              <ExposureList store={exposures} clock={clock} source={butler.source} />
            </PaneBoundary>
          }
          image={
            <div className="image-place">
              <div className="alerts">
                <SignedOut workspace={workspace} />
                <AlarmBar store={late} />
              </div>
              <PaneBoundary name="Image">
                <section className="pane" aria-label="Image">
                  <header className="pane-header image-header">
                    <ImageCaption workspace={workspace} />
                    <ImageControls store={image} seen={seen} />
                  </header>
                  <MissingExposure store={exposures} />
                  <PreviewBadge image={image} />
                  <ComparePane
                    main={image}
                    compare={compare}
                    tools={workspace.tools}
                    overlay={<OverImage workspace={workspace} />}
                  />
                </section>
              </PaneBoundary>
            </div>
          }
          inspector={
            <PaneBoundary name="Inspector">
              <Inspector workspace={workspace} />
            </PaneBoundary>
          }
          telemetry={<Telemetry workspace={workspace} />}
          notebook={<Notebook workspace={workspace} />}
        />
        {tableOpen && (
          <PaneBoundary name="Exposure table">
            <Suspense fallback={<p className="pane-empty">Loading…</p>}>
              <TableOverlay workspace={workspace} />
            </Suspense>
          </PaneBoundary>
        )}
      </div>
      <Suspense>
        {dialog === 'keys' && <ShortcutsDialog groups={shortcuts} onClose={closeDialog} />}
        {dialog === 'python' && (
          <PythonDialog
            actionLog={workspace.actionLog}
            onCopy={() => {
              void workspace.copyPython();
              closeDialog();
            }}
            onClose={closeDialog}
          />
        )}
        {dialog === 'kiosk' && <KioskScreensDialog http={http} clock={clock} onClose={closeDialog} />}
      </Suspense>
    </main>
  );
}

function OverImage({ workspace: { image, regions, catalogues } }: { readonly workspace: Workspace }) {
  // Regions and catalogues have their places on the detector.
  const untrimmed = useStore(image, (s) => s.shownAs?.untrimmed);
  const some = useStore(catalogues, (s) => s.catalogues.length > 0 || s.brush !== null);
  if (untrimmed) return null;
  return (
    <>
      <RegionOverlay image={image} store={regions} />
      <Suspense>{some && <CatalogueOverlay image={image} store={catalogues} />}</Suspense>
    </>
  );
}

/** Over the panes, which go on behind it. */
function TableOverlay({ workspace }: { readonly workspace: Workspace }) {
  const { table, exposures, ui } = workspace;
  const selected = useStore(exposures, (s) => s.selected);
  return (
    <div className="table-overlay">
      <ExposureTable
        store={table}
        selected={selected}
        onOpen={(exposure) => {
          exposures
            .open({ exposure })
            .then(() => ui.setState({ table: false }))
            .catch((thrown: unknown) => workspace.notify(toAppError(thrown).message));
        }}
        onClose={() => ui.setState({ table: false })}
      />
    </div>
  );
}

/** The service's own session ends first; then the Hub's, since it would sign the user in again unasked. */
async function leave(workspace: Workspace): Promise<void> {
  try {
    await logOut(workspace.http);
    location.assign(`${workspace.session.hubBase}hub/logout`);
  } catch (thrown) {
    workspace.notify(`Logging out failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function SignedOut({ workspace }: { readonly workspace: Workspace }) {
  const { exposures, image, http } = workspace;
  const list = useStore(exposures, (s) => s.stale?.tag === 'AccessDenied');
  const picture = useStore(image, (s) => s.error?.tag === 'AccessDenied');
  if (!list && !picture) return null;
  return (
    <div className="signed-out" role="alert" data-testid="signed-out">
      <p>You are signed out: what is on the screen stays, nothing new arrives.</p>
      <a className="button" href={signInUrl(http.prefix, location)}>
        Sign in
      </a>
    </div>
  );
}

/** Names the pixels that are on the screen; what is on its way comes after them. */
function ImageCaption({ workspace: { image } }: { readonly workspace: Workspace }) {
  const shown = useStore(image, (s) => s.shown);
  const coming = useStore(image, (s) => (s.status === 'loading' && s.wanted !== s.shown ? s.wanted : null));
  return (
    <h2 className="image-caption" data-testid="image-caption">
      {shown ? (
        <span className="image-named">
          <strong>{targetLabel(shown) || typeLabel(shown.observationType)}</strong>
          <span className="muted">
            {' '}
            {exposureLabel(shown)} · {shown.exposureTimeSeconds} s
          </span>
        </span>
      ) : (
        'Image'
      )}
      {coming && (
        <span className="image-coming">
          {' '}
          · loading {shown?.dayObs === coming.dayObs ? coming.seqNum : exposureLabel(coming)}
        </span>
      )}
    </h2>
  );
}

function Telemetry({ workspace }: { readonly workspace: Workspace }) {
  const { ui, efd, exposures } = workspace;
  const allowed = useStore(ui, (s) => s.panesAllowed);
  const range = useStore(ui, (s) => s.range);
  const rows = useStore(exposures, (s) => s.exposures);
  const selected = useStore(exposures, (s) => s.selected);
  if (!allowed) return <PaneWaiting name="Telemetry" />;
  return (
    <PaneBoundary name="Telemetry">
      <Suspense fallback={<PaneWaiting name="Telemetry" />}>
        <TelemetryPane
          efd={efd}
          exposures={rows}
          selected={selected}
          range={range}
          onRange={(name) => ui.setState({ range: name })}
          onOpen={(e) => exposures.select(e)}
        />
      </Suspense>
    </PaneBoundary>
  );
}

function Notebook({ workspace }: { readonly workspace: Workspace }) {
  const { ui, session, clock, exposures, image, kernel } = workspace;
  const onKernel = useCallback((ask: KernelTables['ask']) => kernel.setState({ ask }), [kernel]);
  const allowed = useStore(ui, (s) => s.panesAllowed);
  const examined = useStore(image, (s) => s.examined[0]);
  const last = useMemo(() => (examined ? lastExamined(examined) : null), [examined]);
  const shown = useStore(exposures, selectedExposure);
  if (session.user === null) {
    return <PaneWaiting name="Notebook" sentence="A kiosk screen has no notebook: sign in to use one." />;
  }
  if (!allowed) return <PaneWaiting name="Notebook" />;
  return (
    <PaneBoundary name="Notebook">
      <Suspense fallback={<PaneWaiting name="Notebook" />}>
        <NotebookPane
          hubBase={session.hubBase}
          serverNow={clock.serverNow}
          lastExamined={last}
          onKernel={onKernel}
          currentExposure={
            shown && {
              instrument: shown.instrument,
              exposure: shown.exposure,
              detector: shown.raws[0]?.detector ?? 0,
            }
          }
        />
      </Suspense>
    </PaneBoundary>
  );
}

function PaneWaiting({
  name,
  sentence = 'Comes after the first image.',
}: {
  name: string;
  sentence?: string;
}) {
  return (
    <section className="pane" aria-label={name}>
      <header className="pane-header">
        <h2>{name}</h2>
      </header>
      <p className="pane-empty">{sentence}</p>
    </section>
  );
}
