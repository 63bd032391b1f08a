/** How much came over the link: now, and since the page was opened. */
import { useEffect, useState } from 'react';
import { browserNow, onMultiples } from '../../services/clock.ts';
import { linkTraffic, type Traffic } from '../../services/linkTraffic.ts';
import type { ImageWorker } from '../../services/workerPool.ts';

const EVERY_MS = 1000;
const NOTHING: Traffic = { imageBytes: 0, pageBytes: 0, bytesPerS: 0 };

export function ByteMeter({ worker }: { readonly worker: Pick<ImageWorker, 'receivedBytes'> }) {
  const [{ imageBytes, pageBytes, bytesPerS }, setTraffic] = useState(NOTHING);
  useEffect(() => {
    const counting = linkTraffic(worker);
    const end = onMultiples(EVERY_MS, browserNow, () => {
      // Nobody looks.
      if (document.visibilityState === 'visible') void counting.read().then(setTraffic);
    });
    return () => {
      end();
      counting.end();
    };
  }, [worker]);
  return (
    <span
      className="byte-meter mono muted"
      data-testid="byte-meter"
      title={`Received since this page was opened: images and calibs ${megabytes(imageBytes)}, scripts, lists and answers ${megabytes(pageBytes)}; telemetry is not counted`}
    >
      {megabytes(imageBytes + pageBytes)}
      {bytesPerS >= 1e4 && ` · ${(bytesPerS / 1e6).toFixed(bytesPerS < 1e6 ? 2 : 1)} MB/s`}
    </span>
  );
}

function megabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
