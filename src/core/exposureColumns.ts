/**
 * The columns of the exposure table: of the Butler registry (every row has them), of the raw's primary header, and our
 * own measurements. Units are in the ids, which are also the names of the columns on the wire and in a CSV file.
 */

export interface ExposureColumn {
  readonly kind: 'text' | 'flag' | 'number';
  /** In the table's head, where there is little room. */
  readonly name: string;
  readonly unit: string | null;
  readonly description: string;
  /** Of a number on the screen; a file has all its digits. */
  readonly decimals: number;
  readonly from: 'registry' | 'header' | 'measured';
}

function text(from: ExposureColumn['from'], name: string, description: string): ExposureColumn {
  return { kind: 'text', name, unit: null, description, decimals: 0, from };
}

function number(
  from: ExposureColumn['from'],
  name: string,
  unit: string | null,
  decimals: number,
  description: string,
): ExposureColumn {
  return { kind: 'number', name, unit, description, decimals, from };
}

const COLUMNS = {
  exposure: number('registry', 'exposure', null, 0, 'Exposure id of the Butler registry'),
  obsId: text('registry', 'obs id', 'Name of the observation, as in the file name'),
  dayObs: number('registry', 'night', null, 0, 'Observing day YYYYMMDD; it begins at 12:00 TAI'),
  seqNum: number('registry', 'seq', null, 0, 'Number of the exposure within its night'),
  observationType: text('registry', 'type', 'Observation type: bias, dark, flat, science, acq, focus …'),
  observationReason: text('registry', 'reason', 'Why it was taken, in the words of the script'),
  targetName: text('registry', 'target', 'Name of the target'),
  scienceProgram: text('registry', 'program', 'Science program or block'),
  physicalFilter: text('registry', 'filter', 'Physical filter; FILTER~GRATING for LATISS'),
  exposureTimeSeconds: number('registry', 'exp', 's', 1, 'Exposure time, the shutter open'),
  darkTimeSeconds: number('registry', 'dark', 's', 1, 'Dark time, from the clear to the readout'),
  hasRaw: {
    kind: 'flag',
    name: 'raw',
    unit: null,
    description: 'Whether the registry has a raw of it',
    decimals: 0,
    from: 'registry',
  },
  airmass: number('header', 'airmass', null, 2, 'Airmass, mean of begin and end'),
  focusZMm: number('header', 'focus z', 'mm', 3, 'Focus: z of the hexapod (FOCUSZ)'),
  elevationDeg: number('header', 'el', '°', 2, 'Elevation of the telescope, mean of begin and end'),
  azimuthDeg: number('header', 'az', '°', 2, 'Azimuth of the telescope, mean of begin and end'),
  rotpaDeg: number('header', 'rotpa', '°', 2, 'Rotator position angle on the sky (ROTPA)'),
  raDeg: number('header', 'RA', '°', 5, 'Right ascension of the pointing, ICRS'),
  decDeg: number('header', 'Dec', '°', 5, 'Declination of the pointing, ICRS'),
  airTemperatureC: number('header', 'air', '°C', 1, 'Outside air temperature'),
  pressureHpa: number('header', 'pressure', 'hPa', 1, 'Outside air pressure'),
  humidityPercent: number('header', 'humidity', '%', 1, 'Outside relative humidity'),
  windSpeedMS: number('header', 'wind', 'm/s', 1, 'Outside wind speed'),
  biasLevelAdu: number(
    'measured',
    'bias',
    'adu',
    1,
    'Bias level: median over the amplifiers of the serial overscan’s median',
  ),
  overscanNoiseAdu: number(
    'measured',
    'read noise',
    'adu',
    2,
    'Overscan noise: median over the amplifiers of the robust sigma about each row’s median',
  ),
  backgroundAdu: number('measured', 'background', 'adu', 1, 'Median of the image, overscan subtracted'),
  noiseAdu: number('measured', 'noise', 'adu', 2, 'Robust sigma of the image about its local background'),
  saturatedPixels: number('measured', 'saturated', 'px', 0, 'Number of saturated pixels'),
  fwhmArcsec: number('measured', 'FWHM', '″', 2, 'Median full width at half maximum of the stars'),
  fwhmStars: number('measured', 'stars', null, 0, 'Number of stars that the FWHM is from'),
  problem: text('measured', 'problem', 'What could not be read or measured of the raw'),
} as const satisfies Record<string, ExposureColumn>;

export type ColumnId = keyof typeof COLUMNS;

export const EXPOSURE_COLUMNS: Readonly<Record<ColumnId, ExposureColumn>> = COLUMNS;

export const COLUMN_IDS = Object.keys(COLUMNS) as readonly ColumnId[];

export function isColumnId(value: unknown): value is ColumnId {
  return typeof value === 'string' && Object.hasOwn(COLUMNS, value);
}
