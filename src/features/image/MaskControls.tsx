/** Which planes of the mask lie over the image, in which colour and how transparent. */
import { useStore } from 'zustand';
import './image.css';
import type { ImageStore } from './imageState.ts';
import { lookOf } from './maskLooks.ts';

export function MaskControls({ store }: { readonly store: ImageStore }) {
  const planes = useStore(store, (s) => s.shownAs?.maskPlanes);
  const on = useStore(store, (s) => s.overlays.mask);
  const looks = useStore(store, (s) => s.maskLooks);
  const names = Object.keys(planes ?? {});
  return (
    <div className="image-mask" data-testid="mask-controls">
      <label>
        <input
          type="checkbox"
          checked={on}
          disabled={names.length === 0}
          onChange={(event) => store.setOverlays({ mask: event.target.checked })}
        />
        Mask over the image (q)
      </label>
      {names.length === 0 && <p className="image-isr-none">No step has made a mask.</p>}
      {on && (
        <ul className="image-mask-planes">
          {names.map((name) => {
            const { visible, colour, opacity } = lookOf(looks, name);
            return (
              <li key={name}>
                <label>
                  <input
                    type="checkbox"
                    checked={visible}
                    onChange={(event) => store.setMaskLook(name, { visible: event.target.checked })}
                  />
                  {name}
                </label>
                <input
                  type="color"
                  aria-label={`Colour of ${name}`}
                  value={colour}
                  onChange={(event) => store.setMaskLook(name, { colour: event.target.value })}
                />
                <input
                  type="range"
                  aria-label={`Opacity of ${name}`}
                  min={0}
                  max={1}
                  step={0.05}
                  value={opacity}
                  onChange={(event) => store.setMaskLook(name, { opacity: Number(event.target.value) })}
                />
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
