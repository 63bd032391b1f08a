/** The numbers of a measured star in the words and digits in which they are shown, saved and handed on. */
import { csvText, type CsvCell } from '../../../core/csv.ts';
import { exposureLabel } from '../../../core/dataId.ts';
import type { Examination } from '../../../core/measure/examine.ts';
import type { Examined } from '../imageState.ts';

export interface Fact {
  readonly name: string;
  readonly value: number | null;
  readonly error?: number | null;
  readonly unit: string;
  readonly decimals: number;
}

export function starFacts(star: Examination): readonly Fact[] {
  const { gaussian, moffat } = star;
  const fact = (
    name: string,
    value: number | null,
    unit: string,
    decimals: number,
    error?: number | null,
  ): Fact => ({
    name,
    value,
    unit,
    decimals,
    ...(error !== undefined && { error }),
  });
  return [
    fact('x', star.x, 'px', 2, star.xError),
    fact('y', star.y, 'px', 2, star.yError),
    fact('FWHM', star.fwhmArcsec, '″', 3, star.fwhmErrorArcsec),
    fact('Moffat', moffat?.fwhmPx ?? null, 'px', 2, moffat?.fwhmErrorPx ?? null),
    fact('β', moffat?.beta ?? null, '', 2, moffat?.betaError ?? null),
    fact('Gauss', gaussian?.fwhmPx ?? null, 'px', 2, gaussian?.fwhmErrorPx ?? null),
    fact('ellipticity', star.ellipticity, '', 3),
    fact('angle', star.positionAngleDeg, '°', 0),
    fact('EE50', star.ee50Px, 'px', 2),
    fact('EE80', star.ee80Px, 'px', 2),
    fact('flux', star.flux, star.unit, 0, star.fluxError),
    fact('S/N', star.signalToNoise, '', 0),
    fact('peak', star.peak, star.unit, 0),
    fact('sky', star.sky.level, star.unit, 2, star.sky.sigma),
    fact('saturated', star.saturatedPixels, 'px', 0),
  ];
}

export function starFlags(star: Examination): readonly string[] {
  return [
    ...(star.saturatedPixels > 0 ? ['saturated'] : []),
    ...(star.edge ? ['cut off by the edge'] : []),
    ...(star.blended ? ['a brighter neighbour'] : []),
    ...(star.notAPointSource ? ['not a point source'] : []),
    ...(star.missingPixels > 0 ? [`${star.missingPixels} px without a value`] : []),
    ...(star.photonNoise ? [] : ['no gain: errors of the sky alone']),
  ];
}

const COLUMNS = [
  'exposure',
  'x_px',
  'x_error_px',
  'y_px',
  'y_error_px',
  'fwhm_arcsec',
  'fwhm_moffat_px',
  'fwhm_gaussian_px',
  'ellipticity',
  'position_angle_deg',
  'ee50_px',
  'ee80_px',
  'flux',
  'flux_error',
  'unit',
  'signal_to_noise',
  'sky',
  'sky_sigma',
  'saturated_px',
  'flags',
] as const;

/** One line a star; what is not known is empty. */
export function examinedCsv(examined: readonly Examined[]): string {
  const rows = examined.flatMap(({ exposure, star }) => {
    if (!star) return [];
    const cells: readonly CsvCell[] = [
      exposure.exposure,
      star.x,
      star.xError,
      star.y,
      star.yError,
      star.fwhmArcsec,
      star.moffat?.fwhmPx ?? null,
      star.gaussian?.fwhmPx ?? null,
      star.ellipticity,
      star.positionAngleDeg,
      star.ee50Px,
      star.ee80Px,
      star.flux,
      star.fluxError,
      star.unit,
      star.signalToNoise,
      star.sky.level,
      star.sky.sigma,
      star.saturatedPixels,
      starFlags(star).join('; '),
    ];
    return [cells];
  });
  return csvText([COLUMNS, ...rows]);
}

/** Plain JSON for a kernel: numbers that are not finite are null. */
export function lastExamined({ exposure, at, star, failed }: Examined): Readonly<Record<string, unknown>> {
  const finite = (value: number | null | undefined) =>
    value === null || value === undefined || !Number.isFinite(value) ? null : value;
  return {
    instrument: exposure.instrument,
    exposure: exposure.exposure,
    label: exposureLabel(exposure),
    looked_at_px: [at.x, at.y],
    failed,
    ...(star && {
      unit: star.unit,
      x_px: finite(star.x),
      x_error_px: finite(star.xError),
      y_px: finite(star.y),
      y_error_px: finite(star.yError),
      fwhm_arcsec: finite(star.fwhmArcsec),
      fwhm_moffat_px: finite(star.moffat?.fwhmPx),
      fwhm_gaussian_px: finite(star.gaussian?.fwhmPx),
      ellipticity: finite(star.ellipticity),
      position_angle_deg: finite(star.positionAngleDeg),
      ee50_px: finite(star.ee50Px),
      ee80_px: finite(star.ee80Px),
      flux: finite(star.flux),
      flux_error: finite(star.fluxError),
      signal_to_noise: finite(star.signalToNoise),
      sky: finite(star.sky.level),
      sky_sigma: finite(star.sky.sigma),
      saturated_px: star.saturatedPixels,
    }),
  };
}
