/** FITS files as they arrive: HDUs, headers, decodings. */
import type {
  Decoding,
  FitsCard,
  FitsHeader,
  FitsProblem,
  FitsStream,
  Hdu,
  HduKind,
  PixelForm,
  Plane,
  StreamOptions,
} from './api.ts';
import { FitsError } from './api.ts';
import type { Instance } from './layout.ts';
import { CardType, HDU_KINDS, Layout, PIXEL_FORMS, Status } from './layout.ts';
import { EnginePlane } from './plane.ts';

/** Chunks are copied into the engine in pieces of this size. */
const PIECE = 1 << 18;

const CARD_LENGTH = 80;

class Header implements FitsHeader {
  readonly cards: readonly FitsCard[];
  readonly problems: readonly FitsProblem[];
  readonly #raw: string;
  readonly #first = new Map<string, FitsCard['value']>();

  constructor(cards: readonly FitsCard[], problems: readonly FitsProblem[], raw: string) {
    this.cards = cards;
    this.problems = problems;
    this.#raw = raw;
    for (const { keyword, value } of cards) if (!this.#first.has(keyword)) this.#first.set(keyword, value);
  }

  get raw(): readonly string[] {
    return Array.from({ length: this.#raw.length / CARD_LENGTH }, (_, i) =>
      this.#raw.slice(i * CARD_LENGTH, (i + 1) * CARD_LENGTH),
    );
  }

  text(keyword: string): string | undefined {
    const value = this.#first.get(keyword);
    return typeof value === 'string' ? value : undefined;
  }

  number(keyword: string): number | undefined {
    const value = this.#first.get(keyword);
    return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined;
  }

  boolean(keyword: string): boolean | undefined {
    const value = this.#first.get(keyword);
    return typeof value === 'boolean' ? value : undefined;
  }
}

/** `text` is the HDU's whole block of text, one character a byte. */
function readCard(instance: Instance, card: number, text: string): FitsCard {
  const { card: layout } = Layout;
  const { view } = instance;
  const part = (offset: number, length: number): string => {
    const start = view.getUint32(card + offset, true);
    return text.slice(start, start + view.getUint32(card + length, true));
  };
  const value = (): FitsCard['value'] => {
    switch (view.getInt32(card + layout.type, true)) {
      case CardType.undefined:
        return null;
      case CardType.text:
        return part(layout.text, layout.textLength);
      case CardType.logical:
        return view.getBigInt64(card + layout.integer, true) === 1n;
      case CardType.integer: {
        const exact = view.getBigInt64(card + layout.integer, true);
        const number = Number(exact);
        return Number.isSafeInteger(number) ? number : exact;
      }
      case CardType.real:
        return view.getFloat64(card + layout.real, true);
      default:
        return undefined;
    }
  };
  return {
    number: view.getUint32(card + layout.number, true),
    keyword: part(layout.keyword, layout.keywordLength),
    value: value(),
    comment: part(layout.comment, layout.commentLength),
  };
}

/** Of an `AfHdu` at this address. */
export function readProblems(instance: Instance, hdu: number): FitsProblem[] {
  const { hdu: layout, problem } = Layout;
  const list = instance.u32(hdu + layout.problems);
  return Array.from({ length: instance.u32(hdu + layout.problemCount) }, (_, i) => {
    const at = list + i * problem.size;
    return { card: instance.u32(at + problem.card), text: instance.text(instance.u32(at + problem.text)) };
  });
}

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
    const cards = instance.u32(hdu + layout.cards);
    const text = instance.text(instance.u32(hdu + layout.text), instance.u32(hdu + layout.textLength));
    this.stream = stream;
    this.index = index;
    this.kind = HDU_KINDS[instance.u32(hdu + layout.kind)] ?? 'other';
    this.width = instance.u32(hdu + layout.width);
    this.height = instance.u32(hdu + layout.height);
    this.header = new Header(
      Array.from({ length: instance.u32(hdu + layout.cardCount) }, (_, i) =>
        readCard(instance, cards + i * Layout.card.size, text),
      ),
      readProblems(instance, hdu),
      instance.text(instance.u32(hdu + layout.raw), instance.u32(hdu + layout.rawLength)),
    );
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
  #handle: number;

  constructor(instance: Instance, { expectedBytes = 0, memoryLimit = 0 }: StreamOptions) {
    const { streamOptions: layout } = Layout;
    const whole = (bytes: number): bigint => BigInt(Math.max(0, Math.trunc(bytes)));
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
    return new EngineDecoding(this.#instance, this.#open(), this.#own(hdu), form);
  }

  release(hdu: Hdu): void {
    const { routines, error } = this.#instance;
    this.#instance.check(routines.af_stream_release(this.#open(), this.#own(hdu), error));
  }

  free(): void {
    this.#instance.routines.af_stream_free(this.#handle);
    this.#handle = 0;
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
  #handle: number;

  constructor(instance: Instance, stream: number, index: number, form: PixelForm) {
    this.#instance = instance;
    const number = PIXEL_FORMS.indexOf(form);
    this.#handle = instance.routines.af_decoding_new(stream, index, number, instance.error);
    if (this.#handle === 0) instance.fail();
    this.plane = new EnginePlane(instance, instance.routines.af_decoding_plane(this.#handle));
  }

  step(maxRows: number): boolean {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the decoding is over');
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
