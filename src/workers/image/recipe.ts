/** Which ISR steps an exposure takes: by its type, unless the user switched them; and why the others are left out. */
import type { StepName } from 'astro-fits-wasm';
import type { CalibRef, CalibSet } from '../../core/dataId.ts';
import type { IsrRecipe, Recipe } from './contract.ts';

/** The order in which the engine's recipes run their steps (docs/isr.md). */
export const STEP_ORDER: Readonly<Record<Recipe, readonly StepName[]>> = {
  rapid: [
    'saturation',
    'serial-overscan',
    'parallel-overscan',
    'assemble',
    'bias',
    'variance',
    'linearity',
    'crosstalk',
    'defects',
    'brighter-fatter',
    'dark',
    'flat',
    'gain',
    'cosmic-rays',
    'interpolate',
  ],
  full: [
    'serial-overscan',
    'saturation',
    'gain',
    'crosstalk',
    'parallel-overscan',
    'linearity',
    'assemble',
    'bias',
    'dark',
    'defects',
    'brighter-fatter',
    'variance',
    'flat',
    'cosmic-rays',
    'interpolate',
  ],
};

export type CalibName = keyof CalibSet;
const CALIB_NAMES: readonly CalibName[] = ['bias', 'dark', 'flat'];

/** Frames that calibs are made from do not get those calibs. All other types get all. */
const TAKES: Readonly<Record<string, readonly CalibName[]>> = {
  bias: [],
  dark: ['bias'],
  flat: ['bias', 'dark'],
};

/** What every exposure gets, whatever its type. */
const ALWAYS: ReadonlySet<StepName> = new Set([
  'saturation',
  'serial-overscan',
  'parallel-overscan',
  'assemble',
]);

/** Steps whose calibration no source of this release hands out. */
const WITHOUT_CALIB: ReadonlySet<StepName> = new Set([
  'crosstalk',
  'linearity',
  'defects',
  'brighter-fatter',
]);

export interface StepPlan {
  readonly name: StepName;
  readonly calib: CalibRef | null;
  /** False where no switch can bring the step about, or none can take it away. */
  readonly switchable: boolean;
  /** Null exactly when it is to run. */
  readonly skippedBecause: string | null;
}

export interface RecipeFacts {
  readonly observationType: string;
  readonly physicalFilter: string;
  readonly calibs: CalibSet;
  readonly isr: IsrRecipe;
}

/** Every step that there is, in the order of the recipe. */
export function planSteps(facts: RecipeFacts): readonly StepPlan[] {
  if (facts.isr.untrimmed) return STEP_ORDER[facts.isr.recipe].map(leftOut);
  return STEP_ORDER[facts.isr.recipe].map((name) => {
    const calibName = CALIB_NAMES.find((each) => each === name);
    if (calibName) return calibStep(calibName, facts);
    const plan = (switchable: boolean, skippedBecause: string | null): StepPlan => ({
      name,
      calib: null,
      switchable,
      skippedBecause,
    });
    if (name === 'assemble') return plan(false, null);
    if (WITHOUT_CALIB.has(name)) return plan(false, `no ${name} calib for this exposure`);
    const wanted = facts.isr.switched[name] ?? ALWAYS.has(name);
    return plan(true, wanted ? null : ALWAYS.has(name) ? 'switched off' : 'off');
  });
}

/** Segments are put together, whole. */
function leftOut(name: StepName): StepPlan {
  const skippedBecause = name === 'assemble' ? null : 'the overscan is shown';
  return { name, calib: null, switchable: false, skippedBecause };
}

function calibStep(name: CalibName, { observationType, physicalFilter, calibs, isr }: RecipeFacts): StepPlan {
  const type = observationType.toLowerCase();
  const calib = calibs[name];
  const takes = (TAKES[type] ?? CALIB_NAMES).includes(name);
  const skip = (skippedBecause: string): StepPlan => ({
    name,
    calib: null,
    switchable: calib !== null,
    skippedBecause,
  });
  if (isr.switched[name] === false) return skip('switched off');
  if (!takes && !isr.switched[name]) return skip(`${type.toUpperCase()} frames take no ${name}`);
  if (!calib) return skip(name === 'flat' ? `no flat for ${physicalFilter}` : `no ${name} for this exposure`);
  return { name, calib, switchable: true, skippedBecause: null };
}
