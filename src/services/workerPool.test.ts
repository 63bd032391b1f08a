import { expose } from 'comlink';
import { afterEach, describe, expect, it } from 'vitest';
import type { CalibSet } from '../core/dataId.ts';
import { AppError } from '../core/errors.ts';
import type { ImageWorkerApi, OpenedImage } from '../workers/image/contract.ts';
import { guard } from '../workers/shared/guard.ts';
import { ImageWorker, spawn } from './workerPool.ts';

/** Node has no Worker of the browser's kind: this one runs its api here, behind a real message channel. */
class ChannelWorker extends EventTarget {
  readonly #near: MessagePort;
  readonly #far: MessagePort;
  terminated = false;

  constructor(api: object) {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    this.#far = port2;
    expose(api, port2);
    open.push(this);
  }

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    if (args[0] !== 'message') return super.addEventListener(...args);
    this.#near.addEventListener(...(args as Parameters<MessagePort['addEventListener']>));
    this.#near.start();
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#near.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.#near.close();
    this.#far.close();
  }

  crash(): void {
    this.dispatchEvent(new Event('error', { cancelable: true }));
  }
}

const open: ChannelWorker[] = [];
afterEach(() => {
  for (const worker of open.splice(0)) worker.terminate();
});

interface Api {
  double(n: number): Promise<number>;
  fail(): Promise<void>;
  hang(): Promise<void>;
}

const api: Api = guard<Api>({
  double: async (n) => 2 * n,
  fail: async () => {
    throw new AppError('MalformedFits', 'bad tile', { hduIndex: 3, tile: 17 });
  },
  hang: () => new Promise(() => undefined),
});
const make = (of: object) => () => new ChannelWorker(of) as unknown as Worker;

describe('spawn', () => {
  it('answers, and revives errors with tag and detail', async () => {
    const worker = spawn<Api>(make(api));
    expect(await worker.call((a) => a.double(21))).toBe(42);
    const error: unknown = await worker.call((a) => a.fail()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({
      tag: 'MalformedFits',
      message: 'bad tile',
      detail: { hduIndex: 3, tile: 17 },
    });
    expect(open).toHaveLength(1);
  });

  it('rejects what waits when the worker dies, and prepares a new one for the next call', async () => {
    let prepared = 0;
    const worker = spawn<Api>(make(api), async () => void (prepared += 1));
    const waiting = worker.call((a) => a.hang());
    await worker.call((a) => a.double(1));
    open[0]!.crash();
    await expect(waiting).rejects.toMatchObject({ tag: 'WasmFailed' });
    expect(open[0]!.terminated).toBe(true);
    expect(await worker.call((a) => a.double(2))).toBe(4);
    expect([open.length, prepared]).toEqual([2, 2]);
  });

  it('tries again after a start that failed', async () => {
    let tries = 0;
    const worker = spawn<Api>(make(api), async () => {
      tries += 1;
      if (tries === 1) throw new AppError('Unreachable', 'no engine');
    });
    await expect(worker.call((a) => a.double(1))).rejects.toMatchObject({ tag: 'Unreachable' });
    expect(await worker.call((a) => a.double(1))).toBe(2);
  });
});

const REQUEST = { exposure: 1 } as Parameters<ImageWorker['open']>[0];
const NO_CALIBS: CalibSet = { bias: null, dark: null, flat: null };

describe('ImageWorker', () => {
  it('turns an abort into cancel of that job, and hands progress on', async () => {
    const cancels: string[] = [];
    let fail: ((wire: unknown) => void) | undefined;
    const images: Partial<ImageWorkerApi> = {
      open: async (request, _, onProgress) => {
        onProgress?.({ stage: 'reducing', fraction: 0.5 });
        return new Promise<OpenedImage>((_, reject) => {
          fail = reject;
          cancels.push(`opened ${request.jobId}`);
        });
      },
      cancel: async (jobId) => {
        cancels.push(`cancelled ${jobId}`);
        fail?.({ tag: 'Cancelled', message: 'superseded', detail: {} });
      },
    };
    const worker = new ImageWorker(spawn<ImageWorkerApi>(make(images)));
    const controller = new AbortController();
    const progress: unknown[] = [];
    const opening = worker.open(REQUEST, Promise.resolve(NO_CALIBS), {
      signal: controller.signal,
      onProgress: (p) => progress.push(p),
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    await expect(opening).rejects.toMatchObject({ tag: 'Cancelled' });
    expect(cancels).toEqual(['opened open-1', 'cancelled open-1']);
    expect(progress).toEqual([{ stage: 'reducing', fraction: 0.5 }]);
  });

  it('hands the calibs on when they have been looked up, or why they could not be', async () => {
    const images: Partial<ImageWorkerApi> = {
      open: async (_, findCalibs) => {
        const { dark } = await findCalibs();
        return { warnings: [dark?.datasetId] } as unknown as OpenedImage;
      },
    };
    const worker = new ImageWorker(spawn<ImageWorkerApi>(make(images)));
    const dark = { datasetType: 'dark', datasetId: 'd-1', collection: 'calib', fileBytes: null } as const;
    const found = new Promise<CalibSet>((resolve) => setTimeout(resolve, 20, { ...NO_CALIBS, dark }));
    expect(await worker.open(REQUEST, found)).toMatchObject({ warnings: ['d-1'] });
    const busy = new AppError('RegistryBusy', 'The registry is locked.', { exposure: 1 });
    await expect(worker.open(REQUEST, Promise.reject(busy))).rejects.toMatchObject({
      tag: 'RegistryBusy',
      message: 'The registry is locked.',
      detail: { exposure: 1 },
    });
  });
});
