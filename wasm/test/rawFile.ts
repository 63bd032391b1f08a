/**
 * Raws and masters for tests in TypeScript: RICE_1 segments and plain images whose pixels a function gives, with the
 * headers of each instrument. Equal rows share their bytes, so that a raw of true size is some hundred kilobytes.
 */

export type CardValue = string | number | boolean;
export type Cards = readonly (readonly [string, CardValue])[];

/** Sizes of a segment in pixels, and how its headers describe it. */
export interface Family {
  readonly cards: Cards;
  readonly rawWidth: number;
  readonly rawHeight: number;
  readonly prescan: number;
  readonly width: number;
  readonly height: number;
  /** In the order of the HDUs, for example '10'. */
  readonly segments: readonly string[];
}

export const ALL_SEGMENTS = '10 11 12 13 14 15 16 17 07 06 05 04 03 02 01 00'.split(' ');
export const ITL = {
  rawWidth: 576,
  rawHeight: 2048,
  prescan: 3,
  width: 509,
  height: 2000,
  segments: ALL_SEGMENTS,
} as const;

const BLOCK = 2880;

function padded(bytes: Uint8Array, fill = 0): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK).fill(fill);
  whole.set(bytes);
  return whole;
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function header(cards: Cards): Uint8Array {
  const text = (value: CardValue): string =>
    typeof value === 'string' ? `'${value.padEnd(8)}'` : String(value === true ? 'T' : value).padStart(20);
  const lines = cards.map(([keyword, value]) => `${keyword.padEnd(8)}= ${text(value)}`.padEnd(80));
  return padded(new TextEncoder().encode([...lines, 'END'].join('')), 0x20);
}

const PRIMARY: Cards = [
  ['SIMPLE', true],
  ['BITPIX', 8],
  ['NAXIS', 0],
];

/**
 * RICE_1 of one row (FITS standard 4.0, section 10.4.1), with two of its three kinds of block of 32 numbers: all
 * differences zero (code 0), and differences as they are (code 26, 32 bits each), of BYTEPIX 4.
 */
function riceRow(row: Int32Array): Uint8Array {
  const bits: string[] = [];
  const push = (value: number, count: number): void => {
    bits.push((value >>> 0).toString(2).padStart(count, '0'));
  };
  let last = row[0] ?? 0;
  push(last, 32);
  for (let at = 0; at < row.length; at += 32) {
    const mapped = [...row.subarray(at, at + 32)].map((value) => {
      const difference = value - last;
      last = value;
      return difference < 0 ? ~(difference << 1) : difference << 1;
    });
    const flat = mapped.every((difference) => difference === 0);
    push(flat ? 0 : 26, 5);
    if (!flat) for (const difference of mapped) push(difference, 32);
  }
  const text = bits.join('');
  return Uint8Array.from(text.match(/.{1,8}/g) ?? [], (byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}

/** `rowOf` gives a row of the segment, in readout order; `key` names rows that are equal. */
export interface SegmentRows {
  key(segment: string, y: number): string;
  rowOf(segment: string, y: number): Int32Array;
}

export interface RawOptions {
  readonly without?: string;
  /** Row 17 of that segment ends too early. */
  readonly brokenTileIn?: string;
  readonly segmentCards?: (segment: string) => Cards;
}

function segmentHdu(family: Family, segment: string, rows: SegmentRows, options: RawOptions): Uint8Array {
  const table = new DataView(new ArrayBuffer(8 * family.rawHeight));
  const places = new Map<string, { readonly offset: number; readonly bytes: Uint8Array }>();
  let heapSize = 0;
  for (let y = 0; y < family.rawHeight; y++) {
    const broken = options.brokenTileIn === segment && y === 17;
    const key = broken ? 'broken' : rows.key(segment, y);
    let place = places.get(key);
    if (!place) {
      const bytes = broken ? Uint8Array.of(0, 0, 1, 0, 0xd0) : riceRow(rows.rowOf(segment, y));
      place = { offset: heapSize, bytes };
      places.set(key, place);
      heapSize += bytes.length;
    }
    table.setInt32(8 * y, place.bytes.length);
    table.setInt32(8 * y + 4, place.offset);
  }
  const heap = [...places.values()].map(({ bytes }) => bytes);
  const cards = header([
    ['XTENSION', 'BINTABLE'],
    ['BITPIX', 8],
    ['NAXIS', 2],
    ['NAXIS1', 8],
    ['NAXIS2', family.rawHeight],
    ['PCOUNT', heapSize],
    ['GCOUNT', 1],
    ['TFIELDS', 1],
    ['TTYPE1', 'COMPRESSED_DATA'],
    ['TFORM1', `1PB(${Math.max(...heap.map(({ length }) => length))})`],
    ['EXTNAME', `Segment${segment}`],
    ['ZIMAGE', true],
    ['ZBITPIX', 32],
    ['ZNAXIS', 2],
    ['ZNAXIS1', family.rawWidth],
    ['ZNAXIS2', family.rawHeight],
    ['ZTILE1', family.rawWidth],
    ['ZTILE2', 1],
    ['ZCMPTYPE', 'RICE_1'],
    ['ZNAME1', 'BLOCKSIZE'],
    ['ZVAL1', 32],
    ['ZNAME2', 'BYTEPIX'],
    ['ZVAL2', 4],
    ...(options.segmentCards?.(segment) ?? []),
  ]);
  return concatenate([cards, padded(concatenate([new Uint8Array(table.buffer), ...heap]))]);
}

/** The primary HDU and each segment, so that a test can push them one by one. */
export function rawParts(family: Family, rows: SegmentRows, options: RawOptions = {}): Uint8Array[] {
  const segments = family.segments.filter((segment) => segment !== options.without);
  return [
    header([...PRIMARY, ...family.cards]),
    ...segments.map((segment) => segmentHdu(family, segment, rows, options)),
  ];
}

/** A bias, dark or flat: a primary image of float32, row 0 of the DM frame first. */
export function masterFile(
  width: number,
  height: number,
  pixel: (x: number, y: number) => number,
  cards: Cards = [],
): Uint8Array {
  const pixels = new DataView(new ArrayBuffer(4 * width * height));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) pixels.setFloat32(4 * (y * width + x), pixel(x, y));
  const axes: Cards = [
    ['SIMPLE', true],
    ['BITPIX', -32],
    ['NAXIS', 2],
    ['NAXIS1', width],
    ['NAXIS2', height],
    ...cards,
  ];
  return concatenate([header(axes), padded(new Uint8Array(pixels.buffer))]);
}
