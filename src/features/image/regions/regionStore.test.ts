import { expect, it, vi } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { Region } from '../../../core/regions/region.ts';
import type { RegionUnit } from '../../../workers/image/contract.ts';
import type { ImageState, ImageStore } from '../imageState.ts';
import { FIRST_STATE } from '../imageState.ts';
import { pressAfterTyping } from '../paneTools.ts';
import { createRegionStore, selectedRegion } from './regionStore.ts';

/** Answers with what it was asked. */
function made() {
  const asked: { region: Region; unit: RegionUnit | null | undefined }[] = [];
  const image = {
    ...createStore<ImageState>(() => FIRST_STATE),
    region: async (region: Region, unit?: RegionUnit | null) => {
      asked.push({ region, unit });
      if (unit === 'electron') throw new Error('No gain is known of C11.');
      return { unit };
    },
  } as unknown as ImageStore;
  const store = createRegionStore(image);
  return { store, asked, chosen: () => selectedRegion(store.getState()) };
}

it('a shape is drawn at a place without a drag, chosen, and moved by pixels', () => {
  const { store, chosen } = made();
  expect(store.tools.moveChosen?.(1, 0)).toBe(false);
  store.drawAt('circle', { x: 100, y: 200 });
  expect(chosen()).toMatchObject({ kind: 'circle', centre: { x: 100, y: 200 }, radiusPx: 20 });
  expect(store.tools.moveChosen?.(-1, 10)).toBe(true);
  expect(chosen()).toMatchObject({ centre: { x: 99, y: 210 } });
  expect(store.getState()).toMatchObject({ tool: null, regions: [{ kind: 'circle' }] });
});

it('a tool that is given up draws nothing, also in the middle of a drag', () => {
  const { store, chosen } = made();
  store.setTool('box');
  store.setTool(null);
  expect(store.tools.press({ x: 10, y: 10 }, 3)).toBe(false);
  store.setTool('box');
  store.tools.press({ x: 10, y: 10 }, 3);
  store.tools.move({ x: 30, y: 40 });
  expect(chosen()).toMatchObject({ kind: 'box', widthPx: 40, heightPx: 60 });
  store.setTool(null);
  expect(store.getState()).toMatchObject({ regions: [], selected: null, tool: null });
  store.tools.move({ x: 50, y: 60 });
  store.tools.release({ x: 50, y: 60 });
  expect(store.getState().regions).toEqual([]);
});

it('a double press on an edge of the chosen polygon adds a vertex, on a vertex it takes that away', () => {
  const { store, chosen } = made();
  const vertices = () => {
    const region = chosen();
    return region?.kind === 'polygon' ? region.vertices : [];
  };
  const double = (x: number, y: number) => store.tools.doublePress?.({ x, y }, 3);
  store.drawAt('circle', { x: 400, y: 400 });
  expect(double(420, 400)).toBe(false);
  store.drawAt('polygon', { x: 100, y: 100 });
  expect(vertices()).toHaveLength(4);
  expect(double(100, 81)).toBe(true);
  expect(vertices()).toEqual([
    { x: 80, y: 80 },
    { x: 100, y: 81 },
    { x: 120, y: 80 },
    { x: 120, y: 120 },
    { x: 80, y: 120 },
  ]);
  expect(double(101, 80)).toBe(true);
  expect(double(121, 121)).toBe(true);
  expect(vertices()).toEqual([
    { x: 80, y: 80 },
    { x: 120, y: 80 },
    { x: 80, y: 120 },
  ]);
  // Neither is where the pointer means the image.
  expect(double(95, 95)).toBe(false);
  expect(double(300, 300)).toBe(false);
});

it('another unit asks again, and why there is none is said', async () => {
  const { store, asked } = made();
  store.drawAt('point', { x: 1, y: 2 });
  await vi.waitFor(() => expect(store.getState().answer).toEqual({ unit: null }));
  store.setUnit('electron');
  await vi.waitFor(() => expect(store.getState().problem).toBe('No gain is known of C11.'));
  expect(store.getState().answer).toBeNull();
  store.setUnit('adu');
  await vi.waitFor(() => expect(store.getState().answer).toEqual({ unit: 'adu' }));
  expect(store.getState().problem).toBeNull();
  expect(asked.map(({ unit }) => unit)).toEqual([null, 'electron', 'adu']);
});

it('an error that a later choice has overtaken does not stay', async () => {
  const { store, asked } = made();
  store.setUnit('electron');
  store.drawAt('point', { x: 1, y: 2 });
  store.setUnit('adu');
  await vi.waitFor(() => expect(store.getState()).toMatchObject({ answer: { unit: 'adu' }, problem: null }));
  store.setUnit('electron');
  store.select(null);
  await vi.waitFor(() => expect(asked.map(({ unit }) => unit)).toEqual(['electron', 'adu', 'electron']));
  await vi.waitFor(() => expect(store.getState()).toMatchObject({ answer: null, problem: null }));
});

it('what is changed by its numbers takes the place of what it was', async () => {
  const { store, asked, chosen } = made();
  store.drawAt('line', { x: 50, y: 60 });
  const line = chosen();
  if (line?.kind !== 'line') throw new Error('No line was drawn.');
  store.put({ ...line, widthPx: 9, label: 'trail' });
  expect(store.getState().regions).toEqual([{ ...line, widthPx: 9, label: 'trail' }]);
  await vi.waitFor(() => expect(asked.at(-1)?.region).toMatchObject({ widthPx: 9 }));
});

it('a number that is being typed is taken before a press on the image lets go of its region, or drags it', () => {
  const { store } = made();
  store.drawAt('circle', { x: 100, y: 200 });
  const typing = (radiusPx: number) => {
    const [circle] = store.getState().regions;
    if (circle?.kind !== 'circle') throw new Error('No circle was drawn.');
    return { matches: (what: string) => what === 'input', blur: () => store.put({ ...circle, radiusPx }) };
  };
  expect(pressAfterTyping(store.tools, { x: 900, y: 900 }, 3, typing(50))).toBe(false);
  expect(store.getState()).toMatchObject({ selected: null, regions: [{ radiusPx: 50 }] });
  expect(pressAfterTyping(store.tools, { x: 100, y: 200 }, 3, typing(60))).toBe(true);
  store.tools.move({ x: 130, y: 200 });
  expect(store.getState().regions).toMatchObject([{ centre: { x: 130, y: 200 }, radiusPx: 60 }]);
});
