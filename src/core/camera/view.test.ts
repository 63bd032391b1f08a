import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { View } from './view.ts';
import {
  detectorFromDevice,
  deviceFromDetector,
  DM_ORIENTATION,
  fitView,
  pannedBy,
  pixelStep,
  visibleBox,
  zoomedAbout,
} from './view.ts';

const IMAGE = { width: 4072, height: 4000 };
const TURNED = { rotationDeg: 33, mirrored: true };
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
    rotationDeg: fc.oneof(fc.constantFrom(0, 90, 180, 270), fc.double({ min: 0, max: 359, noNaN: true })),
    mirrored: fc.boolean(),
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
    const view: View = { centre: { x: 2000, y: 1500 }, devicePixelsPerPixel: 1, ...TURNED };
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
    const view: View = { centre: { x: 100, y: 100 }, devicePixelsPerPixel: 2, ...DM_ORIENTATION };
    expect(pannedBy(20, 20, view, IMAGE).centre).toEqual({ x: 90, y: 110 });
    expect(pannedBy(1e6, -1e6, view, IMAGE).centre).toEqual({ x: -0.5, y: -0.5 });
  });

  it('lets what is under the pointer follow it, however the image lies', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const middle = { ...view, centre: { x: 2000, y: 2000 } };
        const place = { x: 500, y: 400 };
        const under = detectorFromDevice(place, middle, PANE);
        const back = deviceFromDetector(under, pannedBy(30, -20, middle, IMAGE), PANE);
        expect(back.x).toBeCloseTo(place.x + 30, 6);
        expect(back.y).toBeCloseTo(place.y - 20, 6);
      }),
    );
  });

  it.each([
    [0, false, { x: 1, y: 0 }, { x: 0, y: -1 }],
    [90, false, { x: 0, y: -1 }, { x: -1, y: 0 }],
    [180, true, { x: 1, y: 0 }, { x: 0, y: 1 }],
    [0, true, { x: -1, y: 0 }, { x: 0, y: -1 }],
  ])('turned by %d, mirrored %s: x and y go where they should', (rotationDeg, mirrored, alongX, alongY) => {
    const view: View = { centre: { x: 50, y: 50 }, devicePixelsPerPixel: 1, rotationDeg, mirrored };
    const origin = deviceFromDetector({ x: 50, y: 50 }, view, PANE);
    const step = (x: number, y: number) => {
      const to = deviceFromDetector({ x: 50 + x, y: 50 + y }, view, PANE);
      return { x: to.x - origin.x, y: to.y - origin.y };
    };
    expect(step(1, 0)).toEqual({ x: alongX.x + 0, y: alongX.y + 0 });
    expect(step(0, 1)).toEqual({ x: alongY.x + 0, y: alongY.y + 0 });
  });

  it('fits a turned frame, too', () => {
    const view = fitView(IMAGE, PANE, { rotationDeg: 90, mirrored: false });
    expect(view.devicePixelsPerPixel).toBeCloseTo(900 / 4072, 12);
    expect(visibleBox(view, IMAGE, PANE)).toEqual({ x0: 0, y0: 0, x1: 4072, y1: 4000 });
  });

  it('knows the box that is seen', () => {
    const view: View = { centre: { x: 100, y: 200 }, devicePixelsPerPixel: 2, ...DM_ORIENTATION };
    expect(visibleBox(view, IMAGE, { width: 20, height: 10 })).toEqual({ x0: 95, y0: 198, x1: 106, y1: 203 });
    expect(visibleBox({ ...view, centre: { x: 0, y: 3999 } }, IMAGE, { width: 20, height: 10 })).toEqual({
      x0: 0,
      y0: 3997,
      x1: 6,
      y1: 4000,
    });
  });

  it.each([0, 30, 45, 90, 135, 180, 200, 270, 330])(
    'steps by a pixel where the arrow points, turned by %d, and never two ways at once',
    (rotationDeg) => {
      for (const mirrored of [false, true]) {
        const view: View = { centre: { x: 50, y: 50 }, devicePixelsPerPixel: 1, rotationDeg, mirrored };
        const origin = deviceFromDetector(view.centre, view, PANE);
        const steps = [
          { right: 1, up: 0 },
          { right: 0, up: 1 },
          { right: -1, up: 0 },
          { right: 0, up: -1 },
        ].map((step) => {
          const { dx, dy } = pixelStep(step, view);
          expect(Math.abs(dx) + Math.abs(dy)).toBe(1);
          const to = deviceFromDetector({ x: 50 + dx, y: 50 + dy }, view, PANE);
          const along = (to.x - origin.x) * step.right + (origin.y - to.y) * step.up;
          expect(along).toBeGreaterThan(0.7);
          return `${dx + 0} ${dy + 0}`;
        });
        expect(new Set(steps).size).toBe(4);
      }
    },
  );
});
