import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { OpenedImage } from '../../workers/image/contract.ts';
import { Histogram } from './Histogram.tsx';
import { FIRST_STATE, type ImageState, type ImageStore } from './imageState.ts';

test('the histogram says to a screen reader what it is of', () => {
  const sampled = { zscale: [1, 2], min: 0, max: 3, median: 1, robustSigma: 1, quantiles: [] } as const;
  const shownAs = {
    unit: 'electron',
    statistics: { ...sampled, histogram: { low: 0, high: 3, counts: [1] }, percentiles: [], amplifiers: [] },
  } as unknown as OpenedImage;
  const store = createStore<ImageState>(() => ({ ...FIRST_STATE, shownAs })) as ImageStore;
  const label = (combinedAs: 'difference' | null) =>
    /role="group" aria-label="([^"]*)"/.exec(
      renderToStaticMarkup(<Histogram store={store} combinedAs={combinedAs} />),
    )?.[1];
  expect(label(null)).toBe('Histogram of the image, in electron');
  expect(label('difference')).toBe('Histogram of the difference, in electron');
});
