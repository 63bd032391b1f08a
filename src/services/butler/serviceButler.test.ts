import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createServiceHttp } from '../serviceHttp.ts';
import type { ExposureSnapshot } from './butlerClient.ts';
import { createServiceButler, retryDelayMs } from './serviceButler.ts';

const wire = (seqNum: number, more: object = {}) => ({
  instrument: 'LATISS',
  exposure: 2026112200000 + seqNum,
  obsId: `AT_O_20261122_${String(seqNum).padStart(6, '0')}`,
  dayObs: 20261122,
  seqNum,
  observationType: 'science',
  observationReason: 'object',
  targetName: 'HD 2811',
  scienceProgram: 'AUXTEL',
  physicalFilter: 'SDSSr_65mm~empty',
  group: 'g',
  exposureTimeSeconds: 30,
  darkTimeSeconds: 30.1,
  shutterOpenTaiNs: '1795363000123456789',
  shutterCloseTaiNs: '1795363030123456789',
  raws: [{ datasetId: `d${seqNum}`, detector: 0, fileBytes: 1, landedUnixMs: 2, registeredUnixMs: 3 }],
  ...more,
});
const changes = (version: number, more: object = {}) => ({
  version,
  asOfUnixMs: version * 10,
  reset: false,
  upserted: [],
  removed: [],
  stale: null,
  refused: [],
  ...more,
});

