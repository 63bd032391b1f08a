/** How fast bytes come, by the last download that was long enough to tell. */

/** Sooner the first packets tell more of the machine than of the link. */
const TELLING_MS = 400;

export class LinkRate {
  readonly #now: () => number;
  #bytesPerS: number | undefined;
  #from: { readonly at: number; readonly bytes: number } | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A download begins. */
  begin(): void {
    this.#from = undefined;
  }

  /** So many bytes of it are here. True when that tells the rate. */
  note(bytes: number): boolean {
    const at = this.#now();
    if (!this.#from) {
      this.#from = { at, bytes };
      return false;
    }
    const elapsed = at - this.#from.at;
    if (elapsed < TELLING_MS) {
      // What came in so short a time is at least that fast.
      const least = ((bytes - this.#from.bytes) * 1000) / TELLING_MS;
      if (this.#bytesPerS !== undefined && least > this.#bytesPerS) this.#bytesPerS = least;
      return false;
    }
    this.#bytesPerS = ((bytes - this.#from.bytes) * 1000) / elapsed;
    return true;
  }

  /** NaN as long as nobody knows. */
  secondsFor(bytes: number): number {
    return this.#bytesPerS === undefined ? Number.NaN : bytes / this.#bytesPerS;
  }
}
