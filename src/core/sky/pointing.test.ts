/** The pointing of a header against the simulator, which places its stars by code of its own. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CardLookup } from './pointing.ts';
import { POINTING_LABEL, pointingOf } from './pointing.ts';
import { parity, pixelFromSky, scaleArcsecPerPx, skyFromPixel } from './tangentPlane.ts';

interface Star {
  readonly raDeg: number;
  readonly decDeg: number;
  readonly x: number;
  readonly y: number;
}

interface SimulatedExposure {
  readonly dayObs: number;
  readonly cards: Readonly<Record<string, string | number>>;
  /** Its place is measured on the frame. */
  readonly target: Star;
  readonly field: readonly Star[];
}

const SIMULATED = JSON.parse(
  readFileSync(new URL('../../../fixtures/sky/simulated-stars.json', import.meta.url), 'utf8'),
) as readonly SimulatedExposure[];

const GOOD = { IMGTYPE: 'OBJECT', ROTCOORD: 'sky', RA: 102.27785, DEC: -26.06349, ROTPA: 0 };
type Changes = Readonly<Record<string, string | number | boolean | undefined>>;
const cardsWith =
  (changes: Changes): CardLookup =>
  (keyword) =>
    ({ ...GOOD, ...changes })[keyword];

function planeOf(cards: CardLookup, dayObs: number) {
  const pointing = pointingOf(cards, 'LATISS', dayObs);
  if ('reason' in pointing) throw new Error(pointing.reason);
  expect(pointing.label).toBe('pointing, ±5 arcsec');
  return pointing.plane;
}

describe('a simulated exposure', () => {
  it('is there for each convention of ROTPA', () => {
    expect(SIMULATED.map(({ dayObs }) => dayObs)).toEqual([20201015, 20210315, 20211115, 20261122]);
  });

  it.each(SIMULATED)('of $dayObs has its stars where the pointing puts them', (exposure) => {
    const plane = planeOf((keyword) => exposure.cards[keyword], exposure.dayObs);
    const { target, field } = exposure;
    const measured = pixelFromSky(plane, target)!;
    expect(Math.hypot(measured.x - target.x, measured.y - target.y)).toBeLessThan(0.5);
    expect(field.length).toBe(12);
    for (const star of field) {
      const at = pixelFromSky(plane, star)!;
      expect(Math.hypot(at.x - star.x, at.y - star.y)).toBeLessThan(1e-5);
    }
  });
});

describe('the pointing', () => {
  it('has east to the right of north, as the mirrored detector has it', () => {
    const plane = planeOf(cardsWith({}), 20261122);
    expect(parity(plane)).toBe(1);
    expect(scaleArcsecPerPx(plane)).toBeCloseTo(0.0952, 12);
    expect(skyFromPixel(plane, { x: 2036.5, y: 2000.5 })).toEqual({ raDeg: 102.27785, decDeg: -26.06349 });
    expect(skyFromPixel(plane, { x: 3036.5, y: 2000.5 }).raDeg).toBeGreaterThan(102.27785);
    expect(skyFromPixel(plane, { x: 2036.5, y: 3000.5 }).decDeg).toBeGreaterThan(-26.06349);
  });

  it.each([
    [20201117, 1],
    [20201118, -1],
    [20211027, -1],
    [20211028, 1],
  ])('of %i has y to the north at ROTPA 0, or turned', (dayObs, northward) => {
    const { cdDegPerPx } = planeOf(cardsWith({}), dayObs);
    expect(Math.sign(cdDegPerPx[3])).toBe(northward);
    expect(Math.sign(cdDegPerPx[0])).toBe(northward);
  });

  it.each([
    [{ RA: undefined }, 'the header has no RA'],
    [{ DEC: Number.NaN }, 'the header has no DEC'],
    [{ ROTPA: 'unknown' }, 'the header has no ROTPA'],
    [{ DEC: -91 }, 'RA 102.27785 and DEC -91 are no place on the sky'],
    [{ IMGTYPE: 'bias ' }, 'a bias frame does not look at the sky'],
    [{ ROTCOORD: 'mount' }, "ROTPA is not an angle on the sky (ROTCOORD is 'mount')"],
  ])('is not made of %o', (changes, why) => {
    expect(pointingOf(cardsWith(changes), 'LATISS', 20261122)).toEqual({ reason: `no WCS: ${why}` });
  });

  it('is not made for other instruments, nor of headers in radians', () => {
    expect(pointingOf(cardsWith({}), 'LSSTCam', 20261122)).toEqual({
      reason: 'no WCS: a pointing is made for LATISS only, not for LSSTCam',
    });
    expect(pointingOf(cardsWith({}), 'LATISS', 20200127)).toEqual({
      reason: 'no WCS: headers before 20200128 give the pointing in other units',
    });
    expect(pointingOf(cardsWith({}), 'LATISS', 20200128)).toMatchObject({ label: POINTING_LABEL });
  });
});
