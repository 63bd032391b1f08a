/** The form of the regions as it is beside an image. */
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { ImageState, ImageStore } from '../imageState.ts';
import { FIRST_STATE } from '../imageState.ts';
import { createRegionStore, TOOLS } from './regionStore.ts';
import { RegionView } from './RegionView.tsx';

function markupOf(untrimmed: boolean): string {
  const shownAs = { untrimmed, sky: { kind: 'none' } };
  const image = createStore(() => ({ ...FIRST_STATE, shownAs }) as ImageState) as ImageStore;
  const store = createRegionStore(image);
  return renderToStaticMarkup(<RegionView image={image} store={store} tools={store.tools} />);
}

const drawing = (markup: string) =>
  (/aria-label="Draw a region">(.*?)<\/div>/.exec(markup)?.[1] ?? '').match(/<button[^>]*>/g) ?? [];

it('nothing is drawn where the overscan is shown, and it says why', () => {
  const sentence = 'The overscan is shown: this is for the image without it (v).';
  const [trimmed, untrimmed] = [markupOf(false), markupOf(true)];
  expect(drawing(trimmed)).toHaveLength(TOOLS.length);
  expect(drawing(trimmed).some((each) => each.includes('disabled'))).toBe(false);
  expect(trimmed).not.toContain(sentence);
  expect(drawing(untrimmed).every((each) => each.includes('disabled'))).toBe(true);
  expect(untrimmed).toContain(sentence);
});
