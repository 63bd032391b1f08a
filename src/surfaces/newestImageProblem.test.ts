import { expect, it } from 'vitest';
import type { Exposure } from '../core/dataId.ts';
import { AppError } from '../core/errors.ts';
import type { ExposuresState } from '../features/exposures/exposuresStore.ts';
import type { ImageState } from '../features/image/imageState.ts';
import { newestImageProblem } from './newestImageProblem.ts';

const exposureOf = (seqNum: number) =>
  ({ exposure: 2026112200000 + seqNum, dayObs: 20261122, seqNum, raws: [{}] }) as unknown as Exposure;
const EXPOSURES = { exposures: [exposureOf(9), exposureOf(3)] } as unknown as ExposuresState;
const unreachable = new AppError('Unreachable', 'The file server does not answer.');

it('tells why the newest is not shown', () => {
  const image = { wanted: exposureOf(9), error: unreachable, drawn: null };
  expect(newestImageProblem(EXPOSURES, image)).toEqual({
    exposure: 2026112200009,
    sentence: expect.stringMatching(/9: The file server does not answer\.$/),
  });
  expect(newestImageProblem(EXPOSURES, { ...image, error: null })).toBeNull();
});

it('leaves out a fault of an older one that the address or the user asked for', () => {
  const image = { wanted: exposureOf(3), error: unreachable, drawn: null };
  expect(newestImageProblem(EXPOSURES, image)).toBeNull();
});

it('leaves out what is said in a place of its own, but no context that was lost behind an old image', () => {
  const wanted = exposureOf(9);
  const denied = new AppError('AccessDenied', 'Sign in.');
  const cannot = new AppError('UnsupportedBrowser', 'This browser offers no WebGL2.');
  const drawn = {} as ImageState['drawn'];
  expect(newestImageProblem(EXPOSURES, { wanted, error: denied, drawn })).toBeNull();
  expect(newestImageProblem(EXPOSURES, { wanted, error: cannot, drawn: null })).toBeNull();
  expect(newestImageProblem(EXPOSURES, { wanted, error: cannot, drawn })).not.toBeNull();
});
