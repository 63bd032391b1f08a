/** A download that runs ahead of its reader, so that the network does not wait while the engine decodes. */
import { AppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { openBytes } from '../shared/fetchBytes.ts';

export const nowUnixMs = (): UnixMs => performance.timeOrigin + performance.now();

export class Download {
  /** All chunks so far; kept, because a raw value under the cursor is decoded from them later. */
  readonly chunks: Uint8Array[] = [];
  totalBytes: number | null = null;
  bytes = 0;
  /** When the last byte arrived. */
  fetched: UnixMs | undefined;
  readonly #abort = new AbortController();
  #failure: unknown;
  #ended = false;
  #wake: (() => void) | undefined;
  #next = 0;
  readonly #opened: Promise<void>;

  /** `what` begins the sentence of an error. */
  constructor(url: string, what: string, fetchLike: FetchLike, onBytes?: (download: Download) => void) {
    let opened = (): void => {};
    this.#opened = new Promise((resolve) => {
      opened = resolve;
    });
    void this.#run(url, what, fetchLike, opened, onBytes);
  }

  /** Resolves when the answer's head is here; then `totalBytes` is known. Throws what went wrong. */
  async opened(): Promise<void> {
    await this.#opened;
    if (this.#failure) throw this.#failure;
  }

  /** The next chunk, or undefined after the last one. Throws what went wrong with the download. */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#next >= this.chunks.length) {
      if (this.#failure) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.chunks[this.#next++];
  }

  /** Ends it; a waiting `read` throws `Cancelled`. Harmless after the end. */
  cancel(): void {
    if (this.#ended) return;
    this.#failure ??= new AppError('Cancelled', 'The work was superseded.');
    this.#abort.abort();
    this.#wake?.();
  }

  async #run(
    url: string,
    what: string,
    fetchLike: FetchLike,
    opened: () => void,
    onBytes?: (download: Download) => void,
  ): Promise<void> {
    try {
      const stream = await openBytes(url, what, this.#abort.signal, fetchLike);
      this.totalBytes = stream.totalBytes;
      opened();
      for (;;) {
        const chunk = await stream.read();
        if (!chunk) break;
        this.chunks.push(chunk);
        this.bytes += chunk.length;
        onBytes?.(this);
        this.#wake?.();
      }
      this.fetched = nowUnixMs();
    } catch (failure) {
      this.#failure ??= failure;
    } finally {
      this.#ended = true;
      opened();
      this.#wake?.();
    }
  }
}
