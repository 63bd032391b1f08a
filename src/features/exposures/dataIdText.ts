import type { Exposure } from '../../core/dataId.ts';

/** Two lines of Python that read the exposure's raw where a `butler` is at hand. */
export function dataIdText(exposure: Exposure): string {
  const detector = exposure.raws[0]?.detector ?? 0;
  const dataId = `{"instrument": "${exposure.instrument}", "exposure": ${exposure.exposure}, "detector": ${detector}}`;
  return `dataId = ${dataId}\nbutler.get("raw", dataId)\n`;
}
