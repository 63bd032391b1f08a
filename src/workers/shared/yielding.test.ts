import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { guard } from './guard.ts';
import { orCancelled, runInBands } from './yielding.ts';

/** Spins for a fixed time per row, as decoding does. */
class SlowRows {
  freed = false;
  longestMs = 0;
  done = 0;
  readonly rows: number;
  readonly msPerRow: number;

  constructor(rows: number, msPerRow: number) {
    this.rows = rows;
    this.msPerRow = msPerRow;
  }

  step(maxRows: number): boolean {
    const begin = performance.now();
    while (performance.now() - begin < maxRows * this.msPerRow);
    this.longestMs = Math.max(this.longestMs, maxRows * this.msPerRow);
    this.done += maxRows;
    return this.done >= this.rows;
  }

  free(): void {
    this.freed = true;
  }
}

describe('runInBands', () => {
  it('finds bands of at most 10 ms and finishes without freeing', async () => {
    const work = new SlowRows(4000, 0.02);
    await runInBands(work);
    expect(work.done).toBeGreaterThanOrEqual(4000);
    expect(work.longestMs).toBeLessThanOrEqual(10);
    expect(work.freed).toBe(false);
  });

  it('hears of a cancel that arrives as a message within 20 ms, and frees', async () => {
    const work = new SlowRows(1_000_000, 0.02);
    const controller = new AbortController();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => controller.abort();
    let cancelledAt = 0;
    setTimeout(() => {
      cancelledAt = performance.now();
      port2.postMessage('cancel');
    }, 30);
    await expect(runInBands(work, controller.signal)).rejects.toMatchObject({ tag: 'Cancelled' });
    // Twice the limit of the contract, because the machine of the test may be busy.
    expect(performance.now() - cancelledAt).toBeLessThan(40);
    expect(work.freed).toBe(true);
    port1.close();
  });
});

describe('orCancelled', () => {
  it('does not wait for a promise that never comes', async () => {
    const controller = new AbortController();
    const waiting = orCancelled(new Promise(() => undefined), controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ tag: 'Cancelled' });
  });
});

describe('guard', () => {
  it('throws plain objects that keep tag and detail through a structured clone', async () => {
    const api = guard({
      tagged: async (): Promise<void> => {
        throw new AppError('MalformedFits', 'bad tile', { hduIndex: 3, tile: 17 });
      },
      untagged: async (): Promise<void> => {
        throw new TypeError('x is undefined');
      },
      fine: async (n: number) => n + 1,
    });
    const wire: unknown = await api.tagged().catch((e: unknown) => structuredClone(e));
    expect(wire).toEqual({ tag: 'MalformedFits', message: 'bad tile', detail: { hduIndex: 3, tile: 17 } });
    await expect(api.untagged()).rejects.toEqual({ tag: 'Bug', message: 'x is undefined', detail: {} });
    expect(await api.fine(1)).toBe(2);
  });
});
