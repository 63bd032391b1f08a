/** FITS files as they arrive: HDUs, headers, decodings. */
import type {
  Decoding,
  FitsHeader,
  FitsStream,
  Hdu,
  HduKind,
  PixelForm,
  Plane,
  StreamOptions,
  Table,
  Verification,
} from './api.ts';
import { FitsError } from './api.ts';
import { readHeader, readProblems } from './header.ts';
import type { Instance } from './layout.ts';
import { HDU_KINDS, Layout, PIXEL_FORMS, Status } from './layout.ts';
import { EnginePlane } from './plane.ts';
import { EngineTable } from './table.ts';
import { readChecksum, tableProblems } from './verify.ts';
import type { Wcs } from './wcs.ts';
import { EngineWcs } from './wcs.ts';

/** Chunks are copied into the engine in pieces of this size. */
const PIECE = 1 << 18;

class EngineHdu implements Hdu {
  readonly index: number;
  readonly header: FitsHeader;
  readonly name: string;
  readonly kind: HduKind;
  readonly width: number;
  readonly height: number;
  readonly stream: EngineStream;
  #complete = false;

  constructor(instance: Instance, stream: EngineStream, index: number, hdu: number) {
    const { hdu: layout } = Layout;
    this.stream = stream;
    this.index = index;
    this.kind = HDU_KINDS[instance.u32(hdu + layout.kind)] ?? 'other';
    this.width = instance.u32(hdu + layout.width);
    this.height = instance.u32(hdu + layout.height);
    this.header = readHeader(instance, hdu);
    this.name = this.header.text('EXTNAME') ?? '';
  }

  get complete(): boolean {
    this.#complete ||= this.stream.isComplete(this.index);
    return this.#complete;
  }
}

export class EngineStream implements FitsStream {
  readonly #instance: Instance;
  readonly #hdus: EngineHdu[] = [];
  readonly #decoded = new Map<number, EnginePlane>();
  #handle: number;

