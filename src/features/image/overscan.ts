/** Overscan shown and trimmed again, in the same place of the same amplifier. */
import { lockedPlace, lockedView } from '../../core/camera/lock.ts';
import { pixelOn } from './arrowKeys.ts';
import type { ImageStore } from './imageState.ts';
import { lockable } from './lockable.ts';

/** Whose amplifiers have limits of their own only because their bias levels would hide everything else. */
const dressed = new WeakSet<ImageStore>();

export function toggleOverscan(image: ImageStore): void {
  const { isr, display } = image.getState();
  const untrimmed = !isr.untrimmed;
  if (untrimmed && !display.perAmplifier) {
    dressed.add(image);
    image.togglePerAmplifier();
  } else if (!untrimmed && dressed.delete(image) && display.perAmplifier) image.togglePerAmplifier();
  image.setIsr({ ...isr, untrimmed });
}

/** The two have frames of their own: view and pointer go along when one takes the place of the other. */
export function keepPlace(image: ImageStore): void {
  image.subscribe(({ held, view, pointer, crosshair }, before) => {
    const [now, last] = [held?.opened, before.held?.opened];
    if (!now || !last || now.untrimmed === last.untrimmed) return;
    const [from, to] = [lockable(last), lockable(now)];
    const moved = view === 'fit' ? null : lockedView('amplifier', view, from, to);
    if (moved) image.setView(moved);
    // The mouse is where it was on the screen, and a fitted image is there, too.
    if (!pointer || !(moved || crosshair)) return;
    const place = lockedPlace('amplifier', pointer, from, to);
    // Beside an amplifier at the border there is overscan, and without it no pixel.
    image.lookAt(place && crosshair ? pixelOn(now, place) : place, crosshair);
  });
}
