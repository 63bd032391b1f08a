/** Writing FITS files: images and binary tables. */
import type { Plane } from './api.ts';
import { FitsError } from './api.ts';
import type { Instance } from './layout.ts';
import { CardType, Layout, Status } from './layout.ts';
import { ownPlane } from './plane.ts';

/**
 * A header card to write. Integers give integer cards, other numbers real ones; null is a keyword without a value.
 * COMMENT, HISTORY and blank keywords take their text from `comment`, as `FitsCard` has it.
 */
export interface CardToWrite {
  readonly keyword: string;
  readonly value?: string | number | boolean | bigint | null | undefined;
  readonly comment?: string;
  /** Of a card that was read; it is not written. */
  readonly number?: number;
}

export interface HduToWrite {
  /** EXTNAME. */
  readonly name?: string;
  /**
   * In order. Cards that tell an HDU's structure (NAXIS, BZERO, TFORM1, CHECKSUM and so on) are left out, because the
   * writer sets them itself, and one that could not be parsed keeps its text only: those of another file can be passed as
   * they are where they are printable ASCII.
   */
  readonly cards?: readonly CardToWrite[];
}

export interface ImageToWrite extends HduToWrite {
  /** RICE_1 takes integers of 8, 16 and 32 bits; GZIP_2 every type, floats without loss. Default: none. */
  readonly compression?: 'none' | 'RICE_1' | 'GZIP_2';
}

export interface ColumnToWrite {
  readonly name: string;
  readonly unit?: string;
  /** One row for each row of the table, `width` elements each. */
  readonly values: Plane;
  /** For u8 planes: characters of text, or 0 and 1. */
  readonly as?: 'text' | 'logical';
}

/** A file while it is written into the engine's memory. Every HDU gets CHECKSUM and DATASUM. */
export interface FitsWriter {
  /** The plane must live until the writing is done. The first image without compression is the primary HDU. */
  image(plane: Plane, options?: ImageToWrite): Writing;
  table(columns: readonly ColumnToWrite[], options?: HduToWrite): void;
  /** A copy of the file; throws while an image is unfinished. */
  bytes(): Uint8Array<ArrayBuffer>;
  free(): void;
}

export interface Writing {
  /** About `maxRows` rows. True when done. */
  step(maxRows: number): boolean;
}

const FORMS = { none: 0, RICE_1: 1, GZIP_2: 2 } as const;
const LETTERS = { text: 'A'.charCodeAt(0), logical: 'L'.charCodeAt(0) } as const;
const COMMENTARY: readonly string[] = ['COMMENT', 'HISTORY', ''];

/** Structs and the texts that they point at, in one piece of memory. */
class Arguments {
  #size: number;
  readonly #fill: ((address: number) => void)[] = [];
  readonly #instance: Instance;

  constructor(instance: Instance, structs: number) {
    this.#instance = instance;
    this.#size = structs;
  }

  /** Puts a zero-terminated text behind the structs and its address at `offset`. */
  text(offset: number, text: string): void {
    const at = this.#size;
    // One byte a character; what is not ASCII, or would end the text, becomes a byte that the engine refuses.
    const bytes = Uint8Array.from({ length: text.length + 1 }, (_, i) =>
      i < text.length ? Math.min(text.charCodeAt(i) || 255, 255) : 0,
    );
    this.#size += bytes.length;
    this.#fill.push((address) => {
      this.#instance.bytes.set(bytes, address + at);
      this.#instance.view.setUint32(address + offset, address + at, true);
    });
  }

  set(write: (view: DataView, address: number) => void): void {
    this.#fill.push((address) => write(this.#instance.view, address));
  }

  call<T>(body: (address: number) => T): T {
    return this.#instance.withScratch(Math.max(1, this.#size), (address) => {
      for (const fill of this.#fill) fill(address);
      return body(address);
    });
  }
}

