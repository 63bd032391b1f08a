/** How the picture is looked at, for what is seldom changed: smoothing, binning, turn, what lies over and beside it. */
import { useId, useRef } from 'react';
import { useStore } from 'zustand';
import { BINS } from '../../core/display/binning.ts';
import { DM_ORIENTATION, type Orientation } from '../../core/camera/view.ts';
import { SMOOTH_SIGMAS_PX } from './displayState.ts';
import './image.css';
import type { ImageStore, Overlays } from './imageState.ts';
import { toggleOverscan } from './overscan.ts';
import { Select } from './Select.tsx';
import './view.css';

const SHOWN: readonly (readonly [name: keyof Overlays, text: string, key: string])[] = [
  ['panner', 'overview when zoomed in', 'P'],
  ['magnifier', 'magnifier', 'u'],
  ['pixelGrid', 'lines between pixels', '#'],
  ['amplifiers', 'amplifiers', 'g'],
  ['compass', 'compass, scale bar', 'N'],
  ['skyGrid', 'right ascension, declination', 'G'],
  ['marks', 'boresight, sweet spot', 'B'],
  ['sources', 'detected sources', 'L'],
];

/** Summit raws describe themselves upside down against the Data Management frame (docs/frames.md). */
const RAW_ORIENTATION: Orientation = { rotationDeg: 180, mirrored: true };

const ORIENTATIONS: readonly (readonly [value: string, text: string, orientation: Orientation])[] = [
  ['dm', 'DM', DM_ORIENTATION],
  ['raw', 'raw', RAW_ORIENTATION],
  ['90', '90°', { rotationDeg: 90, mirrored: false }],
  ['180', '180°', { rotationDeg: 180, mirrored: false }],
  ['270', '270°', { rotationDeg: 270, mirrored: false }],
  ['flip', 'x flipped', { rotationDeg: 0, mirrored: true }],
];

export function ViewMenu({ store }: { readonly store: ImageStore }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const slider = useRef<HTMLInputElement>(null);
  const sigmaPx = useStore(store, (s) => s.display.smoothSigmaPx);
  const chosenBin = useStore(store, (s) => s.display.bin);
  const overlays = useStore(store, (s) => s.overlays);
  const untrimmed = useStore(store, (s) => s.isr.untrimmed);
  /** It lies in the top layer, whose coordinates are the window's. */
  const place = ({ style }: HTMLElement) => {
    const below = button.current?.getBoundingClientRect();
    if (!below) return;
    style.top = `${below.bottom + 4}px`;
    style.right = `${Math.max(8, window.innerWidth - below.right)}px`;
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className="image-choice"
        popoverTarget={id}
        aria-haspopup="dialog"
        aria-pressed={sigmaPx > 0 || chosenBin > 1 || untrimmed}
        title="Smoothing, binning, overview, magnifier, lines"
      >
        view ▾
      </button>
      <div
        id={id}
        popover="auto"
        role="dialog"
        aria-label="View"
        className="image-view-menu"
        data-testid="view-menu"
        onBeforeToggle={(event) => place(event.currentTarget)}
        // Keys are the menu's while it is open: Escape closes it, and nothing else.
        onToggle={(event) => event.newState === 'open' && slider.current?.focus()}
      >
        <label
          className="image-view-row"
          title="Gaussian smoothing of the picture (S); the readout stays as it is"
        >
          <span>Smoothing</span>
          <input
            ref={slider}
            type="range"
            min={0}
            max={SMOOTH_SIGMAS_PX.most}
            step={SMOOTH_SIGMAS_PX.least}
            value={sigmaPx}
            aria-label="Smoothing, sigma in detector pixels"
            aria-valuetext={sigmaText(sigmaPx)}
            onChange={(event) => store.setDisplay({ smoothSigmaPx: Number(event.target.value) })}
          />
          <span className="image-number">{sigmaText(sigmaPx)}</span>
        </label>
        <div className="image-view-row">
          <span>Binning</span>
          <div className="image-group" role="group" aria-label="Binning">
            {BINS.map((bin) => (
              <button
                key={bin}
                type="button"
                className="image-choice"
                aria-pressed={bin === chosenBin}
                title={`${bin === 1 ? 'Automatic' : `Means of ${bin} by ${bin} pixels`} (V for the next)`}
                onClick={() => store.setDisplay({ bin })}
              >
                {bin === 1 ? 'auto' : bin}
              </button>
            ))}
          </div>
        </div>
        <div className="image-view-row">
          <span>Turned</span>
          <OrientationSelect store={store} />
        </div>
        <label className="image-view-row">
          <input type="checkbox" checked={untrimmed} onChange={() => toggleOverscan(store)} />
          raw with its overscan
          <kbd className="image-view-key">v</kbd>
        </label>
        {SHOWN.map(([name, text, key]) => (
          <label key={name} className="image-view-row">
            <input
              type="checkbox"
              checked={overlays[name]}
              onChange={(event) => store.setOverlays({ [name]: event.target.checked })}
            />
            {text}
            <kbd className="image-view-key">{key}</kbd>
          </label>
        ))}
      </div>
    </>
  );
}

function sigmaText(sigmaPx: number): string {
  return sigmaPx === 0 ? 'off' : `${sigmaPx} px`;
}

function OrientationSelect({ store }: { readonly store: ImageStore }) {
  const now = useStore(store, (s) => s.display.orientation);
  const orientation = ORIENTATIONS.find(
    ([, , { rotationDeg, mirrored }]) => rotationDeg === now.rotationDeg && mirrored === now.mirrored,
  );
  return (
    <Select
      label="Orientation"
      title="How the detector lies: Data Management frame, as the raw's header has it, or turned (, and .)"
      value={orientation?.[0] ?? 'other'}
      options={[
        ...ORIENTATIONS.map(([value, text]) => [value, text] as const),
        ...(orientation ? [] : [['other', `${now.rotationDeg.toFixed(0)}°`] as const]),
      ]}
      choose={(value) => {
        const chosen = ORIENTATIONS.find(([name]) => name === value);
        if (chosen) store.orient(chosen[2]);
      }}
    />
  );
}
