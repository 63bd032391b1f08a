/** The exported routines and the layout of the structs of `astro_fits.h` on wasm32. */
import { FitsError } from './api.ts';
import type { FitsErrorDetail, FitsErrorKind } from './api.ts';

/** Pointers and sizes are numbers; `i64` and `u64` fields are read from memory, never passed as arguments. */
export interface Routines {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  af_version(): number;
  af_alloc(bytes: number): number;
  af_free(memory: number): void;
  af_plane_new(type: number, width: number, height: number): number;
  af_plane_free(plane: number): void;
  af_plane_summary(plane: number, out: number): void;
  af_stream_new(options: number): number;
  af_stream_push(stream: number, bytes: number, count: number, error: number): number;
  af_stream_end(stream: number, error: number): number;
  af_stream_release(stream: number, hdu: number, error: number): number;
  af_stream_hdu_count(stream: number): number;
  af_stream_hdu(stream: number, index: number, hdu: number, error: number): number;
  af_stream_decoded(stream: number, hdu: number): number;
  af_stream_free(stream: number): void;
  af_hdu_checksum(stream: number, hdu: number, checksum: number, error: number): number;
  af_table_new(stream: number, hdu: number, error: number): number;
  af_table_rows(table: number): number;
  af_table_column_count(table: number): number;
  af_table_column(table: number, index: number, column: number, error: number): number;
  af_table_values(
    table: number,
    column: number,
    firstRow: number,
    rows: number,
    values: number,
    error: number,
  ): number;
  af_table_cell(table: number, column: number, row: number, values: number, error: number): number;
  af_table_check(table: number, error: number): number;
  af_table_free(table: number): void;
  af_decoding_new(stream: number, hdu: number, form: number, error: number): number;
  af_decoding_step(decoding: number, maxRows: number, error: number): number;
  af_decoding_plane(decoding: number): number;
  af_decoding_free(decoding: number): void;
  af_calib_new(stream: number, kind: number, name: number, error: number): number;
  af_calib_step(calib: number, maxRows: number, error: number): number;
  af_calib_plane(calib: number): number;
  af_calib_bytes(calib: number): number;
  af_calib_free(calib: number): void;
  af_isr_new(options: number, raw: number, error: number): number;
  af_isr_step(isr: number, maxRows: number, error: number): number;
  af_isr_current_step(isr: number): number;
  af_isr_image(isr: number): number;
  af_isr_mask(isr: number): number;
  af_isr_variance(isr: number): number;
  af_isr_report(isr: number): number;
  af_isr_free(isr: number): void;
  af_writer_new(): number;
  af_writer_cards(writer: number, cards: number, count: number, error: number): number;
  af_writer_image(writer: number, plane: number, form: number, name: number, error: number): number;
  af_writer_step(writer: number, maxRows: number, error: number): number;
  af_writer_table(writer: number, columns: number, count: number, name: number, error: number): number;
  af_writer_bytes(writer: number, count: number): number;
  af_writer_free(writer: number): void;
  af_camera_geometry(instrument: number, detector: number, error: number): number;
  af_wcs_new(stream: number, hdu: number, alternate: number, error: number): number;
  af_wcs_info(wcs: number, info: number): void;
  af_wcs_to_sky(wcs: number, xy: number, lonLat: number, count: number): void;
  af_wcs_to_pixel(wcs: number, lonLat: number, xy: number, count: number): void;
  af_wcs_to_icrs(wcs: number, lonLat: number, count: number, error: number): number;
  af_wcs_from_icrs(wcs: number, lonLat: number, count: number, error: number): number;
  af_wcs_free(wcs: number): void;
  af_bin(plane: number, factor: number, error: number): number;
  af_zscale(plane: number, limits: number, error: number): number;
  af_statistics(plane: number, fractions: number, count: number, out: number, error: number): number;
}

export const Status = { ok: 0, more: 1, malformed: 2, unsupported: 3, limit: 4, waiting: 7 } as const;

/** By the AfStatus of failures. */
const ERROR_KINDS: Readonly<Record<number, FitsErrorKind>> = {
  2: 'malformed',
  3: 'unsupported',
  4: 'limit',
  5: 'memory',
  6: 'usage',
};

