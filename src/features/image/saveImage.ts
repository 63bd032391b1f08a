/** What is seen as a file: as it looks (PNG), or its pixels, mask and variance (FITS). */
import { toAppError } from '../../core/errors.ts';
import { saveFile } from '../../services/saveFile.ts';
import type { CompareStore } from './compare/compareStore.ts';
import { seenImage, seenMode } from './compare/seenImage.ts';
import type { ImageStore } from './imageState.ts';

export type SavedAs = 'png' | 'fits';

type Make = (main: ImageStore, compare: CompareStore) => Promise<Blob>;

interface Kind {
  readonly name: string;
  readonly extension: string;
  readonly load: () => Promise<Make>;
}

const KINDS: Readonly<Record<SavedAs, Kind>> = {
  png: { name: 'the picture', extension: 'png', load: pngOfPane },
  fits: { name: 'the FITS file', extension: 'fits.fz', load: async () => fitsOf },
};

/** Says what it does, and at the end nothing or why there is no file. */
export async function saveImage(
  main: ImageStore,
  compare: CompareStore,
  as: SavedAs,
  say: (note: string) => void,
): Promise<void> {
  const { name, extension, load } = KINDS[as];
  if (!main.getState().shown) return say('There is no image to save yet.');
  say(`Saving ${name}…`);
  try {
    const make = await load();
    // File and name are of this moment. A difference is of the exposure before until it is made anew.
    const { shown } = seenImage(main, compare.getState()).getState();
    if (!shown) return say('There is no image to save yet.');
    const fileName = `${shown.obsId}${suffix(compare, as)}.${extension}`;
    saveFile(await make(main, compare), fileName);
    say('');
  } catch (thrown) {
    const { message } = toAppError(thrown);
    say(`${name.charAt(0).toUpperCase()}${name.slice(1)} was not saved: ${message}`);
  }
}

/** FITS is of one image: the difference, or else the main one. */
function suffix(compare: CompareStore, as: SavedAs): string {
  const state = compare.getState();
  const mode = as === 'png' || state.combined ? seenMode(state) : null;
  return mode ? `-${mode}` : '';
}

async function pngOfPane(): Promise<Make> {
  const [{ pngOf }, { shownPictures }] = await Promise.all([
    import('./exportPng.ts'),
    import('./compare/shownPictures.ts'),
  ]);
  return (main, compare) => pngOf(shownPictures(document, main, compare.getState()));
}

async function fitsOf(main: ImageStore, compare: CompareStore): Promise<Blob> {
  const seen = seenImage(main, compare.getState());
  return new Blob([await seen.fits()], { type: 'application/fits' });
}
