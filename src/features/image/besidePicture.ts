/** Keeps a second, small canvas showing the image of a store in another view; at most one frame is asked for at a time. */
import { useEffect, type RefObject } from 'react';
import type { Size } from '../../core/camera/view.ts';
import type { Frame, ImageState, ImageStore } from './imageState.ts';

export interface Beside {
  /** Device pixels. */
  readonly pane: Size;
  /** How it is drawn now; null: not at all. */
  readonly look: (state: ImageState) => Partial<Pick<ImageState, 'view' | 'display'>> | null;
  /** Whether a change of the state asks for another frame. */
  readonly changed: (state: ImageState, before: ImageState) => boolean;
  readonly presented: (frame: Frame) => void;
}

export function useBeside(
  store: ImageStore,
  canvas: RefObject<HTMLCanvasElement | null>,
  { pane, look, changed, presented }: Beside,
): void {
  useEffect(() => {
    const context = canvas.current?.getContext('bitmaprenderer');
    if (!context) return;
    let [busy, again, ended] = [false, false, false];
    const draw = async () => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      do {
        again = false;
        const otherwise = look(store.getState());
        const frame = otherwise ? await store.render(pane, otherwise) : undefined;
        if (frame && !ended) {
          context.transferFromImageBitmap(frame.bitmap);
          presented(frame);
        } else frame?.bitmap.close();
      } while (again && !ended);
      busy = false;
    };
    void draw();
    const end = store.subscribe((state, before) => changed(state, before) && void draw());
    return () => {
      ended = true;
      end();
    };
  }, [store, canvas, pane, look, changed, presented]);
}
