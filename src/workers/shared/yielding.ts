/**
 * Long synchronous work in bands. A worker only learns of a cancel between two tasks of its event loop; setTimeout is
 * clamped to 4 ms after a few turns, a MessageChannel turn costs microseconds.
 */
import { AppError } from '../../core/errors.ts';

const BAND_MS = 8;

const immediate = (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate;
const turn = immediate ?? messageTurn();

function messageTurn(): (callback: () => void) => void {
  const channel = new MessageChannel();
  const waiting: (() => void)[] = [];
  channel.port1.onmessage = () => waiting.shift()?.();
  return (callback) => {
    waiting.push(callback);
    channel.port2.postMessage(null);
  };
}

/**
 * Resolves after the tasks that are already queued have run. Node has setImmediate for that; its message ports deliver
 * up to a thousand messages before anything else gets a turn.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void turn(resolve));
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError('Cancelled', 'The work was superseded.');
}

/** Something that is done row by row; `step` answers true when it is finished. */
export interface RowWork {
  step(maxRows: number): boolean;
  free(): void;
}

/** Runs it in bands of about 8 ms; when cancelled in between, frees it and throws `Cancelled`. */
export async function runInBands(
  work: RowWork,
  signal?: AbortSignal,
  onBand?: (rowsDone: number) => void,
): Promise<void> {
  let rows = 32;
  let done = 0;
  try {
    for (;;) {
      throwIfCancelled(signal);
      const begin = performance.now();
      const finished = work.step(rows);
      const elapsed = performance.now() - begin;
      done += rows;
      onBand?.(done);
      if (finished) return;
      // At most doubled, because one slow band (a page fault, another process) says little about the next.
      rows = Math.max(8, Math.round(rows * Math.min(2, BAND_MS / Math.max(elapsed, 0.1))));
      await nextTurn();
    }
  } catch (error) {
    work.free();
    throw error;
  }
}

/** The promise, or `Cancelled` as soon as the signal says so. The work behind the promise goes on. */
export function orCancelled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancelled = () => reject(new AppError('Cancelled', 'The work was superseded.'));
    if (signal.aborted) cancelled();
    signal.addEventListener('abort', cancelled, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancelled));
  });
}
