/** The camera table as a host gets it. Facts are typed off the camera files of lsst/obs_lsst. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from './index.ts';
import { createEngine } from './index.ts';

const HDU_ORDER = '10 11 12 13 14 15 16 17 07 06 05 04 03 02 01 00'.split(' ');

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine(
    new Uint8Array(readFileSync(resolve(import.meta.dirname, 'dist/astro_fits.wasm'))),
  );
});

/** [name, x, y, gain, read noise], of LATISS. */
const LATISS = [
  ['C10', 0, 2000, 1.0811, 8.4],
  ['C13', 1527, 2000, 1.081, 8.6],
  ['C17', 3563, 2000, 1.056, 8.0],
  ['C06', 3054, 0, 1.1039, 10.0],
  ['C02', 1018, 0, 1.0874, 9.4],
  ['C00', 0, 0, 1.0972, 9.1],
] as const;

describe('camera', () => {
  it('agrees with the camera file of LATISS', () => {
    const latiss = engine.camera('LATISS', 0);
    expect(latiss).toMatchObject({ name: 'RXX_S00', type: 'ITL', width: 4072, height: 4000 });
    expect(latiss.amplifiers.map((a) => a.hduName)).toEqual(HDU_ORDER.map((place) => `Segment${place}`));
    for (const [name, x0, y0, gainElectronPerAdu, readNoiseElectron] of LATISS) {
      expect(latiss.amplifiers.find((a) => a.name === name)).toEqual({
        name,
        hduName: `Segment${name.slice(1)}`,
        rawWidth: 576,
        rawHeight: 2048,
        data: { x0: 3, y0: 0, x1: 512, y1: 2000 },
        serialOverscan: { x0: 512, y0: 0, x1: 576, y1: 2048 },
        parallelOverscan: { x0: 3, y0: 2000, x1: 512, y1: 2048 },
        detector: { x0, y0, x1: x0 + 509, y1: y0 + 2000 },
        flipX: true,
        flipY: y0 === 2000,
        gainElectronPerAdu,
        readNoiseElectron,
        saturationAdu: 142857,
      });
    }
  });

  it('knows each type of CCD', () => {
    const e2v = engine.camera('LSSTCam', 94);
    expect(e2v).toMatchObject({ name: 'R22_S11', type: 'E2V', width: 4096, height: 4004 });
    expect(e2v.amplifiers.find((a) => a.name === 'C07')).toMatchObject({
      data: { x0: 10, y0: 0, x1: 522, y1: 2002 },
      detector: { x0: 3584, y0: 0, x1: 4096, y1: 2002 },
      flipX: false,
      flipY: false,
    });
    const half = engine.camera('LSSTCam', 191);
    expect(half).toMatchObject({ name: 'R00_SW0', type: 'ITL_WF', width: 4072, height: 2000 });
    expect(half.amplifiers[0]).toMatchObject({
      name: 'C10',
      detector: { x0: 3563, y0: 0, x1: 4072, y1: 2000 },
    });
    expect(engine.camera('LSSTCam', 189)).toMatchObject({ name: 'R00_SG0', type: 'ITL_G' });
    const upsideDown = engine.camera('LSSTCam-imSim', 42).amplifiers[0];
    expect(upsideDown).toMatchObject({
      name: 'C10',
      detector: { y0: 0 },
      flipY: false,
      gainElectronPerAdu: 0.7,
    });
    // PhoSim writes gains into its raws; the table has none.
    expect(engine.camera('LSSTCam-PhoSim', 4).amplifiers[0]?.gainElectronPerAdu).toBeNull();
  });

  it('says which detector it does not know', () => {
    expect(() => engine.camera('HSC', 0)).toThrow(/no detector 0 of HSC; it knows LATISS/);
    expect(() => engine.camera('LATISS', 3)).toThrow(/no detector 3 of LATISS/);
    expect(() => engine.camera('LSSTCam', 205)).toThrow(/no detector 205/);
  });
});

/** Real raws, whose pixels are zero; SUMMIT_NOTEBOOK_SHARED names the folder of public test data. */
const SHARED = resolve(
  process.env['SUMMIT_NOTEBOOK_SHARED'] ?? resolve(import.meta.dirname, '../../shared'),
  'data',
);
const LOG = 'exposurelog/LATISS/LATISS/raw/all/raw/20220208/AT_O_20220208_000140';
const RAWS = [
  ['obs_lsst/latiss/raw/2018-09-20/3018092000065-det000.fits', 'LATISS', 0, 'RXX_S00', 'ITL', 0],
  [
    `${LOG}/raw_LATISS_SDSSg~empty_AT_O_20220208_000140_RXX_S00_LATISS_raw_all.fits`,
    'LATISS',
    0,
    'RXX_S00',
    'ITL',
    1,
  ],
  [
    'obs_lsst/comCam/raw/2019-05-30/3019053000001/3019053000001-R22-S00-det000.fits',
    'LSSTComCam',
    0,
    'R22_S00',
    'ITL',
    0,
  ],
  [
    'obs_lsst/lsstCam/raw/2019-03-19/3019031900001/3019031900001-R10-S02-det029.fits',
    'LSSTCam',
    29,
    'R10_S02',
    'ITL',
    0,
  ],
  // An ITL CCD where the camera file has an E2V one.
  [
    'obs_lsst/lsstCam/raw/2019-03-19/3019031900001/3019031900001-R22-S21-det097.fits',
    'LSSTCam',
    97,
    'R22_S21',
    'ITL',
    0,
  ],
  [
    'obs_lsst/lsstCam/raw/2021-12-12/30211212000310/30211212000310-R22-S22-det098.fits',
    'LSSTCam',
    98,
    'R22_S22',
    'E2V',
    0,
  ],
  ['obs_lsst/imsim/raw/204595/R11/00204595-R11-S20-det042.fits', 'LSSTCam-imSim', 42, 'R11_S20', 'ITL', 0],
] as const;

describe.skipIf(!existsSync(SHARED))('real raws (skipped without the public test data)', () => {
  it.each(RAWS)('%s', (file, instrument, detector, name, type, datasecDiffers) => {
    const stream = engine.openStream();
    stream.push(new Uint8Array(readFileSync(resolve(SHARED, file))));
    stream.end();
    const job = engine.isr(stream);
    while (job.step(1 << 20) !== 'done');
    const { report, image } = job;
    expect(report).toMatchObject({ instrument, detector, detector_name: name, detector_type: type });
    expect([report.width, report.height]).toEqual(type === 'E2V' ? [4096, 4004] : [4072, 4000]);
    expect(report.amplifiers).toHaveLength(16);
    expect(report.warnings.some((w) => w.includes('DATASEC'))).toBe(datasecDiffers === 1);
    engine.free(image);
    for (const plane of [job.mask, job.variance]) if (plane) engine.free(plane);
    job.free();
    stream.free();
  });
});
