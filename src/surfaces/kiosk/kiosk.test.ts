import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import { taiFromUnixMs } from '../../core/time.ts';
import type { Session } from '../../services/session.ts';
import { arrivedUnixMs } from '../../features/exposures/exposuresStore.ts';
import { latenessOf, pixelShift } from './lateness.ts';
import { nextAccess } from './screenAccess.ts';
import { troubleOf } from './trouble.ts';
import { afterReload, mustReload, NO_RELOADS, readHistory, writeHistory } from './watchdog.ts';

const START = Date.UTC(2026, 10, 22, 3);

/** Newest first, one every `stepS`. */
function night(count: number, stepS: number, exposureTimeSeconds = 5): Exposure[] {
  return Array.from({ length: count }, (_, i) => ({
    instrument: 'LATISS',
    exposure: 2026112200100 - i,
    obsId: `AT_O_20261122_${100 - i}`,
    dayObs: 20261122,
    seqNum: 100 - i,
    observationType: 'science',
    observationReason: '',
    targetName: 'HD 2811',
    scienceProgram: '',
    physicalFilter: 'SDSSr_65mm~empty',
    group: '',
    exposureTimeSeconds,
    darkTimeSeconds: exposureTimeSeconds,
    shutterOpenTai: taiFromUnixMs(START - i * stepS * 1000 - exposureTimeSeconds * 1000),
    shutterCloseTai: taiFromUnixMs(START - i * stepS * 1000),
    raws: [],
  }));
}

describe('time since the last image', () => {
  test('is small and calm at the usual pace, amber later, and largest and red at the end', () => {
    const exposures = night(10, 15);
    expect(latenessOf(14_000, exposures)).toEqual({ size: 44, tone: 'good' });
    expect(latenessOf(34_000, exposures).tone).toBe('warn');
    expect(latenessOf(60_000, exposures)).toEqual({ size: 96, tone: 'bad' });
  });

  test('is counted from the landing of its file, or else from the end of the exposure', () => {
    const [newest] = night(1, 15) as [Exposure];
    const raw: Exposure['raws'][number] = {
      detector: 0,
      datasetId: '0190b7a8-0000-7000-8000-000000000000',
      fileBytes: 12_000_000,
      landedUnixMs: START + 3_400,
      registeredUnixMs: null,
    };
    expect(arrivedUnixMs(newest)).toBe(START);
    expect(arrivedUnixMs({ ...newest, raws: [raw] })).toBe(START + 3_400);
  });

  test('a long exposure is not late while it lasts', () => {
    expect(latenessOf(310_000, night(10, 15, 300)).tone).toBe('good');
  });

  test('never shrinks as time goes on', () => {
    fc.assert(
      fc.property(fc.nat(600_000), fc.nat(600_000), fc.integer({ min: 5, max: 300 }), (a, b, step) => {
        const exposures = night(5, step);
        const [early, late] = a < b ? [a, b] : [b, a];
        expect(latenessOf(late, exposures).size).toBeGreaterThanOrEqual(latenessOf(early, exposures).size);
      }),
    );
  });
});

test('the picture moves by 2 px an hour and by 4 px at most', () => {
  for (let hour = 0; hour < 20; hour++) {
    const [x, y] = pixelShift(START + hour * 3_600_000);
    const [nextX, nextY] = pixelShift(START + (hour + 1) * 3_600_000);
    expect(Math.abs(nextX - x) + Math.abs(nextY - y)).toBe(2);
    expect(Math.max(x, y)).toBeLessThanOrEqual(4);
  }
});

