import { describe, expect, it } from 'vitest';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Exposure } from '../../core/dataId.ts';
import { createActionLog } from './actionLogStore.ts';
import type { CompareState, CompareStore } from './compare/compareStore.ts';
import type { ImageState, ImageStore } from './imageState.ts';
import type { RegionStore } from './regions/regionStore.ts';

const exposure = (seqNum: number) =>
  ({
    instrument: 'LATISS',
    exposure: 2026112200000 + seqNum,
    obsId: `AT_O_${seqNum}`,
    targetName: 'HD 2811',
    raws: [],
  }) as unknown as Exposure;

/** What an image store has after it has opened an exposure. */
const opened = (seqNum: number, untrimmed = false) =>
  ({
    shown: exposure(seqNum),
    shownAs: { untrimmed, isr: { recipe: 'rapid', overscan: 'median-per-row' }, steps: [] },
  }) as unknown as ImageState;

/** Stores with what the log reads of them. */
function page() {
  const imageOf = () => createStore<ImageState>(() => ({ examined: [] }) as unknown as ImageState);
  const image = imageOf();
  const regions = createStore(() => ({ regions: [], selected: null, answer: null }));
  const compare = createStore<CompareState>(
    () => ({ mode: 'difference', others: [], combined: null }) as unknown as CompareState,
  );
  const log = createActionLog(
    image as unknown as ImageStore,
    regions as unknown as RegionStore,
    compare as unknown as CompareStore,
  );
  return { image, imageOf, compare, log, kinds: () => log.actions().map(({ kind }) => kind) };
}

const CROSS = { kind: 'cross', at: { x: 3, y: 4 }, widthPx: 1, how: 'mean', width: 40, height: 40 } as const;

describe('the log', () => {
  it('has a cross that follows the pointer once, where it was left', () => {
    const { image, log, kinds } = page();
    image.setState(opened(1));
    for (const x of [1, 2, 3]) log.note({ ...CROSS, at: { x, y: 4 } });
    expect(kinds()).toEqual(['shown', 'cross']);
    expect(log.actions().at(-1)).toMatchObject({ at: { x: 3, y: 4 } });
  });

  it('has the health of each exposure once, also of one whose overscan is shown', () => {
    const { image, log, kinds } = page();
    image.setState(opened(1));
    for (const seqNum of [1, 1, 2]) log.note({ kind: 'health', exposure: exposure(seqNum) });
    expect(kinds()).toEqual(['shown', 'health', 'health']);
    image.setState(opened(3, true));
    expect(kinds()).toEqual(['shown', 'health', 'health']);
  });

  it('has a difference once it is made, of the image that was there then', async () => {
    const { image, imageOf, compare, log, kinds } = page();
    image.setState(opened(2));
    const [other, combined] = [imageOf(), imageOf()] as unknown as [
      StoreApi<ImageState>,
      StoreApi<ImageState>,
    ];
    other.setState(opened(1));
    compare.setState({
      others: [{ id: 1, what: { kind: 'previous' }, image: other as unknown as ImageStore }],
      combined: combined as unknown as ImageStore,
    });
    expect(kinds()).toEqual(['shown']);
    combined.setState(opened(2));
    combined.setState(opened(2));
    expect(kinds()).toEqual(['shown', 'combined']);
    expect(log.actions().at(-1)).toMatchObject({ how: 'difference', by: { exposure: exposure(1) } });
    const text = await log.python();
    expect(text.indexOf("'exposure': 2026112200002")).toBeLessThan(text.indexOf("'exposure': 2026112200001"));
    expect(text.endsWith('difference = result.image - other.image\n')).toBe(true);
  });

  it('forgets the oldest, but never the image that the first one left was measured on', () => {
    const { image, log, kinds } = page();
    image.setState(opened(1));
    for (let seqNum = 1; seqNum <= 500; seqNum++) log.note({ kind: 'health', exposure: exposure(seqNum) });
    expect(kinds()).toHaveLength(200);
    expect(log.actions()[0]).toMatchObject({ kind: 'shown', exposure: exposure(1) });
    expect(log.actions().at(-1)).toMatchObject({ exposure: exposure(500) });
  });
});
