/** The arrow keys on a store whose image of 4072 by 4000 pixels is on a pane of 800 by 600. */
import { expect, it } from 'vitest';
import { DM_ORIENTATION, deviceFromDetector, type View } from '../../core/camera/view.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../services/workerPool.ts';
import { moveCrosshair, panByArrow, toggleCrosshair } from './arrowKeys.ts';
import type { ImageState } from './imageState.ts';
import { createImageStore } from './imageStore.ts';

const PANE = { width: 800, height: 600 };
const RIGHT = { right: 1, up: 0 };
const UP = { right: 0, up: 1 };

function shown(view: View = { centre: { x: 700, y: 1200 }, devicePixelsPerPixel: 8, ...DM_ORIENTATION }) {
  const api = { readout: async ({ at }: { at: object }) => ({ at }) };
  const worker = new ImageWorker({ call: (act) => act(api as never), dispose: () => undefined });
  const image = createImageStore({ butler: { source: 'OODS' } as ButlerClient, worker });
  const opened = { key: 'a', width: 4072, height: 4000 };
  const { rotationDeg, mirrored } = view;
  image.setState({
    held: { opened },
    shownAs: opened,
    view,
    drawn: { view, pane: PANE },
    display: { ...image.getState().display, orientation: { rotationDeg, mirrored } },
  } as unknown as Partial<ImageState>);
  return image;
}
const tick = () => new Promise((resolve) => setTimeout(resolve));

it('the crosshair begins in the middle, goes pixel by pixel, and the readout is of its pixel', async () => {
  const image = shown();
  expect(toggleCrosshair(image)).toBe(true);
  expect(image.getState()).toMatchObject({ crosshair: true, pointer: { x: 700, y: 1200 } });
  moveCrosshair(image, RIGHT, false);
  moveCrosshair(image, UP, true);
  await tick();
  expect(image.getState()).toMatchObject({
    pointer: { x: 701, y: 1210 },
    readout: { at: { x: 701, y: 1210 } },
  });
  expect(toggleCrosshair(image)).toBe(true);
  await tick();
  expect(image.getState()).toMatchObject({ crosshair: false, pointer: null, readout: null });
  expect(moveCrosshair(image, RIGHT, false)).toBe(false);
});

it('the middle is that of the view that was asked for, also before it is drawn', () => {
  const image = shown();
  panByArrow(image, RIGHT);
  toggleCrosshair(image);
  expect(image.getState().pointer).toEqual({ x: Math.round(700 + 75 / 8), y: 1200 });
});

it('it goes where the arrow points on a turned image, and stays on the detector', () => {
  const image = shown({
    centre: { x: 4, y: 3998 },
    devicePixelsPerPixel: 8,
    rotationDeg: 180,
    mirrored: false,
  });
  toggleCrosshair(image);
  moveCrosshair(image, RIGHT, false);
  expect(image.getState().pointer).toEqual({ x: 3, y: 3998 });
  moveCrosshair(image, RIGHT, true);
  moveCrosshair(image, { right: 0, up: -1 }, true);
  expect(image.getState().pointer).toEqual({ x: 0, y: 3999 });
});

it('the view goes along before the crosshair leaves the pane', () => {
  const image = shown();
  toggleCrosshair(image);
  for (let i = 0; i < 30; i++) moveCrosshair(image, RIGHT, true);
  const { view, pointer } = image.getState();
  if (view === 'fit' || !pointer) throw new Error('There is neither a view nor a pointer.');
  expect(pointer).toEqual({ x: 1000, y: 1200 });
  const place = deviceFromDetector(pointer, view, PANE);
  expect(place.x).toBeCloseTo(800 - 600 / 16, 6);
  expect(place.y).toBeCloseTo(300, 6);
});

it('the mouse takes over with a move, and takes nothing away when it leaves', () => {
  const image = shown();
  toggleCrosshair(image);
  image.pointAt(null);
  expect(image.getState()).toMatchObject({ crosshair: true, pointer: { x: 700, y: 1200 } });
  image.pointAt({ x: 480, y: 300 });
  expect(image.getState()).toMatchObject({ crosshair: false, pointer: { x: 710, y: 1200 } });
  // From where the mouse is, on the middle of its pixel.
  image.pointAt({ x: 483, y: 300 });
  toggleCrosshair(image);
  expect(image.getState()).toMatchObject({ crosshair: true, pointer: { x: 710, y: 1200 } });
});

it('without an image there is nothing to point at', () => {
  const worker = new ImageWorker({ call: async () => undefined as never, dispose: () => undefined });
  const image = createImageStore({ butler: { source: 'OODS' } as ButlerClient, worker });
  expect(toggleCrosshair(image)).toBe(false);
  expect(image.getState().crosshair).toBe(false);
});

it('an arrow pans the view its way by an eighth of the pane', () => {
  const image = shown();
  panByArrow(image, RIGHT);
  panByArrow(image, UP);
  expect(image.getState().view).toMatchObject({ centre: { x: 700 + 75 / 8, y: 1200 + 75 / 8 } });
});
