import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Exposure } from '../../../core/dataId.ts';
import { FIRST_STATE, type ImageState, type ImageStore } from '../imageState.ts';
import type { CompareState, CompareStore } from './compareStore.ts';
import { OfMain } from './OfMain.tsx';

test('numbers of the image alone say so beside a difference, and what they are beside others of its own', () => {
  const shown = { dayObs: 20261122, seqNum: 3 } as Exposure;
  const main = createStore<ImageState>(() => ({ ...FIRST_STATE, shown })) as ImageStore;
  const sentence = (state: Partial<CompareState>, what?: string) => {
    const compare = createStore(() => ({ others: [], combined: null, ...state }) as unknown as CompareState);
    const html = renderToStaticMarkup(
      <OfMain main={main} compare={compare as CompareStore} {...(what && { what })} />,
    );
    return html.replaceAll(/<[^>]*>/g, '');
  };
  expect(sentence({ mode: 'difference' })).toBe('');
  expect(sentence({ mode: 'tile', combined: main })).toBe('');
  expect(sentence({ mode: 'difference', combined: main })).toMatch(/^Of .* alone, not of the difference\.$/);
  expect(sentence({ mode: 'ratio', combined: main }, 'Readout')).toMatch(
    /^Readout of .* alone, not of the ratio\.$/,
  );
});
