/** How the columns of the exposure table are shown: which at first, how wide, and what a cell says. */
import { COLUMN_IDS, EXPOSURE_COLUMNS, isColumnId, type ColumnId } from '../../../core/exposureColumns.ts';
import { formatFixed } from '../../../core/units.ts';

export const DEFAULT_COLUMNS: readonly ColumnId[] = [
  'dayObs',
  'seqNum',
  'problem',
  'observationType',
  'targetName',
  'physicalFilter',
  'exposureTimeSeconds',
  'airmass',
  'focusZMm',
  'elevationDeg',
  'azimuthDeg',
  'backgroundAdu',
  'noiseAdu',
  'fwhmArcsec',
  'fwhmStars',
  'saturatedPixels',
  'observationReason',
];

/** What was kept is of this page's past or of another version: only its known columns count, each once. */
export function columnsFromKept(kept: unknown): readonly ColumnId[] {
  const known = Array.isArray(kept) ? [...new Set(kept.filter(isColumnId))] : [];
  return known.length > 0 ? known : DEFAULT_COLUMNS;
}

/** With room for the filter's field as well as for the values; texts share what is left over. */
const WIDTHS_PX: { readonly [column in ColumnId]?: number } = {
  exposure: 112,
  obsId: 150,
  dayObs: 84,
  seqNum: 60,
  observationType: 80,
  observationReason: 120,
  targetName: 140,
  scienceProgram: 110,
  physicalFilter: 170,
  hasRaw: 48,
  raDeg: 82,
  decDeg: 82,
  backgroundAdu: 104,
  overscanNoiseAdu: 102,
  saturatedPixels: 94,
  pressureHpa: 94,
  humidityPercent: 86,
  focusZMm: 94,
  problem: 44,
};
const NUMBER_PX = 70;

/** These grow into the room that is left. */
const GROWING: ReadonlySet<ColumnId> = new Set<ColumnId>([
  'obsId',
  'targetName',
  'physicalFilter',
  'observationReason',
  'scienceProgram',
]);

export interface ColumnLayout {
  /** For `grid-template-columns`. */
  readonly template: string;
  readonly minWidthPx: number;
}

export function columnLayout(columns: readonly ColumnId[]): ColumnLayout {
  const widths = columns.map((id) => WIDTHS_PX[id] ?? NUMBER_PX);
  const tracks = columns.map((id, i) => (GROWING.has(id) ? `minmax(${widths[i]}px, 1fr)` : `${widths[i]}px`));
  return {
    // Where no text takes it, the rest stays empty at the end, rather than spread between numbers.
    template: columns.some((id) => GROWING.has(id)) ? tracks.join(' ') : `${tracks.join(' ')} 1fr`,
    minWidthPx: widths.reduce((sum, width) => sum + width, 0),
  };
}

/** Nothing for what is not known. */
export function cellText(id: ColumnId, value: number | string | undefined): string {
  if (typeof value !== 'number') return value ?? '';
  return Number.isNaN(value) ? '' : formatFixed(value, EXPOSURE_COLUMNS[id].decimals);
}

const FROM = { registry: 'Butler registry', header: 'raw’s header', measured: 'our measurement' } as const;

export function columnTitle(id: ColumnId): string {
  const { name, unit, description, from } = EXPOSURE_COLUMNS[id];
  return `${name}${unit ? ` [${unit}]` : ''}: ${description}\n${FROM[from]} · ${id} in the CSV file`;
}

/** The chosen ones in their order, then the others. */
export function allInOrder(chosen: readonly ColumnId[]): readonly ColumnId[] {
  return [...chosen, ...COLUMN_IDS.filter((id) => !chosen.includes(id))];
}

/** `moved` goes to where `to` is now. */
export function reordered(chosen: readonly ColumnId[], moved: ColumnId, to: number): readonly ColumnId[] {
  const others = chosen.filter((id) => id !== moved);
  return others.toSpliced(Math.max(0, to), 0, moved);
}
