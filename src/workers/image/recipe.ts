/** Which ISR steps an exposure takes, by its type, and why the others are left out. */
import type { CalibRef, CalibSet } from '../../core/dataId.ts';
import type { IsrStep } from './contract.ts';

export type CalibName = 'bias' | 'dark' | 'flat';
const CALIB_NAMES: readonly CalibName[] = ['bias', 'dark', 'flat'];

/** Frames that calibs are made from do not get those calibs. All other types get all. */
const TAKES: Readonly<Record<string, readonly CalibName[]>> = {
  bias: [],
  dark: ['bias'],
  flat: ['bias', 'dark'],
};

export interface CalibPlan {
  readonly name: CalibName;
  readonly use: CalibRef | null;
  /** Null exactly when `use` is not. */
  readonly skippedBecause: string | null;
}

export interface RecipeFacts {
  readonly observationType: string;
  readonly physicalFilter: string;
  readonly calibs: CalibSet;
}

export function planCalibs(facts: RecipeFacts): readonly CalibPlan[] {
  const type = facts.observationType.toLowerCase();
  const takes = TAKES[type] ?? CALIB_NAMES;
  return CALIB_NAMES.map((name) => {
    const use = facts.calibs[name];
    const skip = (skippedBecause: string): CalibPlan => ({ name, use: null, skippedBecause });
    if (!takes.includes(name)) return skip(`${type.toUpperCase()} frames take no ${name}`);
    if (!use)
      return skip(name === 'flat' ? `no flat for ${facts.physicalFilter}` : `no ${name} for this exposure`);
    return { name, use, skippedBecause: null };
  });
}

export function calibStep(plan: CalibPlan, physicalFilter: string): IsrStep {
  const { name, use, skippedBecause } = plan;
  if (use) {
    const of = name === 'flat' ? `${physicalFilter} · ${use.collection}` : use.collection;
    return { name, done: true, with: of, dataset: use.datasetId };
  }
  return { name, done: false, skippedBecause: skippedBecause ?? 'unknown' };
}
