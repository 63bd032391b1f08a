/**
 * The connection to a plain JupyterHub: who am I, start my server and watch it start, a narrow short-lived token, and the
 * settings with which @jupyterlab/services talks to that server. Same origin only.
 *
 * Facts that shape it (seen with JupyterHub 6.1): the Hub wants its XSRF token on GETs too, and its `_xsrf` cookie is
 * bound to the Hub's path, so the token is read from the Hub's own page; EventSource cannot send headers, so progress is
 * read from a fetch stream; a WebSocket cannot carry the token in its URL, so it uses the server's cookie, which only a
 * page navigation sets.
 */
import { ServerConnection } from '@jupyterlab/services';
import { AppError } from '../../core/errors.ts';

export interface StartProgress {
  readonly percent: number;
  readonly message: string;
}

export type ServerStatus = 'ready' | 'pending' | 'stopped';

interface HubUser {
  readonly name: string;
  readonly servers: Readonly<Record<string, { readonly ready?: boolean; readonly pending?: string | null }>>;
}

interface ProgressEvent {
  readonly progress?: number;
  readonly message?: string;
  readonly ready?: boolean;
  readonly failed?: boolean;
}

export interface HubConnectionOptions {
  /** Base path of the Hub with both slashes, for example /nb/. */
  readonly base: string;
  readonly origin: string;
  readonly fetch: typeof globalThis.fetch;
  /** Visits a page of the user's server so that its sign-in cookie is set; resolves when the visit is over. */
  readonly visit: (url: string) => Promise<void>;
}

const TOKEN_LIFETIME_SECONDS = 10 * 3600;
/** Renewed when this much of its life is left, so that a night's work never meets an expired token. */
const TOKEN_RENEWAL_SECONDS = 3600;

export class HubConnection {
  readonly #base: string;
  readonly #origin: string;
  readonly #fetch: typeof globalThis.fetch;
  readonly #visit: (url: string) => Promise<void>;
  #xsrf = '';
  #token: { readonly id: string; readonly value: string; readonly renewAt: number } | undefined;

  constructor(options: HubConnectionOptions) {
    this.#base = options.base;
    this.#origin = options.origin;
    this.#fetch = options.fetch;
    this.#visit = options.visit;
  }

