/**
 * The language of the filters. Numbers: `>1.2`, `<=3`, `1..2`, `2..`, `=5` or `5`, `empty`, `known`; texts: words in any
 * order, "words that belong together", "" for an empty cell. `!` before a part turns it round; all parts must hold.
 */
export type Test<T> = (value: T) => boolean;

export interface FilterProblem {
  readonly problem: string;
}

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?`;
const COMPARISON = new RegExp(`^(<=|>=|<|>|=)?(${NUMBER})$`, 'i');
const RANGE = new RegExp(String.raw`^(${NUMBER})?\.\.(${NUMBER})?$`, 'i');

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '=': (value, limit) => value === limit,
};

/** Undefined for an empty filter. A cell that is not known passes `empty` and nothing else, `!5` included. */
export function numberFilter(typed: string): Test<number> | FilterProblem | undefined {
  const parts = typed
    .replaceAll('−', '-')
    .replaceAll('≤', '<=')
    .replaceAll('≥', '>=')
    .replace(/([<>=!])\s+/g, '$1')
    .replace(/\s*\.\.\s*/g, '..')
    .split(/\s+/)
    .filter(Boolean);
  const tests: Test<number>[] = [];
  for (const part of parts) {
    const test = numberTest(part.replace(/^!/, ''));
    if (!test) {
      return { problem: `“${part}” filters no number; these do: >1.2  <=3  1..2  =5  !5  empty  known` };
    }
    tests.push(part.startsWith('!') ? turned(part, test) : test);
  }
  return tests.length === 0 ? undefined : (value) => tests.every((test) => test(value));
}

function turned(part: string, test: Test<number>): Test<number> {
  const aboutKnowing = /^!(empty|known)$/i.test(part);
  return (value) => (aboutKnowing || !Number.isNaN(value)) && !test(value);
}

function numberTest(part: string): Test<number> | undefined {
  if (/^empty$/i.test(part)) return Number.isNaN;
  if (/^known$/i.test(part)) return (value) => !Number.isNaN(value);
  const range = RANGE.exec(part);
  if (range && part !== '..') {
    const ends = [Number(range[1] ?? -Infinity), Number(range[2] ?? Infinity)];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    return (value) => value >= low && value <= high;
  }
  const comparison = COMPARISON.exec(part);
  if (!comparison) return undefined;
  const limit = Number(comparison[2]);
  const compare = COMPARE[comparison[1] ?? '='];
  return compare && ((value) => compare(value, limit));
}

export interface TextPart {
  /** Lower case. Empty asks for an empty text. */
  readonly text: string;
  readonly turned: boolean;
}

export function textParts(typed: string): TextPart[] {
  const parts: TextPart[] = [];
  for (const [, bang, quoted, word] of typed.matchAll(/(!?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    // A word that ends with a quote mark's beginning is still being typed.
    if (word === '!') continue;
    parts.push({ text: (quoted ?? word ?? '').toLowerCase(), turned: bang === '!' });
  }
  return parts;
}

/** Whether the part's text occurs, before it is turned round. */
export function occurs(part: TextPart, text: string): boolean {
  return part.text === '' ? text === '' : text.toLowerCase().includes(part.text);
}

/** Undefined for an empty filter. */
export function textFilter(typed: string): Test<string> | undefined {
  const parts = textParts(typed);
  if (parts.length === 0) return undefined;
  return (text) => parts.every((part) => occurs(part, text) !== part.turned);
}