  constructor(instance: Instance, { expectedBytes = 0, memoryLimit = 0 }: StreamOptions) {
    const { streamOptions: layout } = Layout;
    const whole = (bytes: number): bigint => {
      if (bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER) return BigInt(Math.trunc(bytes));
      throw new FitsError('WasmFailed', `${bytes} is no number of bytes`);
    };
    this.#instance = instance;
    this.#handle = instance.withScratch(layout.size, (options) => {
      instance.view.setBigUint64(options + layout.expectedBytes, whole(expectedBytes), true);
      instance.view.setBigUint64(options + layout.memoryLimit, whole(memoryLimit), true);
      return instance.routines.af_stream_new(options);
    });
    if (this.#handle === 0)
      throw new FitsError('WasmFailed', 'the engine is out of memory', { kind: 'memory' });
  }

  get address(): number {
    return this.#open();
  }

  requireOpen(): void {
    this.#open();
  }

  belongsTo(instance: Instance): boolean {
    return this.#instance === instance;
  }

  get hdus(): readonly Hdu[] {
    return this.#hdus;
  }

  push(chunk: Uint8Array): void {
    const instance = this.#instance;
    const handle = this.#open();
    const piece = instance.alloc(Math.min(PIECE, Math.max(chunk.length, 1)));
    try {
      for (let at = 0; at < chunk.length; at += PIECE) {
        const part = chunk.subarray(at, at + PIECE);
        instance.bytes.set(part, piece);
        const status = instance.routines.af_stream_push(handle, piece, part.length, instance.error);
        this.#readNewHdus();
        instance.check(status);
      }
    } finally {
      instance.routines.af_free(piece);
    }
  }

  end(): void {
    this.#instance.check(this.#instance.routines.af_stream_end(this.#open(), this.#instance.error));
  }

  decode(hdu: Hdu, form: PixelForm = 'working'): Decoding {
    return new EngineDecoding(this.#instance, this, this.#own(hdu), form);
  }

  table(hdu: Hdu): Table {
    return new EngineTable(this.#instance, this, this.#own(hdu));
  }

  verify(): readonly Verification[] {
    return this.#hdus.map((hdu) => this.verifyHdu(hdu));
  }

  verifyHdu(hdu: Hdu): Verification {
    const index = this.#own(hdu);
    return {
      hdu,
      problems: [
        ...this.#describe(index, (address) => readProblems(this.#instance, address)),
        ...tableProblems(this.#instance, this.#open(), hdu),
      ],
      ...readChecksum(this.#instance, this.#open(), index),
    };
  }

  release(hdu: Hdu): void {
    const { routines, error } = this.#instance;
    this.#instance.check(routines.af_stream_release(this.#open(), this.#own(hdu), error));
  }

  decoded(hdu: Hdu): Plane | undefined {
    const index = this.#own(hdu);
    const known = this.#decoded.get(index);
    if (known) return known;
    const address = this.#instance.routines.af_stream_decoded(this.#open(), index);
    if (address === 0) return undefined;
    const plane = new EnginePlane(this.#instance, address);
    this.#decoded.set(index, plane);
    return plane;
  }

  wcs(hdu: Hdu, alternate = ''): Wcs {
    return new EngineWcs(this.#instance, this.#open(), this.#own(hdu), alternate);
  }

  free(): void {
    this.#instance.routines.af_stream_free(this.#handle);
    this.#handle = 0;
    for (const plane of this.#decoded.values()) plane.forget();
    this.#decoded.clear();
  }

  isComplete(index: number): boolean {
    if (this.#handle === 0) return false;
    return this.#describe(index, (hdu) => this.#instance.u32(hdu + Layout.hdu.complete) === 1);
  }

  #open(): number {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the stream was freed');
    return this.#handle;
  }

  #own(hdu: Hdu): number {
    if (this.#hdus[hdu.index] !== hdu) throw new FitsError('WasmFailed', 'the HDU belongs to another stream');
    return hdu.index;
  }

  #describe<T>(index: number, body: (hdu: number) => T): T {
    const instance = this.#instance;
    return instance.withScratch(Layout.hdu.size, (hdu) => {
      instance.check(instance.routines.af_stream_hdu(this.#open(), index, hdu, instance.error));
      return body(hdu);
    });
  }

  #readNewHdus(): void {
    const count = this.#instance.routines.af_stream_hdu_count(this.#open());
    for (let i = this.#hdus.length; i < count; i++) {
      this.#hdus.push(this.#describe(i, (hdu) => new EngineHdu(this.#instance, this, i, hdu)));
    }
  }
}

/** The streams that an engine takes are its own. */
export function ownStream(stream: FitsStream, instance: Instance): EngineStream {
  if (!(stream instanceof EngineStream) || !stream.belongsTo(instance)) {
    throw new FitsError('WasmFailed', 'the stream belongs to another engine');
  }
  return stream;
}

class EngineDecoding implements Decoding {
  readonly plane: Plane;
  readonly #instance: Instance;
  readonly #stream: EngineStream;
  #handle: number;

  constructor(instance: Instance, stream: EngineStream, index: number, form: PixelForm) {
    this.#instance = instance;
    this.#stream = stream;
    const number = PIXEL_FORMS.indexOf(form);
    this.#handle = instance.routines.af_decoding_new(stream.address, index, number, instance.error);
    if (this.#handle === 0) instance.fail();
    this.plane = new EnginePlane(instance, instance.routines.af_decoding_plane(this.#handle));
  }

  step(maxRows: number): boolean {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the decoding is over');
    // Bytes that were freed meanwhile could be anyone's by now.
    this.#stream.requireOpen();
    const { routines, error } = this.#instance;
    const status = this.#instance.check(routines.af_decoding_step(this.#handle, Math.max(1, maxRows), error));
    if (status === Status.more) return false;
    routines.af_decoding_free(this.#handle);
    this.#handle = 0;
    return true;
  }

  free(): void {
    if (this.#handle === 0) return;
    this.#instance.routines.af_decoding_free(this.#handle);
    this.#handle = 0;
    (this.plane as EnginePlane).forget();
  }
}
