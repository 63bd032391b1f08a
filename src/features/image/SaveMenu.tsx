/** Saves what is seen: as it looks (PNG), or its pixels, mask and variance (FITS). */
import { useState } from 'react';
import { useStore } from 'zustand';
import { exposureLabel } from '../../core/dataId.ts';
import type { CompareStore } from './compare/compareStore.ts';
import { useSeenImage } from './compare/seenImage.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';
import { saveImage } from './saveImage.ts';

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
  const combined = seen !== main;
  return (
    <div data-testid="save-menu">
      <div className="image-save">
        <button
          type="button"
          className="image-button"
          disabled={shown === null}
          title="The picture as it is, with a colour bar (I)"
          onClick={() => void saveImage(main, compare, 'png', setNote)}
        >
          PNG
        </button>
        <button
          type="button"
          className="image-button"
          disabled={shown === null}
          title={
            combined
              ? `The pixels of the ${comparing}, with the steps of both exposures in the header (W)`
              : 'Image, mask and variance after ISR, with the steps in the header (W)'
          }
          onClick={() => void saveImage(main, compare, 'fits', setNote)}
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