function packCard(packed: Arguments, at: number, card: CardToWrite): void {
  const { writerCard: layout } = Layout;
  const { keyword, value, comment = '' } = card;
  const set = (type: number, integer = 0n, real = 0): void =>
    packed.set((view, address) => {
      view.setInt32(address + at + layout.type, type, true);
      view.setBigInt64(address + at + layout.integer, integer, true);
      view.setFloat64(address + at + layout.real, real, true);
    });
  packed.text(at + layout.keyword, keyword);
  if (value === undefined) {
    // Cards that were read may have no value for reasons of their own.
    if (!COMMENTARY.includes(keyword) && card.number === undefined) {
      throw new FitsError(
        'WasmFailed',
        `the card ${keyword} has no value; null writes a keyword without one`,
      );
    }
    packed.text(at + layout.text, comment);
    set(CardType.commentary);
    return;
  }
  packed.text(at + layout.comment, comment);
  if (value === null) set(CardType.undefined);
  else if (typeof value === 'boolean') set(CardType.logical, value ? 1n : 0n);
  else if (typeof value === 'bigint') {
    if (value !== BigInt.asIntN(64, value)) {
      throw new FitsError('WasmFailed', `the card ${keyword} has an integer of more than 64 bits`);
    }
    set(CardType.integer, value);
  } else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) set(CardType.integer, BigInt(value));
    else set(CardType.real, 0n, value);
  } else {
    packed.text(at + layout.text, value);
    set(CardType.text);
  }
}

export class EngineWriter implements FitsWriter {
  readonly #instance: Instance;
  #handle: number;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#handle = instance.routines.af_writer_new();
    if (this.#handle === 0)
      throw new FitsError('WasmFailed', 'the engine is out of memory', { kind: 'memory' });
  }

  image(plane: Plane, options: ImageToWrite = {}): Writing {
    const instance = this.#instance;
    const { routines, error } = instance;
    const { compression = 'none' } = options;
    const form = FORMS[compression];
    if (form === undefined) {
      const known = Object.keys(FORMS).join(', ');
      throw new FitsError('WasmFailed', `no compression ${String(compression)}; there are: ${known}`);
    }
    const own = ownPlane(plane, instance);
    const { address } = own;
    this.#cards(options.cards ?? []);
    this.#named(options.name, (name) =>
      instance.check(routines.af_writer_image(this.#open(), address, form, name, error)),
    );
    let state: 'writing' | 'done' | 'failed' = 'writing';
    return {
      step: (maxRows) => {
        if (state === 'done') return true;
        if (state === 'failed') throw new FitsError('WasmFailed', 'the writing of this image has failed');
        state = 'failed';
        // A plane that was freed meanwhile must not be read.
        void own.address;
        const status = instance.check(routines.af_writer_step(this.#open(), Math.max(1, maxRows), error));
        state = status === Status.more ? 'writing' : 'done';
        return state === 'done';
      },
    };
  }

  table(columns: readonly ColumnToWrite[], options: HduToWrite = {}): void {
    const instance = this.#instance;
    const { writerColumn: layout } = Layout;
    this.#cards(options.cards ?? []);
    const packed = new Arguments(instance, columns.length * layout.size);
    columns.forEach(({ name, unit, values, as }, i) => {
      const at = i * layout.size;
      packed.text(at + layout.name, name);
      if (unit !== undefined) packed.text(at + layout.unit, unit);
      packed.set((view, address) => {
        view.setUint32(address + at + layout.values, ownPlane(values, instance).address, true);
        view.setInt32(address + at + layout.letter, as === undefined ? 0 : LETTERS[as], true);
      });
    });
    packed.call((list) =>
      this.#named(options.name, (name) =>
        instance.check(
          instance.routines.af_writer_table(this.#open(), list, columns.length, name, instance.error),
        ),
      ),
    );
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const instance = this.#instance;
    return instance.withScratch(4, (size) => {
      const address = instance.routines.af_writer_bytes(this.#open(), size) >>> 0;
      const count = instance.u32(size);
      if (address === 0 && count === 0) {
        throw new FitsError('WasmFailed', 'the file is empty, or an image in it is unfinished');
      }
      return instance.bytes.slice(address, address + count);
    });
  }

  free(): void {
    if (this.#handle === 0) return;
    this.#instance.routines.af_writer_free(this.#handle);
    this.#handle = 0;
  }

  #open(): number {
    if (this.#handle === 0) throw new FitsError('WasmFailed', 'the writer was freed');
    return this.#handle;
  }

  #cards(cards: readonly CardToWrite[]): void {
    const instance = this.#instance;
    const packed = new Arguments(instance, cards.length * Layout.writerCard.size);
    cards.forEach((card, i) => packCard(packed, i * Layout.writerCard.size, card));
    packed.call((list) =>
      instance.check(instance.routines.af_writer_cards(this.#open(), list, cards.length, instance.error)),
    );
  }

  #named(name: string | undefined, body: (address: number) => void): void {
    const packed = new Arguments(this.#instance, 4);
    packed.text(0, name ?? '');
    packed.call((address) => body(this.#instance.u32(address)));
  }
}
