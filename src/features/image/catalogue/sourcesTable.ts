/** The sources that were found, as a catalogue. */
import type { TableColumns } from '../../../core/catalogue/table.ts';
import type { Source } from '../../../core/measure/detectSources.ts';
import type { SourcesAnswer } from '../../../workers/image/contract.ts';

export function sourcesTable({ sources, unit }: SourcesAnswer): TableColumns {
  const column = (name: string, unitOf: string, value: (source: Source) => number) => ({
    kind: 'numbers' as const,
    name,
    unit: unitOf,
    values: Float64Array.from(sources, value),
  });
  return {
    rows: sources.length,
    columns: [
      column('x_px', 'px', (source) => source.x),
      column('y_px', 'px', (source) => source.y),
      column('flux', unit, (source) => source.flux),
      column('signal_to_noise', '', (source) => source.signalToNoise),
      column('fwhm_px', 'px', (source) => source.fwhmPx),
      column('ellipticity', '', (source) => source.ellipticity),
      column('position_angle_deg', 'deg', (source) => source.positionAngleDeg),
      column('peak', unit, (source) => source.peak),
      column('saturated', '', (source) => Number(source.saturated)),
    ],
  };
}
