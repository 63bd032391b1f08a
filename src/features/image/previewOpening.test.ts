/** What is asked of the worker, and in which order, by the link and the user's choice. */
import { describe, expect, it, vi } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../services/workerPool.ts';
import type { OpenedImage, OpenProgress } from '../../workers/image/contract.ts';
import { FIRST_ISR } from './displayState.ts';
import { LinkRate } from './linkRate.ts';
import { type PixelChoice, previewOpening } from './previewOpening.ts';

const RAW_BYTES = 17_500_000;
const EXPOSURE = {
  instrument: 'LATISS',
  exposure: 2026112200007,
  dayObs: 20261122,
  observationType: 'science',
  physicalFilter: 'r',
  raws: [{ detector: 0, datasetId: 'raw-7', fileBytes: RAW_BYTES }],
} as unknown as Exposure;

const opened = (key: string, whole: boolean) =>
  ({ key, preview: whole ? null : { binPx: 8, share: 1 } }) as unknown as OpenedImage;

/** A worker whose raws come so many bytes a second and whose service has previews, or has none. */
function harness(
  choice: PixelChoice,
  bytesPerS: number | ((bytes: number) => number),
  previewFails: AppError | 'hangs' | null = null,
) {
  let at = 0;
  const asked: string[] = [];
  const jobs = new Map<string, (why: unknown) => void>();
  const api = {
    open: (request: { jobId: string }, _: unknown, onProgress: (progress: OpenProgress) => void) =>
      new Promise((resolve, reject) => {
        asked.push('raw');
        jobs.set(request.jobId, reject);
        let bytes = 0;
        const come = () => {
          onProgress({ stage: 'fetching', bytes, totalBytes: RAW_BYTES });
          if (bytes >= RAW_BYTES) return resolve(opened('full', true));
          if (!jobs.has(request.jobId)) return;
          at += 100;
          bytes += (typeof bytesPerS === 'number' ? bytesPerS : bytesPerS(bytes)) / 10;
          setTimeout(come);
        };
        come();
      }),
    preview: async ({ jobId }: { jobId: string }) => {
      asked.push('preview');
      if (previewFails === 'hangs') return new Promise((_, reject) => jobs.set(jobId, reject));
      if (previewFails) throw previewFails.toWire();
      return opened('preview', false);
    },
    cancel: async (jobId: string) => {
      asked.push('cancel');
      jobs.get(jobId)?.({ tag: 'Cancelled', message: 'superseded', detail: {} });
      jobs.delete(jobId);
    },
  };
  const worker = new ImageWorker({ call: (act) => act(api as never), dispose: () => undefined });
  const butler = {
    source: 'OODS',
    fileUrlPrefix: 'https://summit/files/',
    findCalibs: async () => ({ bias: null, dark: null, flat: null }),
  } as unknown as ButlerClient;
  const opening = previewOpening(butler, worker, () => choice, new LinkRate(() => at), 30);
  const onPreview = vi.fn();
  const open = (full = false, signal = new AbortController().signal) =>
    opening(EXPOSURE, { isr: FIRST_ISR, full, signal, onProgress: () => undefined, onPreview });
  return { open, asked, onPreview };
}

const FAST = 100e6;
const SLOW = 2.5e6;

describe('opening', () => {
  it('takes the raw over a fast link', async () => {
    const { open, asked, onPreview } = harness('auto', FAST);
    expect(await open()).toMatchObject({ key: 'full' });
    expect(asked).toEqual(['raw']);
    expect(onPreview).not.toHaveBeenCalled();
  });

  it('breaks off a raw that turns out to be slow, shows the preview, then fetches the raw', async () => {
    const { open, asked, onPreview } = harness('auto', SLOW);
    expect(await open()).toMatchObject({ key: 'full' });
    expect(asked).toEqual(['raw', 'cancel', 'preview', 'raw']);
    expect(onPreview).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ key: 'preview' }));
  });

  it('begins with the preview once the link is known to be slow', async () => {
    const { open, asked } = harness('auto', SLOW);
    await open();
    asked.length = 0;
    await open();
    expect(asked).toEqual(['preview', 'raw']);
  });

  it('never asks for a preview where the user wants none', async () => {
    const { open, asked } = harness('full', SLOW);
    expect(await open()).toMatchObject({ key: 'full' });
    expect(asked).toEqual(['raw']);
  });

  it('leaves it at the preview where the user wants that, until the pixels are asked for', async () => {
    const { open, asked } = harness('preview', FAST);
    expect(await open()).toMatchObject({ key: 'preview' });
    expect(asked).toEqual(['preview']);
    expect(await open(true)).toMatchObject({ key: 'full' });
    expect(asked).toEqual(['preview', 'raw']);
  });

  it('takes the raw where the service has no preview', async () => {
    const { open, asked } = harness('preview', FAST, new AppError('NotFound', 'no such route'));
    expect(await open()).toMatchObject({ key: 'full' });
    expect(asked).toEqual(['preview', 'raw']);
  });

  it('takes the raw where the service is too busy for a preview', async () => {
    const { open, asked, onPreview } = harness('preview', FAST, 'hangs');
    expect(await open()).toMatchObject({ key: 'full' });
    expect(asked).toEqual(['preview', 'cancel', 'raw']);
    expect(onPreview).not.toHaveBeenCalled();
  });

  it('does not break off a raw of which little is missing', async () => {
    // The machine was busy, not the link.
    const { open, asked } = harness('auto', (bytes) => (bytes < RAW_BYTES * 0.7 ? FAST : SLOW));
    expect(await open()).toMatchObject({ key: 'full' });
    expect(asked).toEqual(['raw']);
  });

  it('ends when another exposure is asked for', async () => {
    const { open, asked } = harness('full', SLOW);
    const leaving = new AbortController();
    const opening = open(false, leaving.signal);
    await vi.waitFor(() => expect(asked).toEqual(['raw']));
    leaving.abort();
    await expect(opening).rejects.toMatchObject({ tag: 'Cancelled' });
    expect(asked).toEqual(['raw', 'cancel']);
  });
});
