import { expect, test, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import { COLOUR_MAPS } from '../../core/display/colourMapNames.ts';
import { STRETCHES } from '../../core/display/stretch.ts';
import type { DetectorPixel } from '../../core/frames.ts';
import type { ImageState } from '../../features/image/imageState.ts';
import { FIRST_STATE } from '../../features/image/imageState.ts';
import { createRegionStore } from '../../features/image/regions/regionStore.ts';
import { keyName } from './shortcuts.ts';
import type { Workspace } from './workspace.ts';
import { workspaceShortcuts } from './workspaceShortcuts.ts';

/** What the keys of this file's tests act upon. */
function made() {
  const imageStore = createStore<ImageState>(() => FIRST_STATE);
  const image = {
    ...imageStore,
    region: async () => null,
    lookAt: vi.fn((pointer: DetectorPixel | null, crosshair = false) =>
      imageStore.setState({ crosshair, pointer }),
    ),
    panBy: vi.fn(),
    setDisplay: (display: Partial<ImageState['display']>) =>
      imageStore.setState((state) => ({ display: { ...state.display, ...display } })),
  };
  const compare = {
    ...createStore(() => ({
      mode: 'tile',
      others: [] as object[],
      combined: null as object | null,
      matched: true,
      lock: 'pixel',
    })),
    clear: vi.fn(),
    setMatched: vi.fn(),
    setLock: vi.fn(),
  };
  const regions = createRegionStore(image as never);
  const notify = vi.fn();
  const exposures = { step: vi.fn() };
  const parts = { image, compare, regions, exposures, notify };
  const groups = workspaceShortcuts(parts as unknown as Workspace);
  const all = groups.flatMap(({ shortcuts }) => shortcuts);
  const press = (key: string) => all.find(({ run, keys }) => run && keys.includes(key))?.run?.(key);
  return { ...parts, groups, all, press };
}

test('every shortcut has a text of its own and keys that can be read', () => {
  const { all } = made();
  expect(all.length).toBeGreaterThan(50);
  for (const { keys, does } of all) {
    expect(does.trim()).not.toBe('');
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(keyName(key).trim()).not.toBe('');
  }
  expect(new Set(all.map(({ does }) => does)).size).toBe(all.length);
});

test('no key does two things, but for those that the image takes while it has the focus', () => {
  const { groups } = made();
  const used = new Map<string, string>();
  for (const { name, shortcuts } of groups) {
    for (const { keys, does, run } of shortcuts) {
      for (const key of keys) {
        const where = run ? key : `${key} on the image`;
        expect(used.get(where), `${key} of ${name}: ${does}`).toBeUndefined();
        used.set(where, does);
      }
      if (!run) expect(does).toMatch(/^on the image/);
    }
  }
});

test('Escape ends one thing at a time, what was begun last first', () => {
  const { image, compare, regions, press } = made();
  regions.drawAt('circle', { x: 10, y: 10 });
  image.setState({ crosshair: true, pointer: { x: 1, y: 1 } });
  regions.setTool('line');
  press('Escape');
  expect(regions.getState().tool).toBeNull();
  expect(image.lookAt).not.toHaveBeenCalled();
  press('Escape');
  expect(image.getState().crosshair).toBe(false);
  expect(regions.getState().selected).not.toBeNull();
  press('Escape');
  expect(regions.getState()).toMatchObject({ selected: null, regions: [{ kind: 'circle' }] });
  expect(compare.clear).not.toHaveBeenCalled();
  press('Escape');
  expect(compare.clear).toHaveBeenCalledOnce();
});

test('arrows are the crosshair’s, and without one they step through the exposures and pan', () => {
  const { image, exposures, press } = made();
  const shown = {
    held: { opened: { width: 4072, height: 4000 } },
    drawn: { pane: { width: 800, height: 600 } },
  };
  image.setState({
    ...shown,
    crosshair: true,
    pointer: { x: 20, y: 30 },
  } as Partial<ImageState> as ImageState);
  for (const key of ['ArrowLeft', 'ArrowUp', 'Shift+ArrowRight', 'Shift+ArrowDown']) press(key);
  expect(image.getState()).toMatchObject({ crosshair: true, pointer: { x: 29, y: 21 } });
  expect(exposures.step).not.toHaveBeenCalled();
  expect(image.panBy).not.toHaveBeenCalled();
  press('Escape');
  press('ArrowLeft');
  press('ArrowUp');
  expect(exposures.step.mock.calls).toEqual([[-1], [1]]);
  press('Shift+ArrowRight');
  expect(image.panBy).toHaveBeenCalledWith(-75, 0);
});

test('match limits and lock say what they need, and go on to the next', () => {
  const { compare, notify, press } = made();
  press('U');
  press('Q');
  expect(notify.mock.calls.flat()).toEqual(new Array(2).fill(expect.stringMatching(/^Nothing is compared/)));
  expect([compare.setMatched, compare.setLock].some((each) => each.mock.calls.length > 0)).toBe(false);
  compare.setState({ others: [{}] });
  press('U');
  expect(compare.setMatched).toHaveBeenLastCalledWith(false);
  press('Q');
  expect(compare.setLock).toHaveBeenLastCalledWith('amplifier');
});

test.each(['difference', 'ratio'])('in a %s match limits and lock say why they change nothing', (mode) => {
  const { compare, notify, press } = made();
  compare.setState({ others: [{}], mode });
  press('U');
  press('Q');
  expect(notify.mock.calls.flat()).toEqual(
    new Array(2).fill(expect.stringMatching(new RegExp(`^A ${mode} has limits of its own`))),
  );
  expect(compare.setMatched).not.toHaveBeenCalled();
  expect(compare.setLock).not.toHaveBeenCalled();
});

test('the keys of brightness act on the difference while it is seen, and else on the image', () => {
  const acts = [
    'setLimits',
    'togglePerAmplifier',
    'setStretch',
    'setContrast',
    'setColourMap',
    'toggleInvert',
  ] as const;
  const spies = () => Object.fromEntries(acts.map((name) => [name, vi.fn()]));
  const { image, compare, press } = made();
  const ofImage = Object.assign(image, spies());
  const combined = { ...createStore<ImageState>(() => FIRST_STATE), ...spies() };
  const calls = (of: object) =>
    acts.flatMap((name) =>
      (of as Record<string, ReturnType<typeof vi.fn>>)[name]!.mock.calls.map(() => name),
    );
  const pressAll = () => ['z', 'm', 'M', 'b', 's', 'c', 'i', 'C'].forEach(press);
  const expected = [...new Array(3).fill('setLimits'), ...acts.slice(1)];
  compare.setState({ others: [{}], mode: 'difference', combined });
  pressAll();
  expect(calls(combined)).toEqual(expected);
  expect(calls(ofImage)).toEqual([]);
  compare.setState({ mode: 'tile', combined: null });
  pressAll();
  expect(calls(ofImage)).toEqual(expected);
  expect(calls(combined)).toEqual(expected);
});

test('the next stretch and colour map are those after the difference’s own', () => {
  const { compare, press } = made();
  const own = { ...FIRST_STATE.display, stretch: 'log' as const, colourMap: 'viridis' as const };
  const [setStretch, setColourMap] = [vi.fn(), vi.fn()];
  const combined = {
    ...createStore<ImageState>(() => ({ ...FIRST_STATE, display: own })),
    setStretch,
    setColourMap,
  };
  compare.setState({ others: [{}], mode: 'difference', combined });
  press('s');
  press('c');
  expect(setStretch).toHaveBeenCalledWith(STRETCHES[STRETCHES.indexOf('log') + 1]);
  expect(setColourMap).toHaveBeenCalledWith(
    COLOUR_MAPS[COLOUR_MAPS.indexOf('viridis') + 1] ?? COLOUR_MAPS[0],
  );
});

test('binning goes round, and saving says when there is nothing to save', () => {
  const { image, notify, press } = made();
  const seen = Array.from({ length: 5 }, () => {
    press('V');
    return image.getState().display.bin;
  });
  expect(seen).toEqual([2, 4, 8, 16, 1]);
  press('I');
  press('W');
  expect(notify.mock.calls).toEqual(new Array(2).fill(['There is no image to save yet.']));
});
