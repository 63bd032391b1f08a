/** Saves what is seen: as it looks (PNG), or its pixels, mask and variance (FITS). */
import { useState } from 'react';
import { useStore } from 'zustand';
import { exposureLabel } from '../../core/dataId.ts';
import { toAppError } from '../../core/errors.ts';
import type { CompareStore } from './compare/compareStore.ts';
import { useSeenImage } from './compare/seenImage.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';

interface SaveMenuProps {
  readonly main: ImageStore;
  readonly compare: CompareStore;
}

export function SaveMenu({ main, compare }: SaveMenuProps) {
  const seen = useSeenImage(main, compare);
  const shown = useStore(main, (s) => s.shown);
  const comparing = useStore(compare, (s) => (s.others.length > 0 ? s.mode : null));
  const combinedName = useStore(compare, (s) => s.combinedName);
  const [note, setNote] = useState('');
  const saving = (what: string, name: string, make: () => Promise<Blob>) => async () => {
    setNote(`Saving ${what}…`);
    try {
      saveAs(await make(), name);
      setNote('');
    } catch (thrown) {
      setNote(`${what} was not saved: ${toAppError(thrown).message}`);
    }
  };
  const png = async () => {
    const [{ pngOf }, { shownPictures }] = await Promise.all([
      import('./exportPng.ts'),
      import('./compare/shownPictures.ts'),
    ]);
    return pngOf(shownPictures(document, main, compare.getState()));
  };
  const fits = async () => new Blob([await seen.fits()], { type: 'application/fits' });
  const obsId = shown?.obsId ?? 'image';
  const combined = seen !== main;
  return (
    <div data-testid="save-menu">
      <div className="image-save">
        <button
          type="button"
          className="image-button"
          disabled={shown === null}
          title="The picture as it is, with a colour bar"
          onClick={() => void saving('The picture', `${obsId}${comparing ? `-${comparing}` : ''}.png`, png)()}
        >
          PNG
        </button>
        <button
          type="button"
          className="image-button"
          disabled={shown === null}
          title={
            combined
              ? `The pixels of the ${comparing}, with the steps of both exposures in the header`
              : 'Image, mask and variance after ISR, with the steps in the header'
          }
          onClick={() =>
            void saving('The FITS file', `${obsId}${combined ? `-${comparing}` : ''}.fits.fz`, fits)()
          }
        >
          FITS
        </button>
        <span role="status" className="image-save-note">
          {note}
        </span>
      </div>
      {comparing && shown && (
        <p className="image-save-note">
          PNG: what the pane shows. FITS:{' '}
          {combined ? `${combinedName}, without mask and variance.` : `${exposureLabel(shown)} alone.`}
        </p>
      )}
    </div>
  );
}

export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
