/**
 * The rows of the exposure table by columns: numbers as doubles with NaN for "not known", texts as codes into a
 * dictionary with the empty text for "not known". A row keeps its index until rows are removed.
 */
import type { ExposureId } from '../../core/dataId.ts';
import { COLUMN_IDS, EXPOSURE_COLUMNS, type ColumnId } from '../../core/exposureColumns.ts';
import type { Night } from './contract.ts';
import type { TableChanges } from './tableWire.ts';

const EMPTY_CODE = 0;

export class TextColumn {
  codes = new Uint32Array(0);
  /** By code; the first is the empty text. */
  readonly words: string[] = [''];
  readonly #codeOf = new Map<string, number>([['', EMPTY_CODE]]);
  #ranks: Float64Array | undefined;

  set(row: number, text: string): void {
    let code = this.#codeOf.get(text);
    if (code === undefined) {
      code = this.words.push(text) - 1;
      this.#codeOf.set(text, code);
      this.#ranks = undefined;
    }
    this.codes[row] = code;
  }

  get(row: number): string {
    return this.words[this.codes[row] ?? EMPTY_CODE] ?? '';
  }

  /** Place of each code in alphabetical order, where upper and lower case are the same; NaN for the empty text. */
  ranks(): Float64Array {
    if (this.#ranks) return this.#ranks;
    const folded = this.words.map((word) => word.toLowerCase());
    const codes = folded.map((_, code) => code);
    const sorted = codes.sort((a, b) => compareTexts(folded[a] ?? '', folded[b] ?? ''));
    const ranks = new Float64Array(codes.length);
    let rank = 0;
    sorted.forEach((code, place) => {
      if (place > 0 && folded[code] !== folded[sorted[place - 1] ?? 0]) rank = place;
      ranks[code] = code === EMPTY_CODE ? NaN : rank;
    });
    this.#ranks = ranks;
    return ranks;
  }
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export class TableColumns {
  rowCount = 0;
  readonly #numbers = new Map<ColumnId, Float64Array>();
  readonly #texts = new Map<ColumnId, TextColumn>();
  readonly #rowOf = new Map<ExposureId, number>();
  #newestFirst: Uint32Array | undefined;

  constructor() {
    for (const id of COLUMN_IDS) {
      if (EXPOSURE_COLUMNS[id].kind === 'number') this.#numbers.set(id, new Float64Array(0));
      else this.#texts.set(id, new TextColumn());
    }
  }

  /** Undefined for a column of texts. */
  numbers(id: ColumnId): Float64Array | undefined {
    return this.#numbers.get(id);
  }

  /** Undefined for a column of numbers. */
  texts(id: ColumnId): TextColumn | undefined {
    return this.#texts.get(id);
  }

  rowOf(exposure: ExposureId): number | undefined {
    return this.#rowOf.get(exposure);
  }

  /** A changed row is replaced as a whole. Of an exposure that comes twice the later row counts. */
  apply(changes: TableChanges): void {
    this.#remove(changes.removed);
    const exposures = changes.numbers.get('exposure') ?? new Float64Array(0);
    const target = new Uint32Array(changes.rowCount);
    exposures.forEach((exposure, i) => {
      const row = this.#rowOf.get(exposure) ?? this.rowCount++;
      this.#rowOf.set(exposure, row);
      target[i] = row;
    });
    this.#grow();
    for (const [id, values] of this.#numbers) {
      const given = changes.numbers.get(id);
      target.forEach((row, i) => (values[row] = given?.[i] ?? NaN));
    }
    for (const [id, column] of this.#texts) {
      const given = changes.texts.get(id);
      target.forEach((row, i) => column.set(row, given?.[i] ?? ''));
    }
    this.#newestFirst = undefined;
  }

  /** All rows by night and number, newest first: the order of a table that is not sorted. */
  newestFirst(): Uint32Array {
    if (this.#newestFirst) return this.#newestFirst;
    const [day, seq, id] = (['dayObs', 'seqNum', 'exposure'] as const).map((name) => this.#numbers.get(name));
    const difference = (values: Float64Array | undefined, a: number, b: number) =>
      (values?.[b] ?? 0) - (values?.[a] ?? 0);
    this.#newestFirst = Uint32Array.from({ length: this.rowCount }, (_, row) => row).sort(
      (a, b) => difference(day, a, b) || difference(seq, a, b) || difference(id, a, b),
    );
    return this.#newestFirst;
  }

  nights(): Night[] {
    const counts = new Map<number, number>();
    const days = this.#numbers.get('dayObs')?.subarray(0, this.rowCount) ?? [];
    for (const day of days) counts.set(day, (counts.get(day) ?? 0) + 1);
    return [...counts]
      .map(([dayObs, exposures]) => ({ dayObs, exposures }))
      .sort((a, b) => b.dayObs - a.dayObs);
  }

  /** The rows that stay move together. */
  #remove(exposures: readonly ExposureId[]): void {
    const gone = new Set<number>();
    for (const exposure of exposures) {
      const row = this.#rowOf.get(exposure);
      if (row !== undefined) gone.add(row);
      this.#rowOf.delete(exposure);
    }
    if (gone.size === 0) return;
    const kept = Uint32Array.from({ length: this.rowCount }, (_, row) => row).filter((row) => !gone.has(row));
    for (const values of this.#numbers.values())
      kept.forEach((from, to) => (values[to] = values[from] ?? NaN));
    for (const { codes } of this.#texts.values()) {
      kept.forEach((from, to) => (codes[to] = codes[from] ?? EMPTY_CODE));
    }
    this.rowCount = kept.length;
    const ids = this.#numbers.get('exposure');
    for (let row = 0; row < this.rowCount; row++) this.#rowOf.set(ids?.[row] ?? NaN, row);
  }

  /** By a quarter more than needed, so that rows that come one by one are not each a copy of everything. */
  #grow(): void {
    const capacity = this.#numbers.get('exposure')?.length ?? 0;
    if (this.rowCount <= capacity) return;
    const length = Math.ceil(this.rowCount * 1.25);
    for (const [id, values] of this.#numbers) {
      const larger = new Float64Array(length);
      larger.set(values);
      this.#numbers.set(id, larger);
    }
    for (const column of this.#texts.values()) {
      const larger = new Uint32Array(length);
      larger.set(column.codes);
      column.codes = larger;
    }
  }
}
