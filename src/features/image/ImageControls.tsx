/** How the image is drawn: limits, stretch, colour map, zoom. Everything here has a key, too. */
import { useStore } from 'zustand';
import { COLOUR_BLIND_SAFE, COLOUR_MAPS } from '../../core/display/colourMapNames.ts';
import { STRETCHES, type StretchName } from '../../core/display/stretch.ts';
import type { LimitsRule } from './displayState.ts';
import { PERCENTS } from './displayState.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';
import { Select } from './Select.tsx';
import { ViewMenu } from './ViewMenu.tsx';

interface Rule {
  readonly value: string;
  readonly text: string;
  readonly rule: LimitsRule;
}

const RULES: readonly Rule[] = [
  { value: 'zscale', text: 'zscale', rule: { rule: 'zscale' } },
  { value: 'minmax', text: 'min–max', rule: { rule: 'minmax' } },
  { value: 'symmetric', text: 'about 0', rule: { rule: 'symmetric' } },
  ...PERCENTS.map((percent) => ({
    value: `percentile-${percent}`,
    text: `${percent} %`,
    rule: { rule: 'percentile' as const, percent },
  })),
  ...[1, 3, 5, 10].map((sigmas) => ({
    value: `sigma-${sigmas}`,
    text: `±${sigmas} σ`,
    rule: { rule: 'sigma' as const, sigmas },
  })),
];

const STRETCH_NAMES: Readonly<Record<StretchName, string>> = {
  linear: 'linear',
  log: 'log',
  sqrt: 'sqrt',
  asinh: 'asinh',
  power: 'power',
  equalize: 'hist. eq.',
};

export function ruleValue(rule: LimitsRule): string {
  switch (rule.rule) {
    case 'percentile':
      return `percentile-${rule.percent}`;
    case 'sigma':
      return `sigma-${rule.sigmas}`;
    case 'zscale':
    case 'minmax':
    case 'symmetric':
    case 'manual':
      return rule.rule;
  }
}

interface ImageControlsProps {
  readonly store: ImageStore;
  /** Whose brightness it is, where a combination is seen that has one of its own. */
  readonly seen?: ImageStore;
}

export function ImageControls({ store, seen = store }: ImageControlsProps) {
  const display = useStore(seen, (s) => s.display);
  const fitted = useStore(store, (s) => s.view === 'fit');
  const scale = useStore(store, (s) => s.drawn?.view.devicePixelsPerPixel);
  return (
    <div className="image-controls" role="toolbar" aria-label="Image display">
      <Select
        label="Display limits"
        title="Where black and white are: zscale (z), min–max (m), as far to both sides of 0, the central so many per cent, median ± so many sigma"
        value={ruleValue(display.limits)}
        options={[
          ...RULES.map(({ value, text }) => [value, text] as const),
          ...(RULES.some(({ value }) => value === ruleValue(display.limits))
            ? []
            : [[ruleValue(display.limits), ruleText(display.limits)] as const]),
        ]}
        choose={(value) => {
          const chosen = RULES.find((each) => each.value === value);
          if (chosen) seen.setLimits(chosen.rule);
        }}
      />
      <Choice
        text="amp"
        title="Each amplifier between its own limits, for raws (b)"
        on={display.perAmplifier}
        choose={() => seen.togglePerAmplifier()}
      />
      <Select
        label="Stretch"
        title="How brightness follows the value (s for the next)"
        value={display.stretch}
        options={STRETCHES.map((name) => [name, STRETCH_NAMES[name]] as const)}
        choose={(value) => {
          const chosen = STRETCHES.find((name) => name === value);
          if (chosen) seen.setStretch(chosen);
        }}
      />
      <Select
        label="Colour map"
        title="Colour map (c for the next); ◐ reads the same to the colour-blind"
        value={display.colourMap}
        options={COLOUR_MAPS.map((name) => [name, COLOUR_BLIND_SAFE.has(name) ? `${name} ◐` : name] as const)}
        choose={(value) => {
          const chosen = COLOUR_MAPS.find((name) => name === value);
          if (chosen) seen.setColourMap(chosen);
        }}
      />
      <Choice
        text="invert"
        title="Dark on light (i)"
        on={display.invert}
        choose={() => seen.toggleInvert()}
      />
      <div className="image-group" role="group" aria-label="Zoom">
        <Choice
          text="fit"
          title="The whole detector (0, or double click)"
          on={fitted}
          choose={() => store.fit()}
        />
        <Choice
          text="1:1"
          title="One detector pixel per screen pixel (o)"
          on={!fitted && scale === 1}
          choose={() => store.zoomTo(1)}
        />
      </div>
      <ViewMenu store={store} />
      <Scale store={store} />
    </div>
  );
}

function ruleText(rule: LimitsRule): string {
  return rule.rule === 'sigma' ? `±${rule.sigmas} σ` : rule.rule;
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
