/**
 * LATISS: one ITL 3800C detector read through 16 amplifiers.
 *
 * Numbers are those of the LATISS camera in lsst/obs_lsst (afw amplifier table of detector RXX_S00). That table has raws
 * 544 columns wide; the camera has written 576 since 2018, with 32 more columns of serial overscan.
 */
import type { Amplifier, DetectorGeometry } from './geometry.ts';

const DATA_WIDTH = 509;
const DATA_HEIGHT = 2000;
const PRESCAN = 3;
const RAW_WIDTH = 576;
const RAW_HEIGHT = 2048;

/** [DM name, gain in electron per adu, read noise in electron], in the order of the HDUs. */
const READOUT: readonly (readonly [string, number, number])[] = [
  ['C10', 1.0811, 8.4],
  ['C11', 1.047, 8.5],
  ['C12', 1.0795, 8.4],
  ['C13', 1.081, 8.6],
  ['C14', 1.0644, 8.4],
  ['C15', 1.0669, 8.4],
  ['C16', 1.0795, 8.4],
  ['C17', 1.056, 8.0],
  ['C07', 1.1033, 8.5],
  ['C06', 1.1039, 10.0],
  ['C05', 1.1047, 10.3],
  ['C04', 1.084, 9.7],
  ['C03', 1.0939, 9.1],
  ['C02', 1.0874, 9.4],
  ['C01', 1.0933, 9.9],
  ['C00', 1.0972, 9.1],
];

/**
 * Segment1x is the upper half of the DM frame with its first raw row at the upper edge, Segment0x the lower half; all
 * are mirrored in x. The header's DETSEC says the opposite of the vertical order (a known error, DM-36115): assembling by
 * it would subtract an upside-down bias.
 */
function amplifier([name, gainElectronPerAdu, readNoiseElectron]: readonly [
  string,
  number,
  number,
]): Amplifier {
  const upper = name[1] === '1';
  const x0 = Number(name[2]) * DATA_WIDTH;
  const y0 = upper ? DATA_HEIGHT : 0;
  const dataX1 = PRESCAN + DATA_WIDTH;
  return {
    name,
    hduName: `Segment${name.slice(1)}`,
    rawWidth: RAW_WIDTH,
    rawHeight: RAW_HEIGHT,
    data: { x0: PRESCAN, y0: 0, x1: dataX1, y1: DATA_HEIGHT },
    serialOverscan: { x0: dataX1, y0: 0, x1: RAW_WIDTH, y1: DATA_HEIGHT },
    parallelOverscan: { x0: PRESCAN, y0: DATA_HEIGHT, x1: dataX1, y1: RAW_HEIGHT },
    detector: { x0, y0, x1: x0 + DATA_WIDTH, y1: y0 + DATA_HEIGHT },
    flipX: true,
    flipY: upper,
    gainElectronPerAdu,
    readNoiseElectron,
    saturationAdu: 142857,
  };
}

export const LATISS: DetectorGeometry = {
  instrument: 'LATISS',
  detector: 0,
  name: 'RXX_S00',
  width: 8 * DATA_WIDTH,
  height: 2 * DATA_HEIGHT,
  amplifiers: READOUT.map(amplifier),
};
