import { expect, test, vi } from 'vitest';
import type { ImageStore } from '../features/image/imageState.ts';
import { FIRST_STATE } from '../features/image/imageState.ts';
import { keep, kept } from './keptState.ts';
import { createPublicApi, exposureKey } from './publicApi.ts';

function handle() {
  const image = { getState: () => FIRST_STATE } as ImageStore;
  return createPublicApi({
    surface: 'panel',
    getState: () => ({
      following: true,
      shown: 7,
      newest: 8,
      imageState: 'ready',
      theme: 'dark',
      source: 'OODS',
      stale: null,
    }),
    open: () => Promise.resolve(),
    image,
    ledger: () => null,
  });
}

test('the state is plain JSON and names its surface; the version is that of the package', () => {
  const { api } = handle();
  const state = api.getState();
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(state).toMatchObject({ surface: 'panel', shown: 7 });
  expect(api.version).toMatch(/^\d+\.\d+\.\d+$/);
});

test('events reach their listeners until these leave; one that throws stops no other', async () => {
  const { api, emit } = handle();
  const uncaught = vi.fn();
  vi.stubGlobal('queueMicrotask', uncaught);
  const heard = vi.fn();
  api.on('exposure', () => {
    throw new Error('a mistake of the caller');
  });
  const leave = api.on('exposure', heard);
  const detail = { exposure: 8, dayObs: 20261122, seqNum: 8 };
  emit('exposure', detail);
  leave();
  emit('exposure', detail);
  vi.unstubAllGlobals();
  expect(heard).toHaveBeenCalledExactlyOnceWith(detail);
  expect(uncaught).toHaveBeenCalledTimes(2);
});

test('a data id is an exposure’s id, or its night and number', () => {
  expect(exposureKey({ exposure: 7, instrument: 'LATISS', detector: 0 })).toEqual({ exposure: 7 });
  expect(exposureKey({ day_obs: 20261122, seq_num: 1 })).toEqual({ dayObs: 20261122, seqNum: 1 });
});

test('kept values come back; those of another version, or spoilt ones, do not', () => {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  } as Storage;
  keep('theme', 'light', storage);
  expect(kept('theme', storage)).toBe('light');
  expect(kept('layout', storage)).toBeUndefined();
  items.set('summit-notebook.theme', '{"version":99,"value":"light"}');
  expect(kept('theme', storage)).toBeUndefined();
  items.set('summit-notebook.theme', '{"versi');
  expect(kept('theme', storage)).toBeUndefined();
});
