import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as z from 'zod/mini';
import { createClock, measureOffset, onMultiples } from './clock.ts';
import type { ServiceHttp } from './serviceHttp.ts';

/** A world with one true time, a server that tells it and a browser whose clock is off; ways take what they are told. */
function world(browserOffMs: number, ways: readonly (readonly [there: number, back: number])[]) {
  let truth = 1_795_000_000_000;
  let trip = 0;
  return {
    now: () => truth + browserOffMs,
    serverTime: async () => {
      const [there, back] = ways[trip++ % ways.length] ?? [0, 0];
      truth += there;
      const told = truth;
      truth += back;
      return told;
    },
  };
}

describe('measureOffset', () => {
  test('a browser 40 s fast has an offset of -40 s, within the error that it states', async () => {
    const { now, serverTime } = world(40_000, [
      [300, 20],
      [12, 4],
      [90, 250],
    ]);
    const { offsetMs, errorMs, measuredAt } = await measureOffset(serverTime, now);
    // The shortest of the trips took 16 ms, of which 12 there: the truth is 4 ms from the middle.
    expect(errorMs).toBe(8);
    expect(Math.abs(offsetMs + 40_000)).toBe(4);
    expect(measuredAt).toBeGreaterThan(1_795_000_040_000);
  });

  test('whatever the ways are, the truth lies within the error', async () => {
    for (const ways of [
      [[50, 0]],
      [[0, 50]],
      [[25, 25]],
      [
        [1, 80],
        [70, 2],
      ],
    ] as const) {
      const { now, serverTime } = world(-40_000, ways);
      const { offsetMs, errorMs } = await measureOffset(serverTime, now);
      expect(Math.abs(offsetMs - 40_000)).toBeLessThanOrEqual(errorMs);
    }
  });
});

describe('the clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function http(answer: () => Promise<number>): ServiceHttp {
    return {
      prefix: '/',
      json: async <T>(_path: string, _schema: z.ZodMiniType<T>) => ({ serverUnixMs: await answer() }) as T,
      send: () => Promise.resolve(),
    };
  }

  test('measures at once, then every 60 s; keeps the last offset and tries again soon when that fails', async () => {
    let asked = 0;
    let down = false;
    const clock = createClock(
      http(async () => {
        asked += 1;
        if (down) throw new Error('down');
        return 5_000;
      }),
      () => 1_000,
    );
    const abort = new AbortController();
    const told = vi.fn();
    clock.subscribe(told);
    expect(clock.offset()).toBeNull();
    expect(clock.serverNow()).toBe(1_000);
    clock.start(abort.signal);
    await vi.advanceTimersByTimeAsync(0);
    expect([asked, clock.serverNow()]).toEqual([8, 5_000]);
    down = true;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([asked, clock.offset()?.offsetMs]).toEqual([9, 4_000]);
    down = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect([asked, told.mock.calls.length]).toEqual([17, 2]);
    abort.abort();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(asked).toBe(17);
  });
});

test('what counts seconds changes at whole seconds of its clock, until it is ended', () => {
  vi.useFakeTimers({ now: 10_250 });
  try {
    const told: number[] = [];
    // A clock that is 100 ms ahead of the browser's.
    const clock = () => Date.now() + 100;
    const end = onMultiples(1000, clock, () => told.push(clock()));
    vi.advanceTimersByTime(3000);
    expect(told).toEqual([11_000, 12_000, 13_000]);
    end();
    vi.advanceTimersByTime(5000);
    expect(told).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});
