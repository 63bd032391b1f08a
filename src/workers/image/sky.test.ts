/** Headers as raws and processed exposures carry them, through the real engine. */
import { readFile } from 'node:fs/promises';
import type { Engine } from 'astro-fits-wasm';
import { createEngine } from 'astro-fits-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectorGeometry } from '../../core/camera/geometry.ts';
import { ampRawFromDetector } from '../../core/camera/geometry.ts';
import { northUpRotationDeg, parity, scaleArcsecPerPx } from '../../core/sky/tangentPlane.ts';
import type { Sky } from './sky.ts';
import { openSky } from './sky.ts';

type CardValue = string | number | boolean;
type Cards = Readonly<Record<string, CardValue>>;

const WASM = new URL('../../../wasm/dist/astro_fits.wasm', import.meta.url);
const DAY_OBS = 20220208;
const SCALE = 0.0952 / 3600;

let engine: Engine;
let latiss: DetectorGeometry;
beforeAll(async () => {
  engine = await createEngine(new Uint8Array(await readFile(WASM)));
  latiss = engine.camera('LATISS', 0);
});

function header(cards: Cards): Buffer {
  const text = (value: CardValue): string =>
    typeof value === 'string' ? `'${value.padEnd(8)}'` : String(value === true ? 'T' : value).padStart(20);
  const lines = Object.entries(cards).map(([k, v]) => `${k.padEnd(8)}= ${text(v)}`.padEnd(80));
  const body = [...lines, 'END'.padEnd(80)].join('');
  return Buffer.from(body.padEnd(Math.ceil(body.length / 2880) * 2880));
}

const primary = (cards: Cards = {}): Buffer =>
  header({ SIMPLE: true, BITPIX: 8, NAXIS: 0, EXTEND: true, ...cards });

/** Only the header: the coordinates are known before the pixels come. */
const image = (name: string, width: number, height: number, cards: Cards): Buffer =>
  header({
    XTENSION: 'IMAGE',
    BITPIX: 8,
    NAXIS: 2,
    NAXIS1: width,
    NAXIS2: height,
    PCOUNT: 0,
    GCOUNT: 1,
    EXTNAME: name,
    ...cards,
  });

/** Bytes of zeros behind a header that is not the last. */
const pixels = (width: number, height: number): Buffer =>
  Buffer.alloc(Math.ceil((width * height) / 2880) * 2880);

function skyOf(
  parts: readonly Buffer[],
  changes: { instrument?: string; geometry?: DetectorGeometry } = {},
): Sky {
  const stream = engine.openStream();
  try {
    for (const part of parts) stream.push(part);
    const request = { stream, hdus: stream.hdus, geometry: latiss, instrument: 'LATISS', dayObs: DAY_OBS };
    return openSky({ ...request, ...changes });
  } finally {
    // The coordinates outlive the file's bytes.
    stream.free();
  }
}

function usable(sky: Sky): Exclude<Sky, { kind: 'none' }> {
  if (sky.kind === 'none') throw new Error(sky.reason);
  return sky;
}

/** AT_O_20220208_000144, as it is. */
const REAL_RAW: Cards = {
  INSTRUME: 'LATISS',
  IMGTYPE: 'ENGTEST',
  RA: 102.277849583333,
  DEC: -26.0634902777778,
  ROTPA: 188.807943149402,
  ROTCOORD: 'sky',
  RADESYS: 'ICRS',
  WCSAXES: 2,
  CTYPE1: 'RA---TAN',
  CTYPE2: 'DEC--TAN',
  CUNIT1: 'deg',
  CUNIT2: 'deg',
  CRVAL1: 102.277849583333,
  CRVAL2: -26.0634902777778,
  CRPIX1: 2000,
  CRPIX2: 2036,
  CD1_1: 0.099918380603264,
  CD1_2: -0.0322694471229563,
  CD2_1: 0.0322694471229563,
  CD2_2: 0.099918380603264,
  EQUINOX: 2000,
};

