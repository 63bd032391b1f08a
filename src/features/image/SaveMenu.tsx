/** Saves the image: as it looks (PNG), or its pixels, mask and variance (FITS). */
import { useState } from 'react';
import { useStore } from 'zustand';
import { toAppError } from '../../core/errors.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';

export function SaveMenu({ store }: { readonly store: ImageStore }) {
  const obsId = useStore(store, (s) => s.shown?.obsId ?? null);
  const [note, setNote] = useState('');
  const saving = (what: string, extension: string, make: () => Promise<Blob>) => async () => {
    setNote(`Saving ${what}…`);
    try {
      saveAs(await make(), `${obsId ?? 'image'}.${extension}`);
      setNote('');
    } catch (thrown) {
      setNote(`${what} was not saved: ${toAppError(thrown).message}`);
    }
  };
  const png = async () => {
    const pane = document.querySelector('[data-testid="image-pane"]');
    if (!pane) throw new Error('There is no image pane.');
    const { pngOf } = await import('./exportPng.ts');
    return pngOf(pane, store.getState());
  };
  const fits = async () => new Blob([await store.fits()], { type: 'application/fits' });
  return (
    <span className="image-save" data-testid="save-menu">
      <button
        type="button"
        className="image-button"
        disabled={obsId === null}
        title="The picture as it is, with a colour bar"
        onClick={() => void saving('the picture', 'png', png)()}
      >
        PNG
      </button>
      <button
        type="button"
        className="image-button"
        disabled={obsId === null}
        title="Image, mask and variance after ISR, with the steps in the header"
        onClick={() => void saving('the FITS file', 'fits.fz', fits)()}
      >
        FITS
      </button>
      <span role="status" className="image-save-note">
        {note}
      </span>
    </span>
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
