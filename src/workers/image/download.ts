/** A download that runs ahead of its reader, so that the network does not wait while the engine decodes. */
import { AppError } from '../../core/errors.ts';
import type { UnixMs } from '../../core/time.ts';
import type { FetchLike } from '../shared/fetchBytes.ts';
import { openBytes } from '../shared/fetchBytes.ts';

export const nowUnixMs = (): UnixMs => performance.timeOrigin + performance.now();

/** What one read gives at most, so that a reader has turns between. */
const PART_BYTES = 1 << 20;
/** More is not kept for the next download, nor taken at once because a server announces it. */
const MOST_KEPT_BYTES = 1 << 25;

const NOTHING = new Uint8Array(0);
/** That of an earlier download, since fresh memory for each raw would add up until it is collected. */
let kept: Uint8Array<ArrayBuffer> = NOTHING;

export class Download {
  totalBytes: number | null = null;
  bytes = 0;
  /** When the last byte arrived. */
  fetched: UnixMs | undefined;
  readonly #abort = new AbortController();
  #failure: unknown;
  #ended = false;
  #wake: (() => void) | undefined;
  /** What has come is at its start. */
  #memory = kept;
  #readBytes = 0;
  readonly #opened: Promise<void>;

  /** `what` begins the sentence of an error. */
  constructor(url: string, what: string, fetchLike: FetchLike, onBytes?: (download: Download) => void) {
    let opened = (): void => {};
    this.#opened = new Promise((resolve) => {
      opened = resolve;
    });
    kept = NOTHING;
    void this.#run(url, what, fetchLike, opened, onBytes);
  }

  /** Resolves when the answer's head is here; then `totalBytes` is known. Throws what went wrong. */
  async opened(): Promise<void> {
    await this.#opened;
    if (this.#failure) throw this.#failure;
  }

  /**
   * What has come since the last read, or undefined at the end; its memory is the caller's until `cancel`. Throws what went
   * wrong with the download.
   */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#readBytes < this.bytes) {
        const from = this.#readBytes;
        this.#readBytes = Math.min(this.bytes, from + PART_BYTES);
        return this.#memory.subarray(from, this.#readBytes);
      }
      if (this.#failure) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Ends it; a waiting `read` throws `Cancelled`. After the end it only gives the memory back. */
  cancel(): void {
    const { length } = this.#memory;
    if (length > kept.length && length <= MOST_KEPT_BYTES) kept = this.#memory;
    this.#memory = NOTHING;
    this.#readBytes = this.bytes;
    if (this.#ended) return;
    this.#failure ??= new AppError('Cancelled', 'The work was superseded.');
    this.#abort.abort();
    this.#wake?.();
  }

  #keep(chunk: Uint8Array): void {
    const wanted = this.bytes + chunk.length;
    if (wanted > this.#memory.length) {
      const announced = Math.min(this.totalBytes ?? 0, MOST_KEPT_BYTES);
      const larger = new Uint8Array(announced >= wanted ? announced : 2 * wanted);
      larger.set(this.#memory.subarray(0, this.bytes));
      this.#memory = larger;
    }
    this.#memory.set(chunk, this.bytes);
    this.bytes = wanted;
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
        if (!chunk || this.#failure) break;
        this.#keep(chunk);
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
