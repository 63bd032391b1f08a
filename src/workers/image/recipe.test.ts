import { describe, expect, it } from 'vitest';
import type { CalibRef, CalibSet } from '../../core/dataId.ts';
import { calibStep, planCalibs } from './recipe.ts';

const calib = (datasetType: CalibRef['datasetType']): CalibRef => ({
  datasetType,
  datasetId: `${datasetType}-id`,
  collection: 'LATISS/calib',
  fileBytes: null,
});
const ALL: CalibSet = { bias: calib('bias'), dark: calib('dark'), flat: calib('flat') };
const facts = (observationType: string, calibs: CalibSet = ALL) => ({
  observationType,
  physicalFilter: 'empty~holo4_003',
  calibs,
});
const used = (observationType: string) =>
  planCalibs(facts(observationType))
    .filter((plan) => plan.use)
    .map((plan) => plan.name);

describe('planCalibs', () => {
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

  it('says which type takes no flat', () => {
    const plan = planCalibs(facts('flat')).find((p) => p.name === 'flat');
    expect(plan?.skippedBecause).toBe('FLAT frames take no flat');
  });

  it('names the physical filter that has no flat, and keeps the other steps', () => {
    const steps = planCalibs(facts('science', { ...ALL, flat: null })).map((plan) =>
      calibStep(plan, 'empty~holo4_003'),
    );
    expect(steps).toEqual([
      { name: 'bias', done: true, with: 'LATISS/calib', dataset: 'bias-id' },
      { name: 'dark', done: true, with: 'LATISS/calib', dataset: 'dark-id' },
      { name: 'flat', done: false, skippedBecause: 'no flat for empty~holo4_003' },
    ]);
  });

  it('names the filter of the flat that was used', () => {
    const plan = planCalibs(facts('science')).find((p) => p.name === 'flat');
    expect(plan && calibStep(plan, 'empty~holo4_003').with).toBe('empty~holo4_003 · LATISS/calib');
  });
});
