import type { Exposure } from '../../core/dataId.ts';

/** Two lines of Python that read the exposure's raw where a `butler` is at hand, with or without default collections. */
export function dataIdText(exposure: Exposure): string {
  const detector = exposure.raws[0]?.detector ?? 0;
  const dataId = `{"instrument": "${exposure.instrument}", "exposure": ${exposure.exposure}, "detector": ${detector}}`;
  return `dataId = ${dataId}\nbutler.get("raw", dataId, collections="${exposure.instrument}/raw/all")\n`;
}
