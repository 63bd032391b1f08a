/** What was done to the pixels, with which calibs, what was left out and why; each step is a switch. */
import { useStore } from 'zustand';
import type { IsrRecipe, IsrStep, OverscanMethod, Recipe, StepName } from '../../workers/image/contract.ts';
import { FIRST_ISR } from './displayState.ts';
import './image.css';
import type { ImageStore } from './imageState.ts';

const RECIPES: readonly (readonly [Recipe, string])[] = [
  ['rapid', 'rapid (adu)'],
  ['full', 'full'],
];
const OVERSCANS: readonly OverscanMethod[] = [
  'median-per-row',
  'plain-median-per-row',
  'mean-per-row',
  'median',
  'mean',
  'spline',
];

export interface IsrSwitchesProps {
  readonly store: ImageStore;
  /** Shows the image with and without the step side by side. */
  readonly onCompare?: (step: StepName) => void;
}

export function IsrSwitches({ store, onCompare }: IsrSwitchesProps) {
  const opened = useStore(store, (s) => s.shownAs);
  const isr = useStore(store, (s) => s.isr);
  const reducing = useStore(store, (s) => s.reducing);
  const surveyed = useStore(store, (s) => s.survey !== null);
  const change = (part: Partial<IsrRecipe>) => store.setIsr({ ...isr, ...part });
  const altered =
    isr.recipe !== 'rapid' || isr.overscan !== 'median-per-row' || isr.untrimmed || hasSwitches(isr);
  return (
    <div
      className="image-isr"
      data-testid="isr-steps"
      data-exposure={opened?.exposure ?? ''}
      data-settled={!reducing && surveyed}
    >
      <div className="image-isr-choices">
        <select
          className="image-select"
          aria-label="Recipe"
          title="The order of the steps and the unit that they work in"
          value={isr.recipe}
          onChange={(event) => {
            const chosen = RECIPES.find(([name]) => name === event.target.value);
            if (chosen) change({ recipe: chosen[0] });
          }}
        >
          {RECIPES.map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
        <select
          className="image-select"
          aria-label="Overscan method"
          title="How the level of the overscan is worked out"
          value={isr.overscan}
          onChange={(event) => {
            const chosen = OVERSCANS.find((name) => name === event.target.value);
            if (chosen) change({ overscan: chosen });
          }}
        >
          {OVERSCANS.map((name) => (
            <option key={name} value={name}>
              {name.replaceAll('-', ' ')}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="image-button"
          disabled={!altered}
          title="The steps that the exposure's type takes"
          onClick={() => store.setIsr(FIRST_ISR)}
        >
          Reset
        </button>
      </div>
      <ul className="image-isr-list">
        {opened?.steps.map((step) => (
          <Step
            key={step.name}
            step={step}
            // At once as it was switched; what came of it is said beside it.
            on={step.switchable ? (isr.switched[step.name] ?? step.done) : step.done}
            compare={onCompare && step.switchable ? () => onCompare(step.name) : undefined}
            set={(on) => change({ switched: { ...isr.switched, [step.name]: on } })}
          />
        )) ?? <li className="image-isr-none">No image yet</li>}
      </ul>
      <p className="image-isr-pending" aria-live="polite">
        {reducing ? 'Reducing…' : ''}
      </p>
      {opened?.warnings.map((warning) => (
        <p key={warning} className="image-isr-warning">
          <span aria-hidden="true">⚠</span> {warning}
        </p>
      ))}
    </div>
  );
}

function hasSwitches({ switched }: IsrRecipe): boolean {
  return Object.keys(switched).length > 0;
}

interface StepProps {
  readonly step: IsrStep;
  readonly on: boolean;
  readonly set: (on: boolean) => void;
  readonly compare: (() => void) | undefined;
}

function Step({ step, on, set, compare }: StepProps) {
  const { name, done, switchable } = step;
  const remark = done ? step.with : step.skippedBecause;
  return (
    <li
      className={switchable || done ? 'image-isr-step' : 'image-isr-step image-isr-impossible'}
      data-step={name}
      data-done={done}
    >
      <label>
        <input
          type="checkbox"
          checked={on}
          disabled={!switchable}
          onChange={(event) => set(event.target.checked)}
        />
        <span className={done ? 'image-isr-done' : 'image-isr-skipped'}>{name}</span>
      </label>
      <span className="image-isr-remark" title={step.dataset ? `dataset ${step.dataset}` : remark}>
        {remark}
      </span>
      {compare && (
        <button
          type="button"
          className="image-isr-compare"
          title="With and without, side by side"
          aria-label={`With and without ${name}, side by side`}
          onClick={compare}
        >
          ◫
        </button>
      )}
    </li>
  );
}
