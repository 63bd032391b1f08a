import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { cameraStateFrom, createCameraState } from './cameraState.ts';
import type { CameraEvent, EfdClient } from './efdClient.ts';

const T = Date.UTC(2026, 10, 22, 4, 12);
const event = (name: CameraEvent['name'], at: number, image: string, seconds = 8): CameraEvent => ({
  name,
  atUnixMs: T + at,
  imageName: image,
  exposureTimeSeconds: seconds,
});
const first = [
  event('startIntegration', 0, 'AT_O_20261121_000001'),
  event('startReadout', 8_000, 'AT_O_20261121_000001'),
  event('endReadout', 10_340, 'AT_O_20261121_000001'),
];

describe('cameraStateFrom', () => {
  it('knows nothing without events', () => {
    expect(cameraStateFrom([], T).phase).toBe('unknown');
  });

  it('counts down to the end of the exposure', () => {
    const state = cameraStateFrom(
      [...first, event('startIntegration', 15_000, 'AT_O_20261121_000002', 6)],
      T,
    );
    expect(state).toMatchObject({
      phase: 'exposing',
      imageName: 'AT_O_20261121_000002',
      endsAtUnixMs: T + 21_000,
    });
  });

  it('counts down to the end of the readout by how long the last one took', () => {
    const next = [
      event('startIntegration', 15_000, 'AT_O_20261121_000002'),
      event('startReadout', 23_000, 'AT_O_20261121_000002'),
    ];
    expect(cameraStateFrom([...first, ...next].reverse(), T)).toMatchObject({
      phase: 'reading',
      endsAtUnixMs: T + 25_340,
    });
  });

  it('rests after the readout', () => {
    expect(cameraStateFrom(first, T)).toMatchObject({
      phase: 'idle',
      endsAtUnixMs: null,
      lastEventUnixMs: T + 10_340,
    });
  });

  it('takes the later stage of a bias, whose exposure begins and ends at once', () => {
    const bias = [
      event('startReadout', 0, 'AT_O_20261121_000003', 0),
      event('startIntegration', 0, 'AT_O_20261121_000003', 0),
    ];
    expect(cameraStateFrom(bias, T).phase).toBe('reading');
  });
});

describe('the watch', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('keeps the last state while the EFD is away for a moment, says "unknown" after 15 s, and recovers', async () => {
    let now = T + 16_000;
    let down = false;
    const efd = {
      unavailable: null,
      serverNow: () => now,
      cameraEvents: () =>
        down
          ? Promise.reject(new AppError('Unreachable', 'InfluxDB does not answer.'))
          : Promise.resolve([event('startIntegration', 15_000, 'AT_O_20261121_000002', 6)]),
    } as unknown as EfdClient;
    const watch = createCameraState(efd);
    const abort = new AbortController();
    watch.start(abort.signal);
    await vi.advanceTimersByTimeAsync(10);
    expect(watch.store.getState().phase).toBe('exposing');
    down = true;
    now += 2_000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watch.store.getState()).toMatchObject({ phase: 'exposing', endsAtUnixMs: T + 21_000 });
    expect(watch.store.getState().error?.tag).toBe('Unreachable');
    now += 20_000;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watch.store.getState()).toMatchObject({ phase: 'unknown', endsAtUnixMs: null });
    down = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(watch.store.getState()).toMatchObject({ phase: 'exposing', error: null });
    abort.abort();
  });

  it('looks soon after the end that it expects, and not before its turn otherwise', async () => {
    const begin = Date.now();
    const asked: number[] = [];
    const now = () => T + (Date.now() - begin);
    const efd = {
      unavailable: null,
      serverNow: now,
      cameraEvents: () => {
        asked.push(now() - T);
        const integrating = event('startIntegration', 0, 'AT_O_20261121_000002', 2.4);
        const reading = event('startReadout', 2_400, 'AT_O_20261121_000002');
        return Promise.resolve(now() < T + 2_400 ? [integrating] : [integrating, reading]);
      },
    } as unknown as EfdClient;
    const watch = createCameraState(efd);
    const abort = new AbortController();
    watch.start(abort.signal);
    await vi.advanceTimersByTimeAsync(3_000);
    abort.abort();
    expect(asked).toEqual([0, 1_000, 2_000, 2_700]);
    expect(watch.store.getState().phase).toBe('reading');
  });
});
