/** How the image is drawn: limits, stretch, colour map, zoom. */
import { useStore } from 'zustand';
import type { ColourMapName, LimitsRule, StretchName } from '../../workers/image/contract.ts';
import './image.css';
import type { ImageStore } from './imageStore.ts';

const RULES: readonly (readonly [Exclude<LimitsRule, 'manual'>, string, string])[] = [
  ['zscale', 'zscale', 'Display limits that show the sky well (IRAF zscale)'],
  ['minmax', 'min–max', 'Display limits from the lowest to the highest value'],
  ['percentile99', '99 %', 'Display limits that hold the central 99 % of the values'],
];
const STRETCHES: readonly (readonly [StretchName, string])[] = [
  ['linear', 'Brightness proportional to the value'],
  ['log', 'Logarithmic brightness: faint structure over a wide range'],
  ['asinh', 'Linear near the lower limit, logarithmic above'],
];
const MAPS: readonly ColourMapName[] = ['grey', 'viridis', 'inferno', 'cividis'];

export function ImageControls({ store }: { readonly store: ImageStore }) {
  const rule = useStore(store, (s) => s.limitsRule);
  const stretch = useStore(store, (s) => s.stretch);
  const colourMap = useStore(store, (s) => s.colourMap);
  const invert = useStore(store, (s) => s.invert);
  const fitted = useStore(store, (s) => s.view === 'fit');
  const scale = useStore(store, (s) => s.drawn?.view.devicePixelsPerPixel);
  return (
    <div className="image-controls" role="toolbar" aria-label="Image display">
      <div className="image-group" role="group" aria-label="Display limits">
        {RULES.map(([name, text, title]) => (
          <Choice
            key={name}
            text={text}
            title={title}
            on={rule === name}
            choose={() => store.setLimitsRule(name)}
          />
        ))}
      </div>
      <div className="image-group" role="group" aria-label="Stretch">
        {STRETCHES.map(([name, title]) => (
          <Choice
            key={name}
            text={name}
            title={title}
            on={stretch === name}
            choose={() => store.setStretch(name)}
          />
        ))}
      </div>
      <select
        className="image-select"
        aria-label="Colour map"
        title="Colour map"
        value={colourMap}
        onChange={(event) => {
          const chosen = MAPS.find((name) => name === event.target.value);
          if (chosen) store.setColourMap(chosen);
          // The arrow keys are the exposures' again.
          event.target.blur();
        }}
      >
        {MAPS.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <Choice text="invert" title="Dark on light (i)" on={invert} choose={() => store.toggleInvert()} />
      <div className="image-group" role="group" aria-label="Zoom">
        <Choice
          text="fit"
          title="The whole detector (0, or double click)"
          on={fitted}
          choose={() => store.fit()}
        />
        <Choice
          text="1:1"
          title="One detector pixel per screen pixel (z)"
          on={!fitted && scale === 1}
          choose={() => store.oneToOne()}
        />
      </div>
      <Scale store={store} />
    </div>
  );
}

interface ChoiceProps {
  readonly text: string;
  readonly title: string;
  readonly on: boolean;
  readonly choose: () => void;
}

function Choice({ text, title, on, choose }: ChoiceProps) {
  return (
    <button type="button" className="image-choice" title={title} aria-pressed={on} onClick={choose}>
      {text}
    </button>
  );
}

/** "1:4.4": device pixels to detector pixels. */
function Scale({ store }: { readonly store: ImageStore }) {
  const scale = useStore(store, (s) => s.drawn?.view.devicePixelsPerPixel);
  if (scale === undefined) return <span className="image-scale image-number">–</span>;
  const ratio = (value: number) => (value < 9.95 ? value.toFixed(1) : value.toFixed(0)).replace(/\.0$/, '');
  return (
    <span className="image-scale image-number" title="Zoom (+ and −, or the wheel)">
      {scale >= 1 ? `${ratio(scale)}:1` : `1:${ratio(1 / scale)}`}
    </span>
  );
}
