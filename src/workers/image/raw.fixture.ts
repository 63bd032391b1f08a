/**
 * Raws and calibs for tests, written here: constant rows with a few marked pixels, so that each file is small and each
 * expected value can be worked out by hand.
 */
import { gzipSync } from 'node:zlib';

const [RAW_WIDTH, RAW_HEIGHT] = [576, 2048];
export const [WIDTH, HEIGHT] = [4072, 4000];

type CardValue = string | number | boolean;

function header(cards: readonly (readonly [string, CardValue])[]): Buffer {
  const text = (value: CardValue) =>
    typeof value === 'string' ? `'${value.padEnd(8)}'` : String(value === true ? 'T' : value).padStart(20);
  const lines = [...cards.map(([k, v]) => `${k.padEnd(8)}= ${text(v)}`.padEnd(80)), 'END'.padEnd(80)];
  const body = lines.join('');
  return Buffer.from(body.padEnd(Math.ceil(body.length / 2880) * 2880));
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((2880 - (data.length % 2880)) % 2880)]);
}

const EMPTY: readonly (readonly [string, CardValue])[] = [
  ['SIMPLE', true],
  ['BITPIX', 8],
  ['NAXIS', 0],
  ['EXTEND', true],
];
const PRIMARY = header(EMPTY);
const RAW_PRIMARY = header([
  ...EMPTY,
  ['INSTRUME', 'LATISS'],
  ['DETSIZE', '[1:4072,1:4000]'],
  ['DARKTIME', 10],
]);

/** An image as a table of compressed rows; equal rows share their bytes in the heap. */
function compressedImage(
  name: string,
  size: readonly [number, number],
  zcards: readonly (readonly [string, CardValue])[],
  rowBytes: (y: number) => { readonly key: string; readonly make: () => Buffer },
): Buffer {
  const [width, height] = size;
  const table = Buffer.alloc(8 * height);
  const heap: Buffer[] = [];
  const places = new Map<string, { readonly offset: number; readonly length: number }>();
  let heapSize = 0;
  for (let y = 0; y < height; y++) {
    const { key, make } = rowBytes(y);
    let place = places.get(key);
    if (!place) {
      const bytes = make();
      place = { offset: heapSize, length: bytes.length };
      places.set(key, place);
      heap.push(bytes);
      heapSize += bytes.length;
    }
    table.writeInt32BE(place.length, 8 * y);
    table.writeInt32BE(place.offset, 8 * y + 4);
  }
  const longest = Math.max(...[...places.values()].map((p) => p.length));
  const cards = header([
    ['XTENSION', 'BINTABLE'],
    ['BITPIX', 8],
    ['NAXIS', 2],
    ['NAXIS1', 8],
    ['NAXIS2', height],
    ['PCOUNT', heapSize],
    ['GCOUNT', 1],
    ['TFIELDS', 1],
    ['TTYPE1', 'COMPRESSED_DATA'],
    ['TFORM1', `1PB(${longest})`],
    ['EXTNAME', name],
    ['ZIMAGE', true],
    ['ZNAXIS', 2],
    ['ZNAXIS1', width],
    ['ZNAXIS2', height],
    ['ZTILE1', width],
    ['ZTILE2', 1],
    ...zcards,
  ]);
  return Buffer.concat([cards, padded(Buffer.concat([table, ...heap]))]);
}

/**
 * RICE_1 of one row, with only two of its three kinds of block: all differences zero (code 0) and raw differences
 * (code 26 and 32 bits each), for BYTEPIX 4 and blocks of 32.
 */
function riceRow(row: Int32Array): Buffer {
  let bits = '';
  const push = (value: number, count: number) => {
    bits += (value >>> 0).toString(2).padStart(count, '0');
  };
  push(row[0]!, 32);
  let last = row[0]!;
  for (let at = 0; at < row.length; at += 32) {
    const mapped = [...row.subarray(at, at + 32)].map((v) => {
      const difference = v - last;
      last = v;
      return difference < 0 ? ~(difference << 1) : difference << 1;
    });
    const flat = mapped.every((d) => d === 0);
    push(flat ? 0 : 26, 5);
    if (!flat) for (const d of mapped) push(d, 32);
  }
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((b) => Number.parseInt(b, 2)));
}

