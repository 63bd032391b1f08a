/**
 * One user's notebook from start to recovery: starts the server through the Hub, opens the notebook, watches the kernel's
 * connection and mends what breaks. What was typed lives in the page and outlives all of it.
 */
import type { INotebookContent } from '@jupyterlab/nbformat';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { AppError, toAppError } from '../../core/errors.ts';
import type { HubConnection, StartProgress } from '../../services/hub/hubConnection.ts';
import { type ExposureDataId, firstNotebook, notebookPath } from './firstNotebook.ts';
import { tableOf } from './kernelTable.ts';
import type { OpenNotebook } from './notebookDocument.ts';

/**
 * - `starting`: the server or the notebook is on its way, see `progress`.
 * - `offline`: the kernel's socket is down; it is being reconnected.
 * - `stopped`: the server was stopped, by someone or by the Hub; one click starts it again.
 * - `failed`: see `error`.
 */
export type NotebookPhase = 'idle' | 'starting' | 'ready' | 'offline' | 'stopped' | 'failed';

export interface NotebookState {
  readonly phase: NotebookPhase;
  readonly progress: StartProgress | null;
  /** JupyterLab's word: idle, busy, restarting, dead, unknown, ... */
  readonly kernelStatus: string;
  readonly path: string;
  readonly unsaved: boolean;
  readonly error: AppError | null;
}

export interface NotebookSessionOptions {
  readonly hub: HubConnection;
  readonly host: HTMLElement;
  readonly dayObs: number;
  readonly currentExposure: ExposureDataId | null;
}

const RECONNECT_EVERY_MS = 3000;

export class NotebookSession {
  readonly store: StoreApi<NotebookState>;
  readonly #options: NotebookSessionOptions;
  readonly #life = new AbortController();
  #user = '';
  #notebook: OpenNotebook | undefined;
  #kept: INotebookContent | undefined;
  #reconnect: ReturnType<typeof setInterval> | undefined;
  #starting = false;

