import type { CameraDetector } from './camera.ts';
import type { CalibKind, CalibReading, IsrJob, IsrRequest } from './isr.ts';
import type { Wcs } from './wcs.ts';
import type { FitsWriter } from './writer.ts';

/** What the engine offers. One `Engine` is one WebAssembly instance with its own memory; it is not thread-safe. */

export type EngineSource = ArrayBuffer | Uint8Array | WebAssembly.Module | Response;

/**
 * - `MalformedFits`: the bytes break the FITS standard (truncated, not FITS, a tile that cannot be decoded).
 * - `UnsupportedFits`: correct FITS of a kind that is not read, or larger than memory allows.
 * - `WasmFailed`: the engine could not start, ran out of memory, or was asked for something impossible.
 */
export type FitsErrorTag = 'MalformedFits' | 'UnsupportedFits' | 'WasmFailed';

/** Finer than the tag: `limit` is a size beyond the caller's memory limit, `usage` something impossible asked for. */
export type FitsErrorKind = 'malformed' | 'unsupported' | 'limit' | 'memory' | 'usage';

export interface FitsErrorDetail {
  readonly kind?: FitsErrorKind;
  /** 0 is the primary HDU. */
  readonly hduIndex?: number;
  /** Row of the compressed image's table, from 0. */
  readonly tile?: number;
  readonly keyword?: string;
  /** From the start of the FITS bytes, after any gzip wrapper is removed. */
  readonly byteOffset?: number;
}

export class FitsError extends Error {
  readonly tag: FitsErrorTag;
  readonly detail: FitsErrorDetail;

  constructor(tag: FitsErrorTag, message: string, detail: FitsErrorDetail = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FitsError';
    this.tag = tag;
    this.detail = detail;
  }
}

/** The type of a plane's numbers, and the array that shows them. */
export interface PlaneArrays {
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly i16: Int16Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly f64: Float64Array;
}

export type PlaneType = keyof PlaneArrays;

/** Pixels in the engine's memory, row 0 first. Freed with `Engine.free`; using it afterwards throws. */
export interface Plane {
  /** Planes of other types than `i32` and `f32` are for tables and files, not for display. */
  readonly type: PlaneType;
  readonly width: number;
  readonly height: number;
  /** Straight onto the engine's memory: valid only until the next engine call that may grow it. */
  view(): PlaneArrays[PlaneType];
  /** Rounded to a float64 where the plane has wider integers; NaN outside. */
  at(x: number, y: number): number;
}

/**
 * `value`: undefined for commentary cards (the text is in `comment`) and for cards that cannot be parsed (the rest of
 * the card is in `comment`), null for a keyword without a value, bigint for integers beyond 2^53.
 */
export interface FitsCard {
  /** Of the (first) card in the header as it is stored, from 1. */
  readonly number: number;
  readonly keyword: string;
  readonly value: string | number | boolean | bigint | null | undefined;
  readonly comment: string;
}

/** Something that breaks the FITS standard and that reading can do without. */
export interface FitsProblem {
  /** The card's number in the header, from 1; 0 when it is about the header or the data as a whole. */
  readonly card: number;
  readonly text: string;
}

/** Cards in the order of the file, duplicates kept; the look-ups take the first card of that keyword. */
export interface FitsHeader {
  readonly cards: readonly FitsCard[];
  /** Known when the header has arrived; `FitsStream.verify` knows those of the data too. */
  readonly problems: readonly FitsProblem[];
  /** The cards as they are stored, 80 characters each, up to END and with it. */
  readonly raw: readonly string[];
  text(keyword: string): string | undefined;
  number(keyword: string): number | undefined;
  boolean(keyword: string): boolean | undefined;
}

export type HduKind = 'primary' | 'image' | 'compressed-image' | 'bintable' | 'other';

export interface Hdu {
  readonly index: number;
  /** EXTNAME, or an empty string. */
  readonly name: string;
  readonly header: FitsHeader;
  readonly kind: HduKind;
  /** Of the image (the uncompressed one); axes beyond the first two are stacked in height. 0 without pixels. */
  readonly width: number;
  readonly height: number;
  /** True when every byte of its data has arrived. */
  readonly complete: boolean;
}

/**
 * How a decoding gives its pixels: `working` for ISR and display, `i32` for integer images of up to 32 bits
 * without BSCALE, BZERO and BLANK, else `f32`; `physical` in a type that keeps them (AfPixelForm has the rules).
 */
export type PixelForm = 'working' | 'physical';

/**
 * The decoding of one image HDU in bands. The pixels of `plane` are defined once `step` has returned true, and it then
 * belongs to the caller.
 */
export interface Decoding {
  /** Decodes at least one tile and about as many pixels as `maxRows` rows have. True when done. */
  step(maxRows: number): boolean;
  readonly plane: Plane;
  /** Gives up scratch memory, and the plane too if it is not finished. Harmless after the end. */
  free(): void;
}

export type ColumnType = 'L' | 'X' | 'B' | 'I' | 'J' | 'K' | 'A' | 'E' | 'D' | 'C' | 'M';