/** In the order of the HDUs. */
export const AMPLIFIERS = '10 11 12 13 14 15 16 17 07 06 05 04 03 02 01 00'
  .split(' ')
  .map((place) => ({ name: `C${place}`, hduName: `Segment${place}` }));

interface RawOptions {
  readonly without?: string;
  readonly dataSection?: string;
  readonly badTileIn?: string;
  /** Columns and rows of each segment. */
  readonly size?: readonly [number, number];
}

/** A raw in which no pixel has a value: floating point, each pixel the same NaN or infinity; or integers that are BLANK. */
export function valueless(value: number | 'BLANK'): Buffer {
  const pixel = Buffer.alloc(4);
  if (value === 'BLANK') pixel.writeInt32BE(-1);
  else pixel.writeFloatBE(value);
  const row = gzipSync(Buffer.concat(Array.from({ length: RAW_WIDTH }, () => pixel)));
  const zcards: readonly (readonly [string, CardValue])[] = [
    ['ZCMPTYPE', 'GZIP_1'],
    ['ZBITPIX', value === 'BLANK' ? 32 : -32],
    ...(value === 'BLANK' ? ([['BLANK', -1]] as const) : []),
    ['DATASEC', '[4:512,1:2000]'],
  ];
  const segments = AMPLIFIERS.map(({ hduName }) =>
    compressedImage(hduName, [RAW_WIDTH, RAW_HEIGHT], zcards, () => ({ key: 'row', make: () => row })),
  );
  return Buffer.concat([RAW_PRIMARY, ...segments]);
}

/** Of amplifier i: overscan level 1000 + i, drifting by row; signal 100 + i; the first-read pixel 5000 above that. */
export const overscanAt = (i: number, y: number) => 1000 + i + (y % 3);
export const signalOf = (i: number) => 100 + i;

export function raw({
  without,
  dataSection = '[4:512,1:2000]',
  badTileIn,
  size = [RAW_WIDTH, RAW_HEIGHT],
}: RawOptions = {}): Buffer {
  const segments = AMPLIFIERS.flatMap((amp, i) => {
    if (amp.hduName === without) return [];
    const rowOf = (y: number): Int32Array => {
      const row = new Int32Array(size[0]).fill(overscanAt(i, y));
      if (y < 2000) row.fill(overscanAt(i, y) + signalOf(i), 3, 512);
      if (y === 0) row[3]! += 5000;
      if (y === 1) row[3] = 150_000;
      return row;
    };
    const zcards: (readonly [string, CardValue])[] = [
      ['ZCMPTYPE', 'RICE_1'],
      ['ZBITPIX', 32],
      ['ZNAME1', 'BLOCKSIZE'],
      ['ZVAL1', 32],
      ['ZNAME2', 'BYTEPIX'],
      ['ZVAL2', 4],
      ['DATASEC', dataSection],
    ];
    const image = compressedImage(amp.hduName, size, zcards, (y) => {
      const bad = amp.hduName === badTileIn && y === 17;
      return {
        key: bad ? 'bad' : y < 2 ? `first${y}` : `${y < 2000}${y % 3}`,
        // Too short for a row: the coder runs out of bits.
        make: () => (bad ? Buffer.from([0, 0, 1, 0, 0xd0]) : riceRow(rowOf(y))),
      };
    });
    return [image];
  });
  return Buffer.concat([RAW_PRIMARY, ...segments]);
}

/** One value in the lower half, another in the upper: an upside-down calib is not the same. */
export function calibFile(
  lower: number,
  upper: number,
  size: readonly [number, number] = [WIDTH, HEIGHT],
): Buffer {
  const row = (value: number): Buffer => {
    const plain = Buffer.alloc(4);
    plain.writeFloatBE(value);
    // GZIP_2: all first bytes, then all second bytes, ...
    return gzipSync(Buffer.concat([...plain].map((byte) => Buffer.alloc(size[0], byte))));
  };
  const image = compressedImage(
    'IMAGE',
    size,
    [
      ['ZCMPTYPE', 'GZIP_2'],
      ['ZBITPIX', -32],
    ],
    (y) => {
      const value = y < size[1] / 2 ? lower : upper;
      return { key: String(value), make: () => row(value) };
    },
  );
  return Buffer.concat([PRIMARY, image]);
}
