import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { View } from './view.ts';
import { detectorFromDevice, deviceFromDetector, fitView, pannedBy, zoomedAbout } from './view.ts';

const IMAGE = { width: 4072, height: 4000 };
const PANE = { width: 1018, height: 900 };

describe('views', () => {
  it('fits the whole frame with its edges at half pixels', () => {
    const view = fitView(IMAGE, PANE);
    expect(view.devicePixelsPerPixel).toBeCloseTo(900 / 4000, 12);
    const top = detectorFromDevice({ x: PANE.width / 2, y: 0 }, view, PANE);
    const bottom = detectorFromDevice({ x: PANE.width / 2, y: PANE.height }, view, PANE);
    expect(top.y).toBeCloseTo(3999.5, 9);
    expect(bottom.y).toBeCloseTo(-0.5, 9);
  });

  const anyView = fc.record({
    centre: fc.record({
      x: fc.double({ min: 0, max: 4071, noNaN: true }),
      y: fc.double({ min: 0, max: 3999, noNaN: true }),
    }),
    devicePixelsPerPixel: fc.double({ min: 0.12, max: 60, noNaN: true }),
  });
  const anyPlace = fc.record({
    x: fc.double({ min: 0, max: PANE.width, noNaN: true }),
    y: fc.double({ min: 0, max: PANE.height, noNaN: true }),
  });

  it('goes there and back', () => {
    fc.assert(
      fc.property(anyView, anyPlace, (view, place) => {
        const back = deviceFromDetector(detectorFromDevice(place, view, PANE), view, PANE);
        expect(back.x).toBeCloseTo(place.x, 6);
        expect(back.y).toBeCloseTo(place.y, 6);
      }),
    );
  });

  it('keeps the point under the pointer while zooming', () => {
    const view: View = { centre: { x: 2000, y: 1500 }, devicePixelsPerPixel: 1 };
    const place = { x: 300, y: 700 };
    const before = detectorFromDevice(place, view, PANE);
    const after = detectorFromDevice(place, zoomedAbout(place, 3, view, IMAGE, PANE), PANE);
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
  });

  it('stops at 64:1 and at half the fitted scale', () => {
    const view = fitView(IMAGE, PANE);
    const middle = { x: PANE.width / 2, y: PANE.height / 2 };
    expect(zoomedAbout(middle, 1e9, view, IMAGE, PANE).devicePixelsPerPixel).toBe(64);
    expect(zoomedAbout(middle, 1e-9, view, IMAGE, PANE).devicePixelsPerPixel).toBeCloseTo(0.1125, 9);
  });

  it('lets the image follow the pointer and never loses it', () => {
    const view: View = { centre: { x: 100, y: 100 }, devicePixelsPerPixel: 2 };
    expect(pannedBy(20, 20, view, IMAGE).centre).toEqual({ x: 90, y: 110 });
    expect(pannedBy(1e6, -1e6, view, IMAGE).centre).toEqual({ x: -0.5, y: -0.5 });
  });
});
