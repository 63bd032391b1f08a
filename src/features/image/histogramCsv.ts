/** The histogram of the limits as a table. */
import { csvText } from '../../core/csv.ts';
import type { Combination, OpenedImage, PixelUnit, SampledHistogram } from '../../workers/image/contract.ts';

/** A difference and the image alone are files of their own. */
export function histogramFileName(
  { exposure }: Pick<OpenedImage, 'exposure'>,
  combinedAs: Combination | null,
): string {
  return `histogram-${exposure}${combinedAs ? `-${combinedAs}` : ''}.csv`;
}

/** `sampled pixels`: of those that the histogram counts, which are some 40,000 of the image. */
export function histogramCsv({ low, high, counts }: SampledHistogram, unit: PixelUnit): string {
  const edge = (i: number) => low + (i / counts.length) * (high - low);
  return csvText([
    [`from (${unit})`, `below (${unit})`, 'sampled pixels'],
    ...counts.map((count, i) => [edge(i), edge(i + 1), count]),
  ]);
}
