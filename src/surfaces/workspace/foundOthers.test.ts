import { expect, test } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import { foundOthers } from './foundOthers.ts';

const exposure = (id: number) => ({ exposure: id }) as Exposure;

const butler = {
  findExposure(which: { exposure: number } | object) {
    const id = 'exposure' in which ? which.exposure : 0;
    // An old one takes its time.
    if (id === 3) return new Promise<Exposure>((resolve) => setTimeout(() => resolve(exposure(3)), 5));
    if (id === 6) return Promise.reject(new AppError('Unreachable', 'The Hub service does not answer.'));
    return Promise.reject(new AppError('NotFound', `OODS has no exposure ${id}.`));
  },
};

test('exposures outside of the list are asked for, and all come in the order of the address', async () => {
  const { others, problems } = await foundOthers(
    [
      { kind: 'exposure', exposure: 3 },
      { kind: 'previous' },
      { kind: 'exposure', exposure: 8 },
      { kind: 'without', step: 'dark' },
    ],
    [exposure(9), exposure(8)],
    butler,
  );
  expect(others).toEqual([
    { kind: 'exposure', exposure: exposure(3) },
    { kind: 'previous' },
    { kind: 'exposure', exposure: exposure(8) },
    { kind: 'without', step: 'dark' },
  ]);
  expect(problems).toEqual([]);
});

test('one that is nowhere is named, and the rest is compared', async () => {
  const { others, problems, unreached } = await foundOthers(
    [{ kind: 'exposure', exposure: 5 }, { kind: 'previous' }],
    [],
    butler,
  );
  expect(others).toEqual([{ kind: 'previous' }]);
  expect(problems).toEqual(['Nothing to compare with: OODS has no exposure 5.']);
  expect(unreached).toBe(false);
});

test('a service that does not answer is not an exposure that is not there', async () => {
  const { problems, unreached } = await foundOthers([{ kind: 'exposure', exposure: 6 }], [], butler);
  expect(problems).toEqual([
    'What the address compares with was not found out: The Hub service does not answer. Reload the page to try again.',
  ]);
  expect(unreached).toBe(true);
});