  constructor(options: NotebookSessionOptions) {
    this.#options = options;
    const path = notebookPath(options.dayObs);
    this.store = createStore<NotebookState>(() => ({
      phase: 'idle',
      progress: null,
      kernelStatus: 'unknown',
      path,
      unsaved: false,
      error: null,
    }));
    globalThis.addEventListener('online', this.#onOnline);
  }

  /** Starts the server and opens the notebook; also the way back after `stopped` and `failed`. */
  async start(): Promise<void> {
    if (this.#starting || this.#life.signal.aborted) return;
    this.#starting = true;
    const { hub, host, dayObs, currentExposure } = this.#options;
    this.#set({ phase: 'starting', error: null, progress: { percent: 0, message: 'Asking the Hub' } });
    try {
      this.#keepAndClose();
      this.#user = await hub.whoAmI(this.#life.signal);
      await hub.startServer(this.#user, (progress) => this.#set({ progress }), this.#life.signal);
      this.#set({ progress: { percent: 100, message: 'Opening the notebook' } });
      const settings = await hub.connect(this.#user);
      const { openNotebook } = await import('./notebookDocument.ts');
      if (this.#life.signal.aborted) return;
      const path = this.store.getState().path;
      const notebook = await openNotebook(
        host,
        settings,
        path,
        firstNotebook(dayObs, currentExposure),
        this.#kept,
      );
      if (this.#life.signal.aborted) return notebook.dispose();
      this.#kept = undefined;
      this.#adopt(notebook);
      this.#set({ phase: 'ready', progress: null });
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.tag !== 'Cancelled') this.#set({ phase: 'failed', error, progress: null });
    } finally {
      this.#starting = false;
    }
  }

  async run(): Promise<void> {
    const notebook = this.#notebook;
    if (!notebook) return;
    const { NotebookActions } = await import('@jupyterlab/notebook');
    await NotebookActions.runAndAdvance(notebook.panel.content, notebook.panel.sessionContext);
  }

  /** Puts a plain value into the kernel under a name of ours, without a trace in the notebook. No kernel: nothing. */
  hand(name: 'last_examined', value: Readonly<Record<string, unknown>>): void {
    const kernel = this.#notebook?.panel.sessionContext.session?.kernel;
    // The text of a JSON string is a Python literal, so that nothing in the value can be code.
    const code = `${name} = __import__('json').loads(${JSON.stringify(JSON.stringify(value))})`;
    kernel?.requestExecute({ code, silent: true, store_history: false, stop_on_error: false });
  }

  /** A table of the kernel by its name, as CSV, without a trace in the notebook; waits for cells that run. */
  async table(name: string): Promise<string> {
    const kernel = this.#notebook?.panel.sessionContext.session?.kernel;
    if (!kernel) throw new AppError('KernelLost', 'there is no kernel yet.');
    return tableOf(kernel, name);
  }

  async interrupt(): Promise<void> {
    await this.#notebook?.panel.sessionContext.session?.kernel?.interrupt();
  }

  async restartKernel(): Promise<void> {
    await this.#notebook?.panel.sessionContext.restartKernel();
  }

  async save(): Promise<void> {
    await this.#notebook?.panel.context.save();
  }

  dispose(): void {
    this.#life.abort();
    globalThis.removeEventListener('online', this.#onOnline);
    clearInterval(this.#reconnect);
    this.#notebook?.dispose();
    this.#notebook = undefined;
    if (this.#user) this.#options.hub.revoke(this.#user).catch(() => {});
  }

  readonly #onOnline = () => this.#tryToReconnect();

  #set(change: Partial<NotebookState>): void {
    if (!this.#life.signal.aborted) this.store.setState(change);
  }

  /** The text in the page is kept for the next opening; the widget goes. */
  #keepAndClose(): void {
    clearInterval(this.#reconnect);
    if (!this.#notebook) return;
    this.#kept = this.#notebook.content();
    this.#notebook.dispose();
    this.#notebook = undefined;
  }

  #adopt(notebook: OpenNotebook): void {
    this.#notebook = notebook;
    const { sessionContext, context } = notebook.panel;
    sessionContext.statusChanged.connect((_, kernelStatus) => this.#set({ kernelStatus }));
    sessionContext.connectionStatusChanged.connect((_, status) => {
      if (status === 'connected') this.#online();
      else this.#offline();
    });
    context.model.stateChanged.connect((_, change) => {
      if (change.name === 'dirty') this.#set({ unsaved: context.model.dirty });
    });
    this.#set({
      kernelStatus: sessionContext.session?.kernel?.status ?? 'unknown',
      unsaved: context.model.dirty,
    });
  }

  #online(): void {
    clearInterval(this.#reconnect);
    this.#reconnect = undefined;
    if (this.store.getState().phase === 'offline') this.#set({ phase: 'ready' });
  }

  #offline(): void {
    if (this.#reconnect !== undefined) return;
    this.#set({ phase: 'offline' });
    this.#reconnect = setInterval(() => this.#tryToReconnect(), RECONNECT_EVERY_MS);
  }

  /** JupyterLab's own reconnection waits ever longer and gives up; this one asks the Hub what is the matter. */
  #tryToReconnect(): void {
    if (this.store.getState().phase !== 'offline') return;
    this.#reconnectOrExplain().catch((thrown: unknown) => {
      const error = toAppError(thrown);
      if (error.tag === 'AccessDenied') this.#set({ phase: 'failed', error });
    });
  }

  async #reconnectOrExplain(): Promise<void> {
    const status = await this.#options.hub.serverStatus(this.#user);
    if (status === 'stopped') {
      clearInterval(this.#reconnect);
      this.#reconnect = undefined;
      this.#set({ phase: 'stopped', kernelStatus: 'dead' });
      return;
    }
    const kernel = this.#notebook?.panel.sessionContext.session?.kernel;
    if (status === 'ready' && kernel?.connectionStatus !== 'connected') await kernel?.reconnect();
  }
}