/** y at 30 degrees, x at 120: mirrored against the sky as the detector is. */
const [COS, SIN] = [SCALE * Math.cos(Math.PI / 6), SCALE * Math.sin(Math.PI / 6)];
const GOOD_WCS: Cards = {
  RADESYS: 'ICRS',
  CTYPE1: 'RA---TAN',
  CTYPE2: 'DEC--TAN',
  CRVAL1: 150.1,
  CRVAL2: -30.2,
  CRPIX1: 2037,
  CRPIX2: 2001,
  CD1_1: COS,
  CD1_2: SIN,
  CD2_1: -SIN,
  CD2_2: COS,
};

describe('a LATISS raw', () => {
  it("has its pointing, and says why its header's coordinates are refused", () => {
    const sky = usable(skyOf([primary(REAL_RAW)]));
    expect(sky).toMatchObject({
      kind: 'pointing',
      label: 'pointing, ±5 arcsec',
      note: "the header's WCS is refused: 378 arcsec/px where LATISS has 0.0952",
    });
    const { raDeg, decDeg } = sky.toIcrs({ x: 2036.5, y: 2000.5 })!;
    expect(raDeg).toBeCloseTo(102.277849583333, 10);
    expect(decDeg).toBeCloseTo(-26.0634902777778, 10);
    const back = sky.toPixel(sky.toIcrs({ x: 12, y: 3456 })!)!;
    expect(back.x).toBeCloseTo(12, 6);
    expect(back.y).toBeCloseTo(3456, 6);
    expect(parity(sky.plane)).toBe(1);
    sky.free();
  });

  it('without WCS cards has nothing to note', () => {
    const { CTYPE1: _1, CTYPE2: _2, ...cards } = REAL_RAW;
    expect(skyOf([primary(cards)])).toMatchObject({ kind: 'pointing', note: null });
  });

  it('that is a bias has none', () => {
    expect(skyOf([primary({ INSTRUME: 'LATISS', IMGTYPE: 'BIAS' })])).toMatchObject({
      kind: 'none',
      reason: 'no WCS: a BIAS frame does not look at the sky',
    });
    expect(skyOf([primary({ ...REAL_RAW, IMGTYPE: 'DARK' })])).toMatchObject({
      kind: 'none',
      reason:
        "no WCS: the header's WCS is refused: 378 arcsec/px where LATISS has 0.0952; a DARK frame does not look at the sky",
    });
  });

  it('takes the coordinates of its segments through the amplifiers', () => {
    // Each about its own raw pixels: x mirrored everywhere, y too in the upper half.
    const segments = latiss.amplifiers.map((amp) => {
      const { x, y } = ampRawFromDetector(amp, { x: 2036, y: 2000 });
      const [fx, fy] = [amp.flipX ? -1 : 1, amp.flipY ? -1 : 1];
      return [
        image(amp.hduName, amp.rawWidth, amp.rawHeight, {
          ...GOOD_WCS,
          CRPIX1: x + 1,
          CRPIX2: y + 1,
          CD1_1: fx * COS,
          CD1_2: fy * SIN,
          CD2_1: fx * -SIN,
          CD2_2: fy * COS,
        }),
        pixels(amp.rawWidth, amp.rawHeight),
      ];
    });
    const sky = usable(skyOf([primary(), ...segments.flat()]));
    const whole = usable(skyOf([primary(), image('IMAGE', 4072, 4000, GOOD_WCS)]));
    expect(sky).toMatchObject({ kind: 'header', label: 'header, TAN', note: null });
    for (const at of [
      { x: 0, y: 0 },
      { x: 508, y: 1999 },
      { x: 509, y: 2000 },
      { x: 4071, y: 3999 },
    ]) {
      const [mine, wanted] = [sky.toIcrs(at)!, whole.toIcrs(at)!];
      expect(mine.raDeg).toBeCloseTo(wanted.raDeg, 9);
      expect(mine.decDeg).toBeCloseTo(wanted.decDeg, 9);
      const back = sky.toPixel(wanted)!;
      expect(Math.hypot(back.x - at.x, back.y - at.y)).toBeLessThan(1e-4);
    }
    expect(sky.toIcrs({ x: -10, y: 0 })).toBeUndefined();
    expect(sky.toPixel({ raDeg: 10, decDeg: 80 })).toBeUndefined();
    sky.free();
    whole.free();

    const one = skyOf([primary({ ...REAL_RAW, CTYPE1: 'LINEAR' }), ...segments.slice(0, 1).flat()]);
    expect(usable(one).note).toMatch(/^the header's WCS is refused: amplifiers have none: C11 C12/);
  });
});

describe('a processed exposure', () => {
  it.each([
    ['mirrored', 1, -30],
    ['as the sky is seen', -1, 30],
  ] as const)('%s has the coordinates of its header', (_, side, northUp) => {
    const cards = { ...GOOD_WCS, CD1_1: side * COS, CD2_1: side * -SIN };
    const sky = usable(skyOf([primary(), image('IMAGE', 4072, 4000, cards)]));
    expect(sky).toMatchObject({ kind: 'header', label: 'header, TAN', note: null });
    expect(sky.toIcrs({ x: 2036, y: 2000 })!.raDeg).toBeCloseTo(150.1, 9);
    expect(parity(sky.plane)).toBe(side);
    expect(scaleArcsecPerPx(sky.plane)).toBeCloseTo(0.0952, 6);
    expect(northUpRotationDeg(sky.plane)).toBeCloseTo(northUp, 1);
    sky.free();
    sky.free();
    expect(() => sky.toIcrs({ x: 0, y: 0 })).toThrow('the coordinates were freed');
  });

  it.each([
    [1.049, 'header'],
    [0.951, 'header'],
    [1.051, 'none'],
    [0.949, 'none'],
  ])('with %f times the scale has: %s', (factor, kind) => {
    const scaled = { ...GOOD_WCS };
    for (const key of ['CD1_1', 'CD1_2', 'CD2_1', 'CD2_2']) scaled[key] = factor * Number(GOOD_WCS[key]);
    const sky = skyOf([primary(), image('IMAGE', 4072, 4000, scaled)]);
    expect(sky.kind).toBe(kind);
    sky.free();
  });

  it('whose matrix cannot be inverted has none', () => {
    const cards = { ...GOOD_WCS, CD1_1: COS, CD1_2: COS, CD2_1: COS, CD2_2: COS };
    expect(skyOf([primary(), image('IMAGE', 4072, 4000, cards)])).toMatchObject({
      kind: 'none',
      reason:
        "no WCS: the header's WCS is refused: the matrix of pixels to degrees cannot be inverted (HDU 1, CD1_1); the header has no RA",
    });
  });

  it('of another frame of coordinates is turned into ICRS, or refused', () => {
    const galactic = { ...GOOD_WCS, CTYPE1: 'GLON-TAN', CTYPE2: 'GLAT-TAN', CRVAL1: 0, CRVAL2: 0 };
    const sky = usable(skyOf([primary(), image('IMAGE', 4072, 4000, galactic)]));
    // The centre of the Galaxy: IAU 1958, in ICRS as in Liu et al. 2011 (A&A 526, A16).
    expect(sky.toIcrs({ x: 2036, y: 2000 })!.raDeg).toBeCloseTo(266.405, 3);
    expect(sky.toIcrs({ x: 2036, y: 2000 })!.decDeg).toBeCloseTo(-28.936, 3);
    sky.free();
    const old = { ...GOOD_WCS, RADESYS: 'FK4', EQUINOX: 1950 };
    expect(skyOf([primary(), image('IMAGE', 4072, 4000, old)])).toMatchObject({ kind: 'none' });
  });

  it('of an instrument without a known scale says that it is not checked', () => {
    const sky = skyOf([primary(), image('IMAGE', 4072, 4000, GOOD_WCS)], { instrument: 'LSST-TS8' });
    expect(sky).toMatchObject({
      kind: 'header',
      note: "the header's scale is not checked: that of LSST-TS8 is not known",
    });
    sky.free();
  });
});

it('refuses a good scale in a header whose pixels are not those of the detector', () => {
  expect(skyOf([primary(GOOD_WCS)])).toMatchObject({
    kind: 'none',
    reason:
      "no WCS: the header's WCS is refused: it is in an HDU that has neither the frame nor an amplifier; the header has no RA",
  });
});