/** Byte offsets; `size` is the whole struct. */
export const Layout = {
  error: { status: 0, hdu: 4, tile: 8, byteOffset: 16, keyword: 24, message: 40, size: 200 },
  plane: { type: 0, width: 4, height: 8, data: 16, size: 20 },
  streamOptions: { expectedBytes: 0, memoryLimit: 8, size: 16 },
  hdu: {
    kind: 0,
    complete: 4,
    width: 8,
    height: 12,
    cardCount: 16,
    textLength: 20,
    cards: 32,
    text: 36,
    raw: 40,
    rawLength: 44,
    problemCount: 48,
    problems: 52,
    size: 56,
  },
  checksum: { data: 0, hdu: 4, dataSum: 8, hduSum: 12, size: 16 },
  column: {
    name: 0,
    nameLength: 4,
    unit: 8,
    unitLength: 12,
    type: 16,
    pointer: 20,
    physical: 24,
    width: 28,
    dimensions: 32,
    dimensionCount: 36,
    hasNull: 40,
    scale: 48,
    zero: 56,
    null: 64,
    size: 72,
  },
  problem: { card: 0, text: 4, size: 8 },
  card: {
    keyword: 0,
    keywordLength: 4,
    text: 8,
    textLength: 12,
    comment: 16,
    commentLength: 20,
    type: 24,
    number: 28,
    integer: 32,
    real: 40,
    size: 48,
  },
  isr: {
    recipe: 0,
    overscan: 4,
    geometry: 8,
    steps: 12,
    serialSkip: 16,
    parallelSkip: 24,
    separate: 32,
    statistics: 36,
    calibs: 40,
    image: 68,
    mask: 72,
    variance: 76,
    keepRaws: 80,
    size: 84,
  },
  writerCard: { keyword: 0, text: 4, comment: 8, type: 12, integer: 16, real: 24, size: 32 },
  writerColumn: { name: 0, unit: 4, values: 8, letter: 12, size: 16 },
  wcsInfo: { types: 0, typeSize: 16, frame: 32, equinox: 48, longitudeAxis: 56, distorted: 60, size: 64 },
} as const;

export const CardType = {
  commentary: 0,
  undefined: 1,
  text: 2,
  logical: 3,
  integer: 4,
  real: 5,
  bad: 6,
} as const;

/** By AfPlaneType and by AfPixelForm. */
export const PLANE_TYPES = ['i32', 'f32', 'u8', 'i8', 'i16', 'u16', 'u32', 'i64', 'u64', 'f64'] as const;
export const PIXEL_FORMS = ['working', 'physical'] as const;
export const HDU_KINDS = ['primary', 'image', 'compressed-image', 'bintable', 'other'] as const;

const LATIN1 = new TextDecoder('latin1');

/** The instance with views that survive growth, and its scratch memory for arguments. */
export class Instance {
  readonly routines: Routines;
  readonly error: number;
  #view: DataView;
  #bytes: Uint8Array;

  constructor(routines: Routines) {
    this.routines = routines;
    routines._initialize();
    this.#view = new DataView(routines.memory.buffer);
    this.#bytes = new Uint8Array(routines.memory.buffer);
    this.error = this.alloc(Layout.error.size);
  }

  /** Growing the memory detaches the old buffer, so views are taken anew whenever it changed. */
  get view(): DataView {
    if (this.#view.buffer !== this.routines.memory.buffer)
      this.#view = new DataView(this.routines.memory.buffer);
    return this.#view;
  }

  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.routines.memory.buffer) {
      this.#bytes = new Uint8Array(this.routines.memory.buffer);
    }
    return this.#bytes;
  }

  u32(address: number): number {
    return this.view.getUint32(address, true);
  }

  alloc(bytes: number): number {
    const memory = this.routines.af_alloc(bytes);
    if (memory === 0) throw new FitsError('WasmFailed', 'the engine is out of memory', { kind: 'memory' });
    return memory >>> 0;
  }

  /** Zeroed memory for the time of one call. */
  withScratch<T>(bytes: number, body: (address: number) => T): T {
    const address = this.alloc(bytes);
    try {
      this.bytes.fill(0, address, address + bytes);
      return body(address);
    } finally {
      this.routines.af_free(address);
    }
  }

  /** Text up to a zero byte, or of a given length. FITS text is ASCII; anything else is one character a byte. */
  text(address: number, length?: number): string {
    const end = length === undefined ? this.bytes.indexOf(0, address) : address + length;
    return LATIN1.decode(this.bytes.subarray(address, end));
  }

  /** Throws what the last failed routine left in `error`. */
  fail(): never {
    const { error: layout } = Layout;
    const { view, error } = this;
    const status = view.getInt32(error + layout.status, true);
    const hdu = view.getInt32(error + layout.hdu, true);
    const tile = view.getInt32(error + layout.tile, true);
    const byteOffset = Number(view.getBigInt64(error + layout.byteOffset, true));
    const keyword = this.text(error + layout.keyword);
    const kind = ERROR_KINDS[status];
    const detail: FitsErrorDetail = {
      ...(kind ? { kind } : {}),
      ...(hdu >= 0 ? { hduIndex: hdu } : {}),
      ...(tile >= 0 ? { tile } : {}),
      ...(keyword !== '' ? { keyword } : {}),
      ...(byteOffset >= 0 ? { byteOffset } : {}),
    };
    const where = [
      hdu >= 0 ? `HDU ${hdu}` : '',
      tile >= 0 ? `tile ${tile}` : '',
      keyword,
      byteOffset >= 0 ? `byte ${byteOffset}` : '',
    ].filter((part) => part !== '');
    const message = this.text(error + layout.message) + (where.length > 0 ? ` (${where.join(', ')})` : '');
    const tag =
      status === Status.malformed
        ? 'MalformedFits'
        : status === Status.unsupported || status === Status.limit
          ? 'UnsupportedFits'
          : 'WasmFailed';
    throw new FitsError(tag, message, detail);
  }

  check(status: number): number {
    if (status > Status.more) this.fail();
    return status;
  }
}