/** A service whose answers the test gives one by one. */
function service() {
  const asked: { url: string; answer: (body: unknown, status?: number) => void; fail: () => void }[] = [];
  const network = new EventTarget();
  const http = createServiceHttp({
    prefix: '/p/',
    cookies: () => '',
    fetch: (url, init) =>
      new Promise((resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
        asked.push({
          url,
          answer: (body, status = 200) => resolve(new Response(JSON.stringify(body), { status })),
          fail: () => reject(new TypeError('Failed to fetch')),
        });
      }),
  });
  const butler = createServiceButler({
    http,
    repository: 'oods',
    source: 'OODS',
    network,
    now: () => 777,
    random: () => 0.5,
  });
  const snapshots: ExposureSnapshot[] = [];
  const abort = new AbortController();
  butler.watch((snapshot) => snapshots.push(snapshot), abort.signal);
  return {
    asked,
    network,
    butler,
    snapshots,
    abort,
    latest: () => snapshots.at(-1),
    numbers: () => snapshots.at(-1)?.exposures.map((e) => e.seqNum),
    last: () => asked.at(-1),
  };
}
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('watching', () => {
  test('takes the whole list, then asks for changes since its version and applies them, newest first', async () => {
    const s = service();
    expect(s.last()?.url).toBe('/p/api/repositories/oods/exposures');
    s.last()?.answer(changes(4, { reset: true, upserted: [wire(1), wire(3), wire(2)] }));
    await settle();
    expect(s.numbers()).toEqual([3, 2, 1]);
    expect(s.latest()).toMatchObject({ asOf: 40, receivedAt: 777, source: 'OODS', stale: null });
    expect(s.latest()?.exposures[0]?.shutterOpenTai).toBe(1795363000123456789n);
    expect(s.last()?.url).toBe('/p/api/repositories/oods/exposures?since=4&wait=20');
    const changed = wire(2, { targetName: 'renamed' });
    s.last()?.answer(changes(6, { upserted: [wire(4), changed], removed: [2026112200001] }));
    await settle();
    expect(s.numbers()).toEqual([4, 3, 2]);
    expect(s.latest()?.exposures[2]?.targetName).toBe('renamed');
  });

  test('a reset replaces the list', async () => {
    const s = service();
    s.last()?.answer(changes(4, { reset: true, upserted: [wire(1), wire(2)] }));
    await settle();
    s.last()?.answer(changes(1, { reset: true, upserted: [wire(9)] }));
    await settle();
    expect(s.numbers()).toEqual([9]);
    expect(s.last()?.url).toContain('since=1&');
  });

  test('an answer that only says "still the same" moves the age on and keeps the list itself', async () => {
    const s = service();
    s.last()?.answer(changes(4, { reset: true, upserted: [wire(1)] }));
    await settle();
    const before = s.latest();
    s.last()?.answer(changes(4, { asOfUnixMs: 9999 }));
    await settle();
    expect(s.latest()?.asOf).toBe(9999);
    expect(s.latest()?.exposures).toBe(before?.exposures);
  });

  test('the first failure marks the list stale and keeps it; retries slow down; success clears it', async () => {
    const s = service();
    s.last()?.answer(changes(4, { reset: true, upserted: [wire(1)] }));
    await settle();
    s.last()?.fail();
    await settle();
    expect(s.latest()?.stale).toMatchObject({ tag: 'Unreachable' });
    expect(s.numbers()).toEqual([1]);
    for (const delay of [500, 1000, 2000, 4000, 8000, 8000]) {
      const count = s.asked.length;
      await vi.advanceTimersByTimeAsync(delay - 1);
      expect(s.asked.length).toBe(count);
      await vi.advanceTimersByTimeAsync(1);
      expect(s.asked.length).toBe(count + 1);
      s.last()?.fail();
      await settle();
    }
    await vi.advanceTimersByTimeAsync(8000);
    s.last()?.answer(changes(4));
    await settle();
    expect(s.latest()?.stale).toBeNull();
    expect(s.numbers()).toEqual([1]);
  });

  test('when the network is back it asks at once, out of a pause and out of a hanging poll', async () => {
    const s = service();
    s.last()?.fail();
    await settle();
    s.network.dispatchEvent(new Event('online'));
    await settle();
    expect(s.asked.length).toBe(2);
    s.network.dispatchEvent(new Event('online'));
    await settle();
    expect(s.asked.length).toBe(3);
    expect(s.snapshots.length).toBe(1);
  });

  test('a stale registry is told with the last good list; an unknown tag is still a reason', async () => {
    const s = service();
    s.last()?.answer(changes(4, { reset: true, upserted: [wire(1)] }));
    await settle();
    s.last()?.answer(changes(4, { stale: { tag: 'RegistryBusy', message: 'Locked.', detail: {} } }));
    await settle();
    expect(s.latest()?.stale).toMatchObject({ tag: 'RegistryBusy', message: 'Locked.' });
    s.last()?.answer(changes(5, { stale: { tag: 'OfTheFuture', message: 'Something else.' } }));
    await settle();
    expect(s.latest()?.stale).toMatchObject({ tag: 'RegistryBusy', message: 'Something else.' });
    expect(s.numbers()).toEqual([1]);
  });

  test('an exposure of another shape is a Bug that names its field; the list stays', async () => {
    const s = service();
    s.last()?.answer(changes(4, { reset: true, upserted: [wire(1)] }));
    await settle();
    s.last()?.answer(changes(5, { upserted: [wire(2), { ...wire(3), shutterOpenTaiNs: 12 }] }));
    await settle();
    expect(s.latest()?.stale).toMatchObject({
      tag: 'Bug',
      message: expect.stringContaining('shutterOpenTaiNs'),
    });
    expect(s.numbers()).toEqual([1]);
  });

  test('signed out is told as AccessDenied', async () => {
    const s = service();
    s.last()?.answer({ tag: 'AccessDenied', message: 'Sign in.', detail: {} }, 401);
    await settle();
    expect(s.latest()?.stale?.tag).toBe('AccessDenied');
  });

  test('two watchers share one poll; the last to leave ends it', async () => {
    const s = service();
    s.last()?.answer(changes(4, { reset: true, upserted: [wire(1)] }));
    await settle();
    const second = new AbortController();
    const seen: ExposureSnapshot[] = [];
    s.butler.watch((snapshot) => seen.push(snapshot), second.signal);
    expect(seen.length).toBe(1);
    expect(s.asked.length).toBe(2);
    s.abort.abort();
    second.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(s.asked.length).toBe(2);
  });
});

describe('asking', () => {
  test('an exposure that is not there is named', async () => {
    const s = service();
    const found = s.butler.findExposure({ dayObs: 20261121, seqNum: 7 });
    const asked = s.asked.find(({ url }) => url.endsWith('exposures/20261121/7'));
    asked?.answer({ tag: 'NotFound', message: 'no', detail: {} }, 404);
    await expect(found).rejects.toMatchObject({
      tag: 'NotFound',
      message: 'OODS has no exposure 20261121 7.',
    });
  });

  test('files lie below one prefix', () => {
    expect(service().butler.fileUrlPrefix).toBe('/p/api/repositories/oods/files/');
  });
});

test('retries are spread by a quarter', () => {
  expect([retryDelayMs(1, () => 0), retryDelayMs(1, () => 1), retryDelayMs(99, () => 1)]).toEqual([
    375, 625, 10_000,
  ]);
});
