/** The cards of one HDU. */
import type { FitsCard, FitsHeader, FitsProblem } from './api.ts';
import type { Instance } from './layout.ts';
import { CardType, Layout } from './layout.ts';

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

/** Of an `AfHdu` at this address. */
export function readHeader(instance: Instance, hdu: number): FitsHeader {
  const { hdu: layout, card } = Layout;
  const cards = instance.u32(hdu + layout.cards);
  const text = instance.text(instance.u32(hdu + layout.text), instance.u32(hdu + layout.textLength));
  return new Header(
    Array.from({ length: instance.u32(hdu + layout.cardCount) }, (_, i) =>
      readCard(instance, cards + i * card.size, text),
    ),
    readProblems(instance, hdu),
    instance.text(instance.u32(hdu + layout.raw), instance.u32(hdu + layout.rawLength)),
  );
}
