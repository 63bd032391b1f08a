/** Over the picture, so that nobody takes it for the pixels as they are. */
import { useStore } from 'zustand';
import type { ImageStore } from './imageState.ts';
import { viewNote } from './viewNote.ts';
import './view.css';

export default function ViewNote({ store }: { readonly store: ImageStore }) {
  const note = useStore(store, viewNote);
  return (
    <p className="image-view-note" data-testid="view-note">
      {note}
    </p>
  );
}
