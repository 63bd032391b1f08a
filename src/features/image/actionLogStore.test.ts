import { describe, expect, it } from 'vitest';
import { createStore } from 'zustand/vanilla';
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
  const image = createStore<ImageState>(() => ({ examined: [] }) as unknown as ImageState);
  const regions = createStore(() => ({ regions: [], selected: null, answer: null }));
  const compare = createStore<CompareState>(() => ({ combinedOf: null }) as unknown as CompareState);
  const log = createActionLog(
    image as unknown as ImageStore,
    regions as unknown as RegionStore,
    compare as unknown as CompareStore,
  );
  return { image, compare, log, kinds: () => log.actions().map(({ kind }) => kind) };
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

  it('has each difference as it is made, of what it was really made of', async () => {
    const { image, compare, log, kinds } = page();
    const main = opened(2);
    image.setState(main);
    const other = opened(1);
    const make = (of: ImageState, by: ImageState) =>
      compare.setState({
        combinedOf: {
          how: 'difference',
          of: of.shownAs!,
          by: { shown: by.shown!, shownAs: by.shownAs! },
        },
      });
    expect(kinds()).toEqual(['shown']);
    make(main, other);
    compare.setState({ curtain: 0.3 });
    expect(kinds()).toEqual(['shown', 'combined']);
    expect(log.actions().at(-1)).toMatchObject({ how: 'difference', by: { exposure: exposure(1) } });
    const text = await log.python();
    expect(text.indexOf("'exposure': 2026112200002")).toBeLessThan(text.indexOf("'exposure': 2026112200001"));
    expect(text.endsWith('difference = result.image - other.image\n')).toBe(true);
    // The same two, one reduced in another way.
    const again = opened(1);
    const steps = [{ name: 'dark', done: false, switchable: true }] as const;
    make(main, { ...again, shownAs: { ...again.shownAs!, steps } });
    expect(kinds()).toEqual(['shown', 'combined']);
    expect(log.actions().at(-1)).toMatchObject({ by: { steps } });
    // Another exposure, while the difference of the old pair is still on its way.
    const next = opened(3);
    image.setState(next);
    make(main, opened(1));
    expect(kinds()).toEqual(['shown', 'combined', 'shown']);
    make(next, main);
    expect(kinds()).toEqual(['shown', 'combined', 'shown', 'combined']);
    expect(log.actions().at(-1)).toMatchObject({ by: { exposure: exposure(2) } });
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