export interface Column {
  /** TTYPE, or `col1` and so on where it is missing. */
  readonly name: string;
  readonly unit: string;
  /** The letter of TFORM; of variable-length columns that of the elements. */
  readonly type: ColumnType;
  readonly variableLength: boolean;
  /** The type of the physical values. */
  readonly values: PlaneType;
  /** Numbers in a row of `Table.values`: two for a complex one; 0 for variable-length columns. */
  readonly width: number;
  /** TDIM, the fastest first; empty without one. */
  readonly dimensions: readonly number[];
  /** TSCAL and TZERO, which the values have had applied. */
  readonly scale: number;
  readonly zero: number;
  /** TNULL, of the stored integers. Scaled values are NaN there, others are as they are stored. */
  readonly undefinedAs: bigint | null;
}

export type TableValues = PlaneArrays[PlaneType];

/**
 * A binary table. Values are copies, row by row: integers as they are stored, or unsigned by TZERO = 2^(n-1), or scaled
 * as f64; complex ones as pairs; logicals 1, 0, and 255 where undefined; bits 0 and 1; characters as bytes. Names are
 * found in any case.
 */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Of columns that are not of variable length. */
  values(name: string, first?: number, count?: number): TableValues;
  /** One cell, of variable length too. */
  cell(name: string, row: number): TableValues;
  /** Of a column of characters, one string a row, up to a zero byte and without the blanks behind. */
  strings(name: string, first?: number, count?: number): readonly string[];
  free(): void;
}

export type ChecksumState = 'absent' | 'good' | 'bad';

/** What is wrong with one HDU. */
export interface Verification {
  readonly hdu: Hdu;
  readonly problems: readonly FitsProblem[];
  readonly checksum: ChecksumState;
  readonly datasum: ChecksumState;
  /** What DATASUM should say. */
  readonly computedDatasum: number;
}

/** A file while it arrives. A gzip wrapper is recognized by its first two bytes. */
export interface FitsStream {
  /** Any chunking. Throws `FitsError` as soon as the bytes are wrong. */
  push(chunk: Uint8Array): void;
  readonly hdus: readonly Hdu[];
  /** Throws `MalformedFits` when the file is truncated. */
  end(): void;
  /** `hdu.complete` must be true. The stream must outlive the decoding. */
  decode(hdu: Hdu, form?: PixelForm): Decoding;
  /** Of a binary table, that of a compressed image included. The stream must outlive it. */
  table(hdu: Hdu): Table;
  /** Bad cards, faults of the structure and checksums, HDU by HDU. After `end`; no HDU may have been released. */
  verify(): readonly Verification[];
  /** Of one HDU that has not been released; what stands behind its data is known once the next HDU or the end came. */
  verifyHdu(hdu: Hdu): Verification;
  /** Gives back the memory of a complete HDU's data once nothing reads it any more. The header stays. */
  release(hdu: Hdu): void;
  /** What a job with `keepRaws` has decoded of this HDU, in the working form. The stream's own: never freed alone. */
  decoded(hdu: Hdu): Plane | undefined;
  /** `alternate` is a letter from A to Z, or nothing for the primary description. It may outlive the stream. */
  wcs(hdu: Hdu, alternate?: string): Wcs;
  free(): void;
}

export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly percentiles: readonly number[];
}

/** Of the pixels that are not NaN; all NaN when there are none. The median of an even count is between the middle two. */
export interface Summary {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly median: number;
}

export interface StreamOptions {
  /** The size of the file as it is pushed; sizes in headers are checked against it. */
  readonly expectedBytes?: number;
  /** Most bytes that the stream may hold, and most that one plane or table of it may take; 1 GiB when not given. */
  readonly memoryLimit?: number;
}

export interface Engine {
  readonly version: string;
  readonly memoryBytes: number;
  openStream(options?: StreamOptions): FitsStream;
  /** What the camera table has of a detector. `instrument` is the Butler's name. */
  camera(instrument: string, detector: number): CameraDetector;
  /** Begins to read a calibration from a file that was pushed whole. `name` is what reports call it. */
  readCalib(stream: FitsStream, kind: CalibKind, name: string): CalibReading;
  /** Begins the instrument signature removal of one raw, which may still be arriving. */
  isr(raw: FitsStream, request?: IsrRequest): IsrJob;
  /** Mean of the finite pixels of each factor x factor cell, f32, sizes rounded up; NaN where none is finite. */
  bin(plane: Plane, factor: number): Plane;
  /** Display limits by the IRAF zscale algorithm (contrast 0.25, 1000 samples). */
  zscale(plane: Plane): readonly [number, number];
  /**
   * Of finite pixels; all NaN when there are none. Minimum and maximum are exact; percentiles (fractions from 0 to 1,
   * linear between order statistics) come from at most 100,000 evenly strided pixels.
   */
  statistics(plane: Plane, fractions: readonly number[]): Statistics;
  /** Exact, of every pixel of a plane of any type; infinities count. */
  summary(plane: Plane): Summary;
  /** A plane of the host's own, all zero, for numbers that the routines above are to look at. */
  plane(type: PlaneType, width: number, height: number): Plane;
  /** Begins a file. What few pages want is loaded when it is asked for. */
  write(): Promise<FitsWriter>;
  free(plane: Plane): void;
}
