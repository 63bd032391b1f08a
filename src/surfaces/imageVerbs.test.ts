import { describe, expect, it } from 'vitest';
import { FIRST_DISPLAY, type DisplayState } from '../features/image/displayState.ts';
import type { ImageStore } from '../features/image/imageState.ts';
import { setStretch } from './imageVerbs.ts';

function harness() {
  let display: DisplayState = FIRST_DISPLAY;
  const image = {
    getState: () => ({ display }),
    setDisplay: (change: Partial<DisplayState>) => (display = { ...display, ...change }),
    settled: async () => undefined,
  } as unknown as ImageStore;
  return { image, display: () => display };
}

describe('setStretch', () => {
  it('changes what is given and leaves the rest', async () => {
    const { image, display } = harness();
    await setStretch(image, { smooth: 2.5, bin: 4 });
    expect(display()).toEqual({ ...FIRST_DISPLAY, smoothSigmaPx: 2.5, bin: 4 });
    await setStretch(image, { stretch: 'log', smooth: 0 });
    expect(display()).toEqual({ ...FIRST_DISPLAY, stretch: 'log', bin: 4 });
    await setStretch(image, { limits: 'symmetric' });
    expect(display().limits).toEqual({ rule: 'symmetric' });
  });

  it.each([
    [{ smooth: 0.1 }, /from 0.5 to 10/],
    [{ smooth: '2' }, /from 0.5 to 10/],
    [{ smooth: Number.NaN }, /from 0.5 to 10/],
    [{ limits: 'about 0' }, /"symmetric"/],
    [{ bin: 3 }, /one of 1, 2, 4, 8, 16/],
    [{ stretch: 'constructor' }, /no such stretch/i],
  ])('refuses %j with a sentence, and changes nothing', async (settings, why) => {
    const { image, display } = harness();
    await expect(setStretch(image, settings)).rejects.toThrow(why);
    expect(display()).toBe(FIRST_DISPLAY);
  });
});
