import { afterEach, expect, it, vi } from 'vitest';
import { linkTraffic } from './linkTraffic.ts';

afterEach(() => vi.unstubAllGlobals());

it('adds up what the page and the worker received, also when the worker was started anew', async () => {
  let told: (list: { getEntries: () => { transferSize: number }[] }) => void = () => undefined;
  const disconnect = vi.fn();
  vi.stubGlobal(
    'PerformanceObserver',
    class {
      disconnect = disconnect;
      constructor(callback: typeof told) {
        told = callback;
      }
      observe(): void {}
    },
  );
  let at = 0;
  let ofWorker = 1000;
  const counting = linkTraffic({ receivedBytes: async () => ofWorker }, () => at);
  told({ getEntries: () => [{ transferSize: 20 }, { transferSize: 30 }] });
  at = 1000;
  expect(await counting.read()).toEqual({ imageBytes: 1000, pageBytes: 50, bytesPerS: 1050 });
  at = 3000;
  ofWorker = 5000;
  expect(await counting.read()).toEqual({ imageBytes: 5000, pageBytes: 50, bytesPerS: 2000 });
  at = 4000;
  ofWorker = 300;
  expect(await counting.read()).toEqual({ imageBytes: 5300, pageBytes: 50, bytesPerS: 300 });
  counting.end();
  expect(disconnect).toHaveBeenCalled();
});
