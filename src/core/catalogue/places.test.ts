import { describe, expect, it } from 'vitest';
import { guessPlaces, placesOf } from './places.ts';
import { columnOfTexts, type TableColumn, type TableColumns } from './table.ts';

const numbers = (name: string, values: number[], unit = ''): TableColumn => ({
  kind: 'numbers',
  name,
  unit,
  values: Float64Array.from(values),
});
const texts = (name: string, values: string[]): TableColumn => ({ kind: 'texts', name, unit: '', values });
const table = (...columns: TableColumn[]): TableColumns => ({ rows: columns[0]!.values.length, columns });

describe('the places of rows are found by the names of columns', () => {
  it.each([
    ['pixel', ['id', 'x_px', 'y_px']],
    ['pixel', ['slot_Centroid_x', 'slot_Centroid_y', 'coord_ra', 'coord_dec']],
    ['pixel', ['xcentroid', 'ycentroid']],
    ['fits', ['X_IMAGE', 'Y_IMAGE', 'ALPHA_J2000', 'DELTA_J2000']],
    ['sky', ['Source', 'RA_ICRS', 'DE_ICRS']],
    ['sky', ['coord_ra', 'coord_dec']],
  ])('%s: %j', (kind, names) => {
    expect(guessPlaces(table(...names.map((name) => numbers(name, [1]))))?.kind).toBe(kind);
  });

  it('or not', () => {
    expect(guessPlaces(table(numbers('a', [1]), numbers('b', [1])))).toBeUndefined();
    expect(guessPlaces(table(texts('x', ['left']), numbers('y', [1])))).toBeUndefined();
  });
});

describe('places', () => {
  const placed = (kind: 'pixel' | 'fits' | 'sky', a: TableColumn, b: TableColumn) => [
    ...placesOf(table(a, b), { kind, first: a.name, second: b.name }),
  ];

  it('of FITS pixels are counted from 0', () => {
    expect(placed('fits', numbers('x', [1, 10.5]), numbers('y', [2, NaN]))).toEqual([0, 1, 9.5, NaN]);
    expect(placed('pixel', numbers('x', [1]), numbers('y', [2]))).toEqual([1, 2]);
  });

  it('in radians become degrees', () => {
    const [ra, dec] = placed(
      'sky',
      numbers('coord_ra', [Math.PI], 'rad'),
      numbers('coord_dec', [-Math.PI / 4], 'radian'),
    );
    expect(ra).toBeCloseTo(180, 12);
    expect(dec).toBeCloseTo(-45, 12);
  });

  it('in hours and degrees of arc are read, and what is none of these has no place', () => {
    const ra = ['06:49:06.68', '12h30m00s', '1 2 3', '7:61:00', 'M42'];
    const dec = ['-26:03:48.6', '+00d30m', '-0 0 36', '0:0:0', '10:00:00'];
    const places = placed('sky', texts('ra', ra), texts('dec', dec));
    // Worked out by hand: (6 + 49/60 + 6.68/3600) * 15 and so on.
    const wanted = [102.2778333, -26.0635, 187.5, 0.5, 15.5125, -0.01, NaN, 0, NaN, 10];
    places.forEach((value, i) =>
      Number.isNaN(wanted[i]) ? expect(value).toBeNaN() : expect(value).toBeCloseTo(wanted[i]!, 7),
    );
  });

  it('of columns that are not there are none', () => {
    const where = { kind: 'pixel', first: 'u', second: 'v' } as const;
    expect([...placesOf(table(numbers('x', [1])), where)]).toEqual([NaN, NaN]);
  });
});

describe('a column of texts', () => {
  it('is one of numbers when each is a number or nothing', () => {
    const column = columnOfTexts('v', 'adu', [' 1.5', '', 'nan', '-2e3', '--']);
    expect(column).toEqual({
      kind: 'numbers',
      name: 'v',
      unit: 'adu',
      values: Float64Array.of(1.5, NaN, NaN, -2000, NaN),
    });
    expect(columnOfTexts('v', '', ['1', 'one']).kind).toBe('texts');
    expect(columnOfTexts('v', '', ['', '']).kind).toBe('texts');
  });
});
