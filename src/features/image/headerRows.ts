/** The cards of an HDU beside those of another exposure's. Pure. */
import type { HduHeader, HeaderCard } from '../../workers/image/contract.ts';

/** One of the two is there; without another exposure it is `card`. */
export interface HeaderRow {
  readonly card: HeaderCard | undefined;
  /** The same card of the exposure that it is compared with. */
  readonly other: HeaderCard | undefined;
}

/** What a card says: commentary cards (COMMENT, HISTORY) have no value. */
export function cardText({ value, comment }: HeaderCard): string {
  return value || comment;
}

/** Those that hold every word of the search, in the order of this header; what only the other has comes last. */
export function headerRows(
  hdu: HduHeader | undefined,
  other: HduHeader | undefined,
  search: string,
  onlyDifferent: boolean,
): readonly HeaderRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return paired(hdu?.cards ?? [], other?.cards ?? []).filter((row) => {
    const text = [row.card, row.other]
      .map((card) => (card ? `${card.keyword} ${card.value} ${card.comment}` : ''))
      .join(' ')
      .toLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    return !onlyDifferent || !row.card || !row.other || cardText(row.card) !== cardText(row.other);
  });
}

/**
 * A keyword that comes several times is paired with what says the same, wherever it stands, and then in order: a line
 * of HISTORY more must not make all that follow it differ.
 */
function paired(cards: readonly HeaderCard[], others: readonly HeaderCard[]): readonly HeaderRow[] {
  const left = new Set(others);
  const take = (alike: (other: HeaderCard) => boolean) => {
    const taken = [...left].find(alike);
    if (taken) left.delete(taken);
    return taken;
  };
  const same = new Map(
    cards.map((card) => [
      card,
      take((other) => other.keyword === card.keyword && cardText(other) === cardText(card)),
    ]),
  );
  const rows = cards.map((card) => ({
    card,
    other: same.get(card) ?? take((other) => other.keyword === card.keyword),
  }));
  return [...rows, ...[...left].map((other) => ({ card: undefined, other }))];
}
