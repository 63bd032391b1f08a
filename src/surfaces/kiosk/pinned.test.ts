import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import { createExposuresStore } from '../../features/exposures/exposuresStore.ts';
import { FIRST_STATE, type ImageState, type ImageStore } from '../../features/image/imageState.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { PINNED_FOR_MS, pinnedByAddress } from './pinned.ts';

const OLD = 2026112200003;
const NEWEST = 2026112200009;

function exposure(id: number): Exposure {
  const seqNum = id % 100_000;
  return { exposure: id, dayObs: 20261122, seqNum, raws: [{}] } as unknown as Exposure;
}

function pinned() {
  const butler = {
    findExposure: () => Promise.reject(new AppError('NotFound', `OODS has no exposure ${OLD}.`)),
  } as Partial<ButlerClient> as ButlerClient;
  const exposures = createExposuresStore({ butler, serverNow: () => 0, initial: OLD });
  const image = createStore<ImageState>(() => FIRST_STATE);
  const onEnd = vi.fn<(problem: string | null) => void>();
  const page = new AbortController();
  pinnedByAddress({ exposures, image: image as Partial<ImageStore> as ImageStore, onEnd }, page.signal);
  const list = (...ids: readonly number[]) =>
    exposures.apply({
      source: 'OODS',
      exposures: ids.map(exposure),
      asOf: 1,
      receivedAt: 1,
      stale: null,
      refused: [],
    });
  return { exposures, image, onEnd, page, list };
}

describe('a kiosk whose address asks for an exposure', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('keeps it while newer ones come, and follows by itself after a while', () => {
    const { exposures, onEnd, list } = pinned();
    list(NEWEST, OLD);
    vi.advanceTimersByTime(PINNED_FOR_MS - 1);
    expect(exposures.getState()).toMatchObject({ following: false, selected: OLD });
    vi.advanceTimersByTime(1);
    expect(exposures.getState()).toMatchObject({ following: true, selected: NEWEST });
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(null);
  });

  it('follows at once where there is no such exposure, and says so', async () => {
    const { exposures, onEnd, list } = pinned();
    list(NEWEST);
    await vi.advanceTimersByTimeAsync(0);
    expect(exposures.getState()).toMatchObject({ following: true, selected: NEWEST, missing: null });
    expect(onEnd).toHaveBeenCalledOnce();
    expect(onEnd.mock.calls[0]?.[0]).toMatch(`OODS has no exposure ${OLD}.`);
  });

  it('follows where its image is bad, and waits for a server that does not answer', () => {
    const { exposures, image, onEnd, list } = pinned();
    list(NEWEST, OLD);
    const wanted = exposure(OLD);
    image.setState({ wanted, error: new AppError('Unreachable', 'No answer.') });
    expect(onEnd).not.toHaveBeenCalled();
    image.setState({ wanted, error: new AppError('MalformedFits', 'The file is truncated.') });
    expect(exposures.getState().following).toBe(true);
    expect(onEnd.mock.calls[0]?.[0]).toMatch(/cannot be shown: The file is truncated\./);
    vi.advanceTimersByTime(2 * PINNED_FOR_MS);
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('is left alone when the screen ends', () => {
    const { exposures, onEnd, page, list } = pinned();
    list(NEWEST, OLD);
    page.abort();
    vi.advanceTimersByTime(2 * PINNED_FOR_MS);
    expect(exposures.getState().following).toBe(false);
    expect(onEnd).not.toHaveBeenCalled();
  });
});
