/** Bytes that this page received: its own requests by the browser's count, the image worker's by the worker's. */
import type { ImageWorker } from './workerPool.ts';

export interface Traffic {
  readonly imageBytes: number;
  readonly pageBytes: number;
  /** Since the last reading. */
  readonly bytesPerS: number;
}

export interface CountedTraffic {
  read(): Promise<Traffic>;
  end(): void;
}

export function linkTraffic(
  worker: Pick<ImageWorker, 'receivedBytes'>,
  now: () => number = () => performance.now(),
): CountedTraffic {
  let pageBytes = 0;
  let imageBytes = 0;
  let lastOfWorker = 0;
  let last = { at: now(), bytes: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) pageBytes += (entry as PerformanceResourceTiming).transferSize;
  });
  observer.observe({ type: 'resource', buffered: true });
  return {
    async read() {
      const ofWorker = await worker.receivedBytes().catch(() => lastOfWorker);
      // A worker that was started anew counts from nothing.
      imageBytes += ofWorker < lastOfWorker ? ofWorker : ofWorker - lastOfWorker;
      lastOfWorker = ofWorker;
      const [at, bytes] = [now(), imageBytes + pageBytes];
      const bytesPerS = at > last.at ? ((bytes - last.bytes) * 1000) / (at - last.at) : 0;
      last = { at, bytes };
      return { imageBytes, pageBytes, bytesPerS };
    },
    end: () => observer.disconnect(),
  };
}
