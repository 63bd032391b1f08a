/** The names of saved files: of what is in them. */
import { beforeEach, expect, it, vi } from 'vitest';
import type { CompareState, CompareStore } from './compare/compareStore.ts';
import type { ImageStore } from './imageState.ts';
import { saveImage } from './saveImage.ts';

const saved: string[] = [];
vi.mock('../../services/saveFile.ts', () => ({ saveFile: (_: Blob, name: string) => saved.push(name) }));
vi.mock('./exportPng.ts', () => ({ pngOf: async () => new Blob() }));
vi.mock('./compare/shownPictures.ts', () => ({ shownPictures: () => [] }));

beforeEach(() => {
  saved.length = 0;
  vi.stubGlobal('document', {});
});

const imageOf = (obsId: string | null) =>
  ({
    getState: () => ({ shown: obsId && { obsId } }),
    fits: async () => new Uint8Array(1),
  }) as unknown as ImageStore;

const compareOf = (state: Partial<CompareState>) =>
  ({ getState: () => ({ mode: 'tile', others: [], combined: null, ...state }) }) as unknown as CompareStore;

const [main, other] = [imageOf('AT_O_3'), { image: imageOf('AT_O_2') }] as const;

async function names(compare: CompareStore): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const as of ['png', 'fits'] as const) await saveImage(main, compare, as, (note) => notes.push(note));
  expect(notes.filter((note) => note.includes('not saved'))).toEqual([]);
  return [...saved];
}

it('has the image’s name, and how it is compared in that of the picture', async () => {
  expect(await names(compareOf({}))).toEqual(['AT_O_3.png', 'AT_O_3.fits.fz']);
  saved.length = 0;
  const compare = compareOf({ others: [other] as unknown as CompareState['others'] });
  expect(await names(compare)).toEqual(['AT_O_3-tile.png', 'AT_O_3.fits.fz']);
});

it('is of the exposure that a difference is of while a newer one is on its way', async () => {
  const others = [other] as unknown as CompareState['others'];
  const compare = compareOf({ mode: 'difference', others, combined: imageOf('AT_O_2') });
  expect(await names(compare)).toEqual(['AT_O_2-difference.png', 'AT_O_2-difference.fits.fz']);
  saved.length = 0;
  // Where the difference could not be made the image alone is seen.
  expect(await names(compareOf({ mode: 'difference', others }))).toEqual(['AT_O_3.png', 'AT_O_3.fits.fz']);
});

it('is no file while the first difference is on its way', async () => {
  const others = [other] as unknown as CompareState['others'];
  const compare = compareOf({ mode: 'ratio', others, combined: imageOf(null) });
  const notes: string[] = [];
  await saveImage(main, compare, 'fits', (note) => notes.push(note));
  expect(notes.at(-1)).toBe('There is no image to save yet.');
  expect(saved).toEqual([]);
});