describe('whose session the screen runs on', () => {
  const nobody: Session = { user: null, device: null, deviceEnded: false, hubBase: '/nb/', version: '0' };
  const device = { ...nobody, device: { id: 'd', label: 'wall' } };

  test('a device session comes before a person’s', () => {
    expect(nextAccess(null, { ...device, user: 'observer' })).toEqual({ kind: 'device', label: 'wall' });
    expect(nextAccess(null, { ...nobody, user: 'observer' })).toEqual({ kind: 'user', user: 'observer' });
    expect(nextAccess(null, null)).toEqual({ kind: 'ended', wasDevice: false });
  });

  test('a screen that lost its device session never goes on with a person’s', () => {
    const staff = { ...nobody, user: 'observer', deviceEnded: true };
    const ended = nextAccess({ kind: 'device', label: 'wall' }, staff);
    expect(ended).toEqual({ kind: 'ended', wasDevice: true });
    // Nor when the cookie has vanished from the browser, nor at a later look.
    const vanished = { ...staff, deviceEnded: false };
    expect(nextAccess({ kind: 'device', label: 'wall' }, vanished).kind).toBe('ended');
    expect(nextAccess(ended, vanished).kind).toBe('ended');
    expect(nextAccess(ended, null).kind).toBe('ended');
    expect(nextAccess(ended, device).kind).toBe('device');
  });
});

describe('the word for what is wrong', () => {
  const fine = {
    access: { kind: 'device', label: 'wall' },
    starting: null,
    stale: null,
    late: null,
  } as const;
  const late = { stage: 'registry', key: 'k', sentence: 'No news for 20 s.' } as const;

  test('is there only when something is', () => {
    expect(troubleOf(fine)).toBeNull();
    expect(troubleOf({ ...fine, late })?.word).toBe('No registry');
  });

  test('tells a service that is down from a registry that is', () => {
    const stale = new AppError('Unreachable', 'No answer.');
    expect(troubleOf({ ...fine, late, stale })?.word).toBe('No service');
  });

  test('an ended access comes before all else', () => {
    const trouble = troubleOf({ ...fine, access: { kind: 'ended', wasDevice: true }, late });
    expect(trouble?.word).toBe('Access ended');
    expect(trouble?.sentence).toMatch(/make it a kiosk screen again/);
  });
});

describe('watchdog', () => {
  const stuck = { now: START, paintedAt: START - 300_000, waitingSince: START - 200_000, error: null };

  test('reloads a screen that loads for minutes without painting', () => {
    expect(mustReload(stuck, NO_RELOADS)).toBe(true);
    expect(mustReload({ ...stuck, error: 'WasmFailed' }, NO_RELOADS)).toBe(true);
    expect(mustReload({ ...stuck, error: 'UnsupportedBrowser' }, NO_RELOADS)).toBe(true);
  });

  test('leaves alone a screen without news, one that paints, and a fault that no reload mends', () => {
    expect(mustReload({ ...stuck, waitingSince: null }, NO_RELOADS)).toBe(false);
    expect(mustReload({ ...stuck, paintedAt: START - 5_000 }, NO_RELOADS)).toBe(false);
    for (const error of ['MalformedFits', 'Unreachable', 'Expired', 'AccessDenied'] as const) {
      expect(mustReload({ ...stuck, error }, NO_RELOADS), error).toBe(false);
    }
  });

  test('is never in a loop: a day of one fault costs few reloads', () => {
    let history = NO_RELOADS;
    let reloads = 0;
    for (let now = START; now < START + 86_400_000; now += 10_000) {
      // After each reload the page waits for its image again.
      const paintedAt = Math.max(START - 300_000, history.lastAt);
      if (!mustReload({ now, paintedAt, waitingSince: paintedAt, error: null }, history)) continue;
      history = afterReload(history, now);
      reloads += 1;
    }
    expect(reloads).toBeGreaterThan(3);
    expect(reloads).toBeLessThan(24);
  });

  test('keeps its count in the tab, and does not reload where it cannot', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    expect(readHistory(storage)).toEqual(NO_RELOADS);
    expect(writeHistory(storage, { count: 2, lastAt: START })).toBe(true);
    expect(readHistory(storage)).toEqual({ count: 2, lastAt: START });
    kept.set([...kept.keys()][0] ?? '', '{"count": "many"');
    expect(readHistory(storage)).toEqual(NO_RELOADS);
    const full = {
      setItem: () => {
        throw new Error('full');
      },
    };
    expect(writeHistory(full, NO_RELOADS)).toBe(false);
  });
});
