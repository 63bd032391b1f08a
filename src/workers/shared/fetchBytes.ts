/** Bytes over HTTP, chunk by chunk, with errors that have a tag. Used inside workers. */
import { AppError, isErrorWire } from '../../core/errors.ts';

export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

let received = 0;

/** By this thread, since it began; of streams that `openBytes` opened. */
export function receivedBytes(): number {
  return received;
}

export interface ByteStream {
  /** Of the bytes as they arrive here; null when the server does not say or compresses on the way. */
  readonly totalBytes: number | null;
  /** Of the answer's head; null when it has none of that name. */
  header(name: string): string | null;
  /** Undefined at the end. What was read before may be overwritten. */
  read(): Promise<Uint8Array | undefined>;
}

type StatusTag = 'AccessDenied' | 'NotFound' | 'Expired' | 'Unreachable' | 'Bug';

/** What a status means when the body does not say it better. */
function tagOfStatus(status: number): StatusTag {
  if (status === 401 || status === 403) return 'AccessDenied';
  if (status === 404) return 'NotFound';
  if (status === 410) return 'Expired';
  if (status >= 500 || status === 429 || status === 408) return 'Unreachable';
  return 'Bug';
}

function sentenceOf(tag: StatusTag, what: string, status: number): string {
  switch (tag) {
    case 'AccessDenied':
      return `${what}: the server asks for a sign-in. Sign in again.`;
    case 'NotFound':
      return `${what} is not in the repository.`;
    case 'Expired':
      return `${what} has left the limited-lifetime repository. Look for it in the long-term one.`;
    case 'Unreachable':
      return `${what}: the server answered with status ${status}.`;
    case 'Bug':
      return `${what}: unexpected status ${status}.`;
  }
}

/** `what` begins the sentence of an error: "The raw of 20261122 143". */
export async function openBytes(
  url: string,
  what: string,
  signal: AbortSignal,
  fetchLike: FetchLike = fetch,
): Promise<ByteStream> {
  const stall = new StallGuard(signal);
  const response = await overNetwork(
    () => stall.during(fetchLike(url, { signal: stall.signal })),
    what,
    url,
    signal,
  );
  if (!response.ok) throw await errorOf(response, what, url);
  const { body } = response;
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const encoded = response.headers.get('content-encoding') !== null;
  const read = body && readerOf(body);
  return {
    totalBytes: Number.isFinite(length) && !encoded ? length : null,
    header: (name) => response.headers.get(name),
    async read() {
      if (!read) return undefined;
      const chunk = await overNetwork(() => stall.during(read()), what, url, signal);
      received += chunk?.length ?? 0;
      return chunk;
    },
  };
}

const CHUNK_BYTES = 1 << 17;

/**
 * Into the same memory again and again where the stream can: new memory for each chunk waits for a collection, and a worker
 * that reads raws makes little else that would bring one about.
 */
function readerOf(body: ReadableStream<Uint8Array>): () => Promise<Uint8Array | undefined> {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    const plain = body.getReader();
    return async () => (await plain.read()).value;
  }
  let memory = new ArrayBuffer(CHUNK_BYTES);
  return async () => {
    const { done, value } = await reader.read(new Uint8Array(memory));
    if (value) memory = value.buffer;
    return done ? undefined : value;
  };
}

/** A connection can die without a word (VPN, suspended laptop); a browser would wait for it for ever. */
const STALL_MS = 30_000;

class StallGuard {
  readonly #stalled = new AbortController();
  readonly signal: AbortSignal;

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#stalled.signal]);
  }

  async during<T>(promise: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#stalled.abort(), STALL_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** fetch and read reject with a TypeError when the network fails and with the signal's reason when aborted. */
export async function overNetwork<T>(
  act: () => Promise<T>,
  what: string,
  url: string,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (signal.aborted) throw new AppError('Cancelled', 'The work was superseded.', {}, { cause });
    throw new AppError('Unreachable', `${what}: the server cannot be reached.`, { url }, { cause });
  }
}

export async function errorOf(response: Response, what: string, url: string): Promise<AppError> {
  const detail = { url, httpStatus: response.status };
  const body: unknown = await response.json().catch(() => undefined);
  if (isErrorWire(body)) return new AppError(body.tag, body.message, { ...body.detail, ...detail });
  const tag = tagOfStatus(response.status);
  return new AppError(tag, sentenceOf(tag, what, response.status), detail);
}
