/** A download that runs ahead of its reader, so that the network does not wait while the engine decodes. */
import { AppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { openBytes } from '../shared/fetchBytes.ts';

export const nowUnixMs = (): UnixMs => performance.timeOrigin + performance.now();

export class Download {
  totalBytes: number | null = null;
  bytes = 0;
  /** When the last byte arrived. */
  fetched: UnixMs | undefined;
  readonly #abort = new AbortController();
  #failure: unknown;
  #ended = false;
  #wake: (() => void) | undefined;
  /** That have come and were not read yet. */
  readonly #chunks: Uint8Array[] = [];
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
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) return chunk;
      if (this.#failure) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
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
        this.#chunks.push(chunk);
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