  /** The signed-in user's name. Rejects with AccessDenied when signed out. */
  async whoAmI(signal?: AbortSignal): Promise<string> {
    const home = await this.#send('hub/home', { ...(signal && { signal }) });
    this.#xsrf = /xsrf_token:\s*"([^"]*)"/.exec(await home.text())?.[1] ?? '';
    const user = (await this.#json('hub/api/user', { ...(signal && { signal }) })) as HubUser;
    return user.name;
  }

  async serverStatus(user: string): Promise<ServerStatus> {
    const { servers } = (await this.#json(`hub/api/users/${encodeURIComponent(user)}`)) as HubUser;
    const server = servers[''];
    if (!server) return 'stopped';
    return server.ready ? 'ready' : 'pending';
  }

  /** Starts the user's server, or joins a start under way; resolves when it answers. */
  async startServer(
    user: string,
    onProgress: (progress: StartProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const server = `hub/api/users/${encodeURIComponent(user)}/server`;
    const started = await this.#send(server, { method: 'POST', signal });
    // 201 started at once, 202 starting, 400 it runs already.
    if (![201, 202, 400].includes(started.status)) throw await failure(started, 'start your notebook server');
    const stream = await this.#send(`${server}/progress`, {
      headers: { Accept: 'text/event-stream' },
      signal,
    });
    if (!stream.ok || !stream.body) throw await failure(stream, 'follow the start of your notebook server');
    for await (const event of serverSentEvents(stream.body)) {
      onProgress({ percent: event.progress ?? 0, message: event.message ?? '' });
      if (event.failed) {
        throw new AppError(
          'KernelLost',
          `Your notebook server did not start: ${event.message ?? 'no reason given'}`,
        );
      }
      if (event.ready) return;
    }
    throw new AppError(
      'Unreachable',
      'The Hub closed the connection while your notebook server was starting.',
    );
  }

  async stopServer(user: string): Promise<void> {
    const answer = await this.#send(`hub/api/users/${encodeURIComponent(user)}/server`, { method: 'DELETE' });
    if (!answer.ok && answer.status !== 404) throw await failure(answer, 'stop your notebook server');
  }

  /**
   * Settings for @jupyterlab/services. REST calls carry a token that may do nothing but reach this user's servers; it is
   * held in memory only and renewed in time. WebSockets use the cookie that the visit leaves.
   */
  async connect(user: string): Promise<ServerConnection.ISettings> {
    await this.#freshToken(user);
    const baseUrl = `${this.#origin}${this.#base}user/${encodeURIComponent(user)}/`;
    // The server's file route starts its sign-in on a navigation even for a file that is not there.
    await this.#visit(`${baseUrl}files/summit-notebook-sign-in`);
    return ServerConnection.makeSettings({
      baseUrl,
      appUrl: baseUrl,
      wsUrl: baseUrl.replace(/^http/, 'ws'),
      appendToken: false,
      init: { cache: 'no-store', credentials: 'same-origin' },
      fetch: async (input: RequestInfo, init?: RequestInit) => {
        const request = new Request(input, init);
        request.headers.set('Authorization', `token ${await this.#freshToken(user)}`);
        return this.#fetch(request);
      },
    });
  }

  /** Takes the token back; for log-out and for leaving the page. */
  async revoke(user: string): Promise<void> {
    const token = this.#token;
    this.#token = undefined;
    if (!token) return;
    await this.#send(`hub/api/users/${encodeURIComponent(user)}/tokens/${token.id}`, {
      method: 'DELETE',
      keepalive: true,
    });
  }

  async #freshToken(user: string): Promise<string> {
    if (this.#token && Date.now() < this.#token.renewAt) return this.#token.value;
    const body = {
      note: 'Summit Notebook',
      expires_in: TOKEN_LIFETIME_SECONDS,
      scopes: [`access:servers!user=${user}`],
    };
    const made = (await this.#json(`hub/api/users/${encodeURIComponent(user)}/tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })) as { readonly id: string; readonly token: string };
    const renewAt = Date.now() + (TOKEN_LIFETIME_SECONDS - TOKEN_RENEWAL_SECONDS) * 1000;
    this.#token = { id: made.id, value: made.token, renewAt };
    return made.token;
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#xsrf) headers.set('X-XSRFToken', this.#xsrf);
    const url = this.#origin + this.#base + path;
    try {
      return await this.#fetch(url, { ...init, headers, credentials: 'same-origin' });
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'AbortError') throw cause;
      throw new AppError(
        'Unreachable',
        'The Hub does not answer. Check the VPN; the pane tries again.',
        { url },
        { cause },
      );
    }
  }

  async #json(path: string, init: RequestInit = {}): Promise<unknown> {
    const answer = await this.#send(path, init);
    if (!answer.ok) throw await failure(answer, 'answer');
    return answer.json();
  }
}

async function failure(answer: Response, what: string): Promise<AppError> {
  const detail = { url: answer.url, httpStatus: answer.status };
  if (answer.status === 401 || answer.status === 403) {
    return new AppError('AccessDenied', 'The Hub has ended your session. Sign in again.', detail);
  }
  const body = (await answer.json().catch(() => ({}))) as { message?: string };
  const reason = body.message ? `: ${body.message}` : '';
  const tag = answer.status >= 500 ? 'Unreachable' : 'KernelLost';
  return new AppError(tag, `The Hub could not ${what} (HTTP ${answer.status})${reason}.`, detail);
}

/** The `data:` lines of a server-sent event stream, parsed; comments and other fields are skipped. */
async function* serverSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ProgressEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let pending = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      pending += value;
      for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
        const block = pending.slice(0, end).trim();
        pending = pending.slice(end + 2);
        if (block.startsWith('data:')) yield JSON.parse(block.slice(5)) as ProgressEvent;
      }
    }
  } finally {
    await reader.cancel();
  }
}

/**
 * Visits a page in a hidden frame. The frame may be refused by the server's frame-ancestors; the cookies that its
 * redirects set are kept all the same.
 */
export async function visitInHiddenFrame(url: string): Promise<void> {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = url;
  const over = new Promise<void>((resolve) => {
    frame.onload = () => resolve();
    frame.onerror = () => resolve();
    setTimeout(resolve, 8000);
  });
  document.body.append(frame);
  await over;
  frame.remove();
}
