/** Where the rows of a catalogue lie, by the names that its columns have in the field's own tables. */
import type { TableColumn, TableColumns } from './table.ts';

/** `fits`: pixels are counted from 1. */
export type PlaceKind = 'pixel' | 'fits' | 'sky';

export interface PlaceColumns {
  readonly kind: PlaceKind;
  /** x or right ascension; y or declination. */
  readonly first: string;
  readonly second: string;
}

interface Known {
  readonly kind: PlaceKind;
  readonly pairs: readonly (readonly [string, string])[];
}

/** In the order of trust: pixels need no sky. Lower case. */
const KNOWN: readonly Known[] = [
  {
    kind: 'pixel',
    // Our own, LSST's afw and photutils.
    pairs: [
      ['x_px', 'y_px'],
      ['slot_centroid_x', 'slot_centroid_y'],
      ['base_sdsscentroid_x', 'base_sdsscentroid_y'],
      ['x_centroid', 'y_centroid'],
      ['xcentroid', 'ycentroid'],
      ['x', 'y'],
    ],
  },
  // SExtractor: its manual, "Pixel coordinates".
  {
    kind: 'fits',
    pairs: [
      ['xwin_image', 'ywin_image'],
      ['x_image', 'y_image'],
    ],
  },
  {
    kind: 'sky',
    pairs: [
      ['coord_ra', 'coord_dec'],
      ['ra_deg', 'dec_deg'],
      ['ra_icrs', 'de_icrs'],
      ['raj2000', 'dej2000'],
      ['alpha_j2000', 'delta_j2000'],
      ['ra', 'dec'],
    ],
  },
];

/** Undefined where no two columns are known by their names. */
export function guessPlaces({ columns }: TableColumns): PlaceColumns | undefined {
  for (const { kind, pairs } of KNOWN) {
    for (const [x, y] of pairs) {
      const first = columns.find((column) => column.name.toLowerCase() === x);
      const second = columns.find((column) => column.name.toLowerCase() === y);
      if (!first || !second) continue;
      // Texts can be sexagesimal, which pixels are not.
      if (kind !== 'sky' && (first.kind === 'texts' || second.kind === 'texts')) continue;
      return { kind, first: first.name, second: second.name };
    }
  }
  return undefined;
}

/** Detector pixels, or degrees: x and y, or right ascension and declination, one after the other; NaN without a place. */
export function placesOf(table: TableColumns, { kind, first, second }: PlaceColumns): Float64Array {
  const [a, b] = [first, second].map((name) => table.columns.find((column) => column.name === name));
  const places = new Float64Array(2 * table.rows).fill(NaN);
  if (!a || !b) return places;
  const read = kind === 'sky' ? [degrees(a, 15), degrees(b, 1)] : [pixels(a, kind), pixels(b, kind)];
  for (let row = 0; row < table.rows; row++) {
    places[2 * row] = read[0]!(row);
    places[2 * row + 1] = read[1]!(row);
  }
  return places;
}

function pixels(column: TableColumn, kind: PlaceKind): (row: number) => number {
  if (column.kind === 'texts') return () => NaN;
  const first = kind === 'fits' ? 1 : 0;
  return (row) => (column.values[row] as number) - first;
}

/** Degrees, radians where the unit says so; texts are sexagesimal, right ascension in hours (`perUnit` 15). */
function degrees(column: TableColumn, perUnit: number): (row: number) => number {
  if (column.kind === 'texts') return (row) => sexagesimal(column.values[row] as string) * perUnit;
  const scale = /^rad/i.test(column.unit) ? 180 / Math.PI : 1;
  return (row) => (column.values[row] as number) * scale;
}

const SEXAGESIMAL = /^([+-]?)(\d{1,3})[:hd° ]+(\d{1,2})(?:[:m'′ ]+(?:(\d{1,2}(?:\.\d*)?)[s"″]?)?)?$/i;

function sexagesimal(text: string): number {
  const [, sign, whole, minutes, seconds] = SEXAGESIMAL.exec(text.trim()) ?? [];
  if (whole === undefined || Number(minutes) >= 60 || Number(seconds ?? 0) >= 60) return NaN;
  const size = Number(whole) + Number(minutes) / 60 + Number(seconds ?? 0) / 3600;
  return sign === '-' ? -size : size;
}
