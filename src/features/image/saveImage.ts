/** What is seen as a file: as it looks (PNG), or its pixels, mask and variance (FITS). */
import { toAppError } from '../../core/errors.ts';
import { saveFile } from '../../services/saveFile.ts';
import type { CompareStore } from './compare/compareStore.ts';
import { seenImage } from './compare/seenImage.ts';
import type { ImageStore } from './imageState.ts';

export type SavedAs = 'png' | 'fits';

const KINDS = {
  png: { name: 'the picture', extension: 'png', make: pngOfPane },
  fits: { name: 'the FITS file', extension: 'fits.fz', make: fitsOf },
} as const;

/** Says what it does, and at the end nothing or why there is no file. */
export async function saveImage(
  main: ImageStore,
  compare: CompareStore,
  as: SavedAs,
  say: (note: string) => void,
): Promise<void> {
  const { name, extension, make } = KINDS[as];
  const { shown } = main.getState();
  if (!shown) return say('There is no image to save yet.');
  say(`Saving ${name}…`);
  try {
    const { others, mode, combined } = compare.getState();
    const seen = as === 'png' ? others.length > 0 : combined !== null;
    saveFile(await make(main, compare), `${shown.obsId}${seen ? `-${mode}` : ''}.${extension}`);
    say('');
  } catch (thrown) {
    const { message } = toAppError(thrown);
    say(`${name.charAt(0).toUpperCase()}${name.slice(1)} was not saved: ${message}`);
  }
}

async function pngOfPane(main: ImageStore, compare: CompareStore): Promise<Blob> {
  const [{ pngOf }, { shownPictures }] = await Promise.all([
    import('./exportPng.ts'),
    import('./compare/shownPictures.ts'),
  ]);
  return pngOf(shownPictures(document, main, compare.getState()));
}

async function fitsOf(main: ImageStore, compare: CompareStore): Promise<Blob> {
  const seen = seenImage(main, compare.getState());
  return new Blob([await seen.fits()], { type: 'application/fits' });
}
