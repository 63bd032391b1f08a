/** Requests to the Hub service: one place for its prefix, its XSRF header, its error form and checks of its answers. */
import * as z from 'zod/mini';
import { AppError, isErrorWire, type ErrorDetail, type ErrorTag } from '../core/errors.ts';

// zod compiles its checks with `new Function` where it may; the page's Content-Security-Policy forbids that.
z.config({ jitless: true });

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
}

export interface ServiceHttp {
  readonly prefix: string;
  /** `path` is relative to the prefix. Rejects with an AppError only. */
  json<T>(path: string, answer: z.ZodMiniType<T>, options?: RequestOptions): Promise<T>;
  /** For requests whose answer has no content of interest. */
  send(path: string, options: RequestOptions): Promise<void>;
}

export interface ServiceHttpParts {
  readonly prefix: string;
  readonly fetch: Fetch;
  /** The whole `document.cookie`; read at each request, since the service renews its XSRF cookie. */
  readonly cookies: () => string;
}

const DEFAULT_TIMEOUT_MS = 15_000;

export function xsrfToken(cookies: string): string {
  const found = /(?:^|;\s*)summit-xsrf=([^;]*)/.exec(cookies);
  return found?.[1] === undefined ? '' : decodeURIComponent(found[1]);
}

export function createServiceHttp({ prefix, fetch, cookies }: ServiceHttpParts): ServiceHttp {
  async function request(path: string, options: RequestOptions): Promise<Response> {
    const { signal, method = 'GET', body, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const url = prefix + path;
    const timeout = AbortSignal.timeout(timeoutMs);
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (method !== 'GET') headers['X-XSRFToken'] = xsrfToken(cookies());
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        cache: 'no-store',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw failedRequest(cause, url, signal, timeoutMs);
    }
    if (!response.ok) throw await errorOf(response, url);
    return response;
  }

  return {
    prefix,
    async json(path, answer, options = {}) {
      const url = prefix + path;
      const response = await request(path, options);
      let content: unknown;
      try {
        content = await response.json();
      } catch (cause) {
        if (options.signal?.aborted) throw failedRequest(cause, url, options.signal, 0);
        // A proxy's or a login page in the place of the answer, or a connection cut in its middle.
        throw new AppError(
          'Unreachable',
          'Something other than the Summit Notebook service answered.',
          { url },
          { cause },
        );
      }
      const checked = z.safeParse(answer, content);
      if (checked.success) return checked.data;
      const [issue] = checked.error.issues;
      throw new AppError(
        'Bug',
        `The service's answer is not what this version of the page expects (${issue?.path.join('.')}: ${issue?.message}). Reload the page.`,
        { url },
        { cause: checked.error },
      );
    },
    async send(path, options) {
      await request(path, options);
    },
  };
}

function failedRequest(
  cause: unknown,
  url: string,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): AppError {
  if (signal?.aborted) return new AppError('Cancelled', 'The request was cancelled.', { url }, { cause });
  const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
  const message = timedOut
    ? `The service did not answer within ${Math.round(timeoutMs / 1000)} s.`
    : 'No answer from the service: it or the network is down.';
  return new AppError('Unreachable', message, { url }, { cause });
}

async function errorOf(response: Response, url: string): Promise<AppError> {
  const { status } = response;
  const detail: ErrorDetail = { url, httpStatus: status };
  const content: unknown = await response.json().catch(() => undefined);
  if (isErrorWire(content))
    return new AppError(content.tag, content.message, { ...content.detail, ...detail });
  const [tag, message] = fromStatus(status);
  return new AppError(tag, message, detail);
}

/** For answers without the service's own error form: those of a proxy in front of it. */
function fromStatus(status: number): [ErrorTag, string] {
  if (status === 401 || status === 403)
    return ['AccessDenied', 'You are signed out, or may not see this. Sign in again.'];
  if (status === 404) return ['NotFound', 'The service does not know this address.'];
  if (status === 410) return ['Expired', 'This has left the repository.'];
  return ['Unreachable', `The service cannot be reached just now (HTTP ${status}).`];
}
