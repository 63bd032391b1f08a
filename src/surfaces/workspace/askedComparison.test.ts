import { expect, test, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import type { ExposuresState } from '../../features/exposures/exposuresStore.ts';
import { createCompareStore, type OtherKind } from '../../features/image/compare/compareStore.ts';
import { createImageStore } from '../../features/image/imageStore.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../services/workerPool.ts';
import { askedComparison } from './askedComparison.ts';
import { comparedNow, type CompareAsked } from './pageAddress.ts';

const OLD: CompareAsked = { mode: 'blink', others: [{ kind: 'exposure', exposure: 1 }] };
const PREVIOUS: OtherKind = { kind: 'previous' };

/** A page whose address compares with an exposure that the list has not got. */
function page(asked: CompareAsked | null = OLD) {
  // Nothing is shown: no image is asked of it.
  const worker = new ImageWorker({ call: () => new Promise(() => undefined), dispose: () => undefined });
  let answer: (found: Exposure) => void = () => undefined;
  let refuse: (error: AppError) => void = () => undefined;
  const butler = {
    findExposure: vi.fn(
      () =>
        new Promise<Exposure>((resolve, reject) => {
          [answer, refuse] = [resolve, reject];
        }),
    ),
  };
  const parts = { butler: butler as unknown as ButlerClient, worker };
  const compare = createCompareStore({
    ...parts,
    main: createImageStore(parts),
    previousAlike: () => undefined,
  });
  const exposures = createStore(() => ({ received: false, exposures: [] }) as unknown as ExposuresState);
  const [tell, onChange] = [vi.fn(), vi.fn()];
  const still = askedComparison({ asked, exposures, compare, butler, tell, onChange });
  return {
    butler,
    compare,
    tell,
    onChange,
    /** What the address says. */
    inAddress: () => comparedNow(compare.getState()) ?? still(),
    receive: () => exposures.setState({ received: true }),
    answer: async () => {
      answer({ exposure: 1 } as Exposure);
      await new Promise((resolve) => setTimeout(resolve));
    },
    refuse: async (error: AppError) => {
      refuse(error);
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

test('what is asked for stays in the address until it is found, and then is compared', async () => {
  const { compare, inAddress, receive, answer, onChange } = page();
  expect(inAddress()).toEqual(OLD);
  receive();
  expect(compare.getState()).toMatchObject({ mode: 'tile', others: [] });
  expect(inAddress()).toEqual(OLD);
  await answer();
  expect(compare.getState().mode).toBe('blink');
  expect(compare.getState().others.map(({ what }) => what)).toEqual([
    { kind: 'exposure', exposure: { exposure: 1 } },
  ]);
  expect(inAddress()).toEqual(OLD);
  expect(onChange).toHaveBeenCalledOnce();
  compare.clear();
  expect(inAddress()).toBeNull();
});

test('Escape before it is found ends it, and takes it out of the address', async () => {
  const { compare, inAddress, receive, answer, onChange } = page();
  receive();
  compare.clear();
  expect(inAddress()).toBeNull();
  expect(onChange).toHaveBeenCalledOnce();
  await answer();
  expect(compare.getState()).toMatchObject({ mode: 'tile', others: [] });
});

test('Escape before the list is there ends it, too', () => {
  const { compare, butler, inAddress, receive } = page();
  compare.clear();
  receive();
  expect(butler.findExposure).not.toHaveBeenCalled();
  expect(inAddress()).toBeNull();
});

test('what the user compares with meanwhile goes before it', async () => {
  const { compare, receive, answer } = page();
  receive();
  compare.add(PREVIOUS);
  await answer();
  expect(compare.getState().mode).toBe('tile');
  expect(compare.getState().others.map(({ what }) => what)).toEqual([PREVIOUS]);
});

test('one that is not there is named and forgotten; one that was not reached stays for a reload', async () => {
  const nowhere = page();
  nowhere.receive();
  await nowhere.refuse(new AppError('NotFound', 'OODS has no exposure 1.'));
  expect(nowhere.tell).toHaveBeenCalledWith(['Nothing to compare with: OODS has no exposure 1.']);
  expect(nowhere.inAddress()).toBeNull();
  const unreached = page();
  unreached.receive();
  await unreached.refuse(new AppError('Unreachable', 'The Hub service does not answer.'));
  expect(unreached.tell).toHaveBeenCalledWith([
    expect.stringContaining('was not found out: The Hub service does not answer.'),
  ]);
  expect(unreached.inAddress()).toEqual(OLD);
});

test('nothing asked for is nothing looked for', () => {
  const { butler, inAddress, receive } = page(null);
  receive();
  expect(butler.findExposure).not.toHaveBeenCalled();
  expect(inAddress()).toBeNull();
});
