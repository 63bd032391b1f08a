/** The notebook pane: one thin header line over JupyterLab's notebook. Default export, so that surfaces load it lazily. */
import { Play, RotateCcw, Save, Square } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { dayObsOf, taiFromUnixMs, type UnixMs } from '../../core/time.ts';
import { HubConnection, visitInHiddenFrame } from '../../services/hub/hubConnection.ts';
import type { ExposureDataId } from './firstNotebook.ts';
import { NotebookSession, type NotebookState } from './notebookSession.ts';
import './notebook.css';

export interface NotebookPaneProps {
  /** Base path of the Hub with both slashes. */
  readonly hubBase: string;
  /** The night is the server's: a browser's clock may be off. */
  readonly serverNow: () => UnixMs;
  /** What the first cell of a new notebook opens. Later changes do not touch the notebook. */
  readonly currentExposure: ExposureDataId | null;
  /** What the page measured last; the kernel has it as `last_examined`. */
  readonly lastExamined: Readonly<Record<string, unknown>> | null;
  /** Told what answers with a table of the kernel as CSV; null while there is none. */
  readonly onKernel?: (ask: ((name: string) => Promise<string>) | null) => void;
}

export default function NotebookPane({
  hubBase,
  serverNow,
  currentExposure,
  lastExamined,
  onKernel,
}: NotebookPaneProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const [session, setSession] = useState<NotebookSession | null>(null);
  const exposureAtStart = useRef(currentExposure);
  const hub = useMemo(
    () =>
      new HubConnection({
        base: hubBase,
        origin: location.origin,
        fetch: globalThis.fetch.bind(globalThis),
        visit: visitInHiddenFrame,
      }),
    [hubBase],
  );
  useEffect(() => {
    if (!host.current) return undefined;
    const made = new NotebookSession({
      hub,
      host: host.current,
      dayObs: dayObsOf(taiFromUnixMs(serverNow())),
      currentExposure: exposureAtStart.current,
    });
    setSession(made);
    void made.start();
    return () => made.dispose();
  }, [hub, serverNow]);
  useEffect(() => {
    if (lastExamined) session?.hand('last_examined', lastExamined);
  }, [session, lastExamined]);
  useEffect(() => {
    if (!session || !onKernel) return undefined;
    const tell = ({ phase }: NotebookState) =>
      onKernel(phase === 'ready' ? (name) => session.table(name) : null);
    tell(session.store.getState());
    const end = session.store.subscribe((state, before) => state.phase !== before.phase && tell(state));
    return () => {
      end();
      onKernel(null);
    };
  }, [session, onKernel]);
  const [paneState, setPaneState] = useState<string>('idle');
  useEffect(
    () =>
      session?.store.subscribe(({ phase, kernelStatus }) => {
        setPaneState(phase === 'ready' && kernelStatus === 'busy' ? 'busy' : phase);
      }),
    [session],
  );
  return (
    <section
      className="notebook-pane"
      aria-label="Notebook"
      data-testid="notebook-pane"
      data-state={paneState}
    >
      {session && <NotebookFrame session={session} />}
      <div className="notebook-host jp-ThemedContainer" ref={host} />
    </section>
  );
}

function NotebookFrame({ session }: { readonly session: NotebookSession }): ReactNode {
  const state = useStore(session.store);
  const alive = state.phase === 'ready';
  return (
    <>
      <header className="notebook-header">
        <span className="notebook-name" title={state.path}>
          {state.path}
        </span>
        <span className="notebook-saved">{state.unsaved ? 'unsaved' : ''}</span>
        <KernelWord state={state} />
        <HeaderButton name="Run cell (Shift-Enter)" disabled={!alive} onPress={() => session.run()}>
          <Play size={14} />
        </HeaderButton>
        <HeaderButton name="Interrupt kernel (I I)" disabled={!alive} onPress={() => session.interrupt()}>
          <Square size={14} />
        </HeaderButton>
        <HeaderButton name="Restart kernel (0 0)" disabled={!alive} onPress={() => session.restartKernel()}>
          <RotateCcw size={14} />
        </HeaderButton>
        <HeaderButton name="Save (Ctrl-S)" disabled={!alive} onPress={() => session.save()}>
          <Save size={14} />
        </HeaderButton>
      </header>
      <Notice state={state} onStart={() => void session.start()} />
    </>
  );
}

interface HeaderButtonProps {
  readonly name: string;
  readonly disabled: boolean;
  readonly onPress: () => Promise<void>;
  readonly children: ReactNode;
}

function HeaderButton({ name, disabled, onPress, children }: HeaderButtonProps): ReactNode {
  return (
    <button type="button" title={name} aria-label={name} disabled={disabled} onClick={() => void onPress()}>
      {children}
    </button>
  );
}

const KERNEL_WORDS: Readonly<Record<string, { readonly word: string; readonly tone: string }>> = {
  idle: { word: 'idle', tone: 'good' },
  busy: { word: 'busy', tone: 'warn' },
  dead: { word: 'dead', tone: 'bad' },
};

function KernelWord({ state }: { readonly state: NotebookState }): ReactNode {
  const known =
    state.phase === 'offline'
      ? { word: 'offline', tone: 'bad' }
      : (KERNEL_WORDS[state.kernelStatus] ?? { word: state.kernelStatus, tone: 'muted' });
  return (
    <span className={`notebook-kernel notebook-tone-${known.tone}`}>
      <i aria-hidden="true" />
      kernel {known.word}
    </span>
  );
}

/** What stands between the user and the notebook, in a sentence, with the way out. */
function Notice({
  state,
  onStart,
}: {
  readonly state: NotebookState;
  readonly onStart: () => void;
}): ReactNode {
  if (state.phase === 'starting') {
    return (
      <div className="notebook-notice" role="status">
        <progress max={100} value={state.progress?.percent ?? 0} aria-label="Start of your notebook server" />
        <span>Starting your notebook server. {state.progress?.message}</span>
      </div>
    );
  }
  if (state.phase === 'offline') {
    return (
      <div className="notebook-notice notebook-tone-warn" role="status">
        <span>The connection to the kernel is down; reconnecting. What you type stays here.</span>
      </div>
    );
  }
  if (state.phase === 'stopped') {
    return (
      <div className="notebook-notice notebook-tone-warn" role="status">
        <span>Your notebook server was stopped. The cells are kept; variables are gone.</span>
        <button type="button" onClick={onStart}>
          Start it again
        </button>
      </div>
    );
  }
  if (state.phase === 'failed' && state.error) {
    return (
      <div className="notebook-notice notebook-tone-bad" role="alert">
        <span>{state.error.message}</span>
        <button type="button" onClick={onStart}>
          Try again
        </button>
      </div>
    );
  }
  return null;
}
