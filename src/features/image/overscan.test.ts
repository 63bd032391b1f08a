/** A detector of two amplifiers of 100 by 50 pixels, with 20 columns of overscan after each where it is shown. */
import { expect, it } from 'vitest';
import type { DetectorPixel } from '../../core/frames.ts';
import type { ButlerClient } from '../../services/butler/butlerClient.ts';
import { ImageWorker } from '../../services/workerPool.ts';
import { createImageStore } from './imageStore.ts';
import type { ImageState } from './imageState.ts';
import { keepPlace } from './overscan.ts';

const box = (x0: number, x1: number) => ({ x0, x1, y0: 0, y1: 50 });
const opened = (untrimmed: boolean) => ({
  untrimmed,
  width: untrimmed ? 240 : 200,
  height: 50,
  sky: { kind: 'none' },
  amplifiers: untrimmed
    ? [
        { name: 'C10', box: box(0, 120), data: box(0, 100) },
        { name: 'C11', box: box(120, 240), data: box(120, 220) },
      ]
    : [
        { name: 'C10', box: box(0, 100) },
        { name: 'C11', box: box(100, 200) },
      ],
});

function pointingAt(pointer: DetectorPixel, crosshair: boolean, untrimmed = false) {
  const worker = new ImageWorker({ call: async () => undefined as never, dispose: () => undefined });
  const image = createImageStore({ butler: { source: 'OODS' } as ButlerClient, worker });
  const show = (overscan: boolean) =>
    image.setState({ held: { opened: opened(overscan) } } as unknown as Partial<ImageState>);
  show(untrimmed);
  image.setState({ pointer, crosshair });
  keepPlace(image);
  return { image, show };
}

it('the crosshair stays on its pixel of the amplifier, also where the whole image is in the pane', () => {
  const { image, show } = pointingAt({ x: 130, y: 7 }, true);
  show(true);
  expect(image.getState()).toMatchObject({ view: 'fit', crosshair: true, pointer: { x: 150, y: 7 } });
  show(false);
  expect(image.getState()).toMatchObject({ crosshair: true, pointer: { x: 130, y: 7 } });
});

it('from the overscan at the border it goes to the last pixel', () => {
  const { image, show } = pointingAt({ x: 235, y: 7 }, true, true);
  show(false);
  expect(image.getState()).toMatchObject({ crosshair: true, pointer: { x: 199, y: 7 } });
});

it('the mouse on a fitted image points where it is', () => {
  const { image, show } = pointingAt({ x: 130, y: 7 }, false);
  show(true);
  expect(image.getState()).toMatchObject({ crosshair: false, pointer: { x: 130, y: 7 } });
});
