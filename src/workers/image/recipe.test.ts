import { STEP_NAMES } from 'astro-fits-wasm';
import { describe, expect, it } from 'vitest';
import type { CalibRef, CalibSet } from '../../core/dataId.ts';
import type { IsrRecipe } from './contract.ts';
import { planSteps, STEP_ORDER, type StepPlan } from './recipe.ts';

const calib = (datasetType: CalibRef['datasetType']): CalibRef => ({
  datasetType,
  datasetId: `${datasetType}-id`,
  collection: 'LATISS/calib',
  fileBytes: null,
});
const ALL: CalibSet = { bias: calib('bias'), dark: calib('dark'), flat: calib('flat') };
const facts = (observationType: string, calibs: CalibSet = ALL, switched: IsrRecipe['switched'] = {}) => ({
  observationType,
  physicalFilter: 'empty~holo4_003',
  calibs,
  isr: { recipe: 'rapid', overscan: 'median-per-row', switched, untrimmed: false } as const,
});
const step = (plans: readonly StepPlan[], name: string) => plans.find((plan) => plan.name === name);
const used = (observationType: string, switched: IsrRecipe['switched'] = {}) =>
  planSteps(facts(observationType, ALL, switched)).flatMap(({ calib: each }) => each?.datasetType ?? []);

describe('planSteps', () => {
  it.each([
    ['bias', []],
    ['BIAS', []],
    ['dark', ['bias']],
    ['flat', ['bias', 'dark']],
    ['science', ['bias', 'dark', 'flat']],
    ['acq', ['bias', 'dark', 'flat']],
    ['focus', ['bias', 'dark', 'flat']],
    ['some type of next year', ['bias', 'dark', 'flat']],
  ])('%s takes %j', (type, calibs) => expect(used(type)).toEqual(calibs));

  it.each(['rapid', 'full'] as const)('has every step of the engine once in the recipe %s', (recipe) => {
    expect(STEP_ORDER[recipe].toSorted()).toEqual(STEP_NAMES.toSorted());
  });

  it('obeys a switch against the type', () => {
    expect(used('bias', { bias: true })).toEqual(['bias']);
    expect(used('science', { dark: false })).toEqual(['bias', 'flat']);
    expect(step(planSteps(facts('science', ALL, { dark: false })), 'dark')).toMatchObject({
      skippedBecause: 'switched off',
      switchable: true,
    });
  });

  it('never leaves out the assembly', () => {
    expect(
      step(planSteps(facts('science', ALL, { assemble: false })), 'assemble')?.skippedBecause,
    ).toBeNull();
  });

  it('leaves out all but the assembly where the overscan is shown', () => {
    const { isr, ...rest } = facts('science');
    const plans = planSteps({ ...rest, isr: { ...isr, untrimmed: true } });
    expect(plans.map(({ name }) => name)).toEqual(STEP_ORDER.rapid);
    for (const { name, skippedBecause, switchable, calib: none } of plans) {
      const why = name === 'assemble' ? null : 'the overscan is shown';
      expect([skippedBecause, switchable, none]).toEqual([why, false, null]);
    }
  });

  it('says which type takes no flat', () => {
    expect(step(planSteps(facts('flat')), 'flat')?.skippedBecause).toBe('FLAT frames take no flat');
  });

  it('names the physical filter that has no flat, and keeps the other steps', () => {
    const plans = planSteps(facts('science', { ...ALL, flat: null }));
    expect(step(plans, 'flat')).toMatchObject({
      skippedBecause: 'no flat for empty~holo4_003',
      switchable: false,
    });
    expect(step(plans, 'bias')?.skippedBecause).toBeNull();
  });
});
