/** Over the picture, so that nobody takes it for the pixels as they are. */
import type { DisplayState } from './displayState.ts';
import { viewNote } from './viewNote.ts';
import './view.css';

export default function ViewNote({ display }: { readonly display: DisplayState }) {
  return (
    <p className="image-view-note" data-testid="view-note">
      {viewNote(display)}
    </p>
  );
}
