/** Lines of equal right ascension and of equal declination through a view, at round steps, as polylines on the pane. */
import type { DevicePoint, Size, View } from '../camera/view.ts';
import { detectorFromDevice, deviceFromDetector } from '../camera/view.ts';
import type { TangentPlane } from './tangentPlane.ts';
import { pixelFromSky, skyFromPixel } from './tangentPlane.ts';

export interface SkyGridLine {
  readonly kind: 'ra' | 'dec';
  readonly valueDeg: number;
  /** Device pixels; runs over the pane's edge by up to one step. */
  readonly points: readonly DevicePoint[];
}

const ARCSEC = 1 / 3600;
const ROUND_ARCSEC = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000,
];
/** Seconds of time are 15 arcseconds of right ascension. */
const DEC_STEPS_DEG = ROUND_ARCSEC.map((step) => step * ARCSEC);
const RA_STEPS_DEG = ROUND_ARCSEC.filter((s) => s <= 7200).map((step) => step * 15 * ARCSEC);
const WANTED_LINES = 5;
const SAMPLES = 64;

export function skyGrid(plane: TangentPlane, view: View, pane: Size): readonly SkyGridLine[] {
  const range = skyRange(plane, view, pane);
  const lines: SkyGridLine[] = [];
  const add = (kind: 'ra' | 'dec', valueDeg: number, at: (t: number) => readonly [number, number]) => {
    let run: DevicePoint[] = [];
    const end = () => {
      if (run.length > 1) lines.push({ kind, valueDeg, points: run });
      run = [];
    };
    for (let i = 0; i <= SAMPLES; i++) {
      const [raDeg, decDeg] = at(i / SAMPLES);
      const pixel = pixelFromSky(plane, { raDeg, decDeg });
      if (pixel) run.push(deviceFromDetector(pixel, view, pane));
      else end();
    }
    end();
  };
  const { ra0, ra1, dec0, dec1 } = range;
  for (const ra of multiples(ra0, ra1, RA_STEPS_DEG))
    add('ra', ((ra % 360) + 360) % 360, (t) => [ra, dec0 + t * (dec1 - dec0)]);
  for (const dec of multiples(dec0, dec1, DEC_STEPS_DEG))
    if (Math.abs(dec) < 90) add('dec', dec, (t) => [ra0 + t * (ra1 - ra0), dec]);
  return lines;
}

function multiples(from: number, to: number, steps: readonly number[]): number[] {
  const step = steps.find((s) => (to - from) / s <= WANTED_LINES * 1.6) ?? steps.at(-1) ?? 1;
  const values: number[] = [];
  for (let k = Math.ceil(from / step); k * step < to; k++) values.push(k * step);
  return values;
}

/** Right ascension runs about the middle's, so that it has no jump at 0; all around when a pole is in the view. */
function skyRange(plane: TangentPlane, view: View, pane: Size) {
  const middle = skyFromPixel(plane, view.centre).raDeg;
  let [ra0, ra1, dec0, dec1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i <= 16; i++)
    for (let j = 0; j <= 16; j++) {
      const at = { x: (pane.width * i) / 16, y: (pane.height * j) / 16 };
      const { raDeg, decDeg } = skyFromPixel(plane, detectorFromDevice(at, view, pane));
      const ra = middle + ((((raDeg - middle + 180) % 360) + 360) % 360) - 180;
      [ra0, ra1] = [Math.min(ra0, ra), Math.max(ra1, ra)];
      [dec0, dec1] = [Math.min(dec0, decDeg), Math.max(dec1, decDeg)];
    }
  for (const decDeg of [-90, 90]) {
    const pole = pixelFromSky(plane, { raDeg: 0, decDeg });
    if (!pole) continue;
    const { x, y } = deviceFromDetector(pole, view, pane);
    if (x < 0 || y < 0 || x > pane.width || y > pane.height) continue;
    [ra0, ra1] = [0, 360];
    [dec0, dec1] = [Math.min(dec0, decDeg), Math.max(dec1, decDeg)];
  }
  return { ra0, ra1, dec0, dec1 };
}
