/**
 * The words of DS9 region files (https://ds9.si.edu/doc/ref/region.html, and what DS9 8.4 does where that is silent):
 * commands, properties, numbers with units. Every scan goes forward only, so that no text takes more than linear time.
 */

export interface Command {
  /** Without its properties: `circle(1,2,3)`, `fk5`, `-box 1 2 3 4`. */
  readonly body: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** DS9 writes these behind a comment sign, so that other programs pass over them. */
const BEHIND_COMMENT_SIGN =
  /^#\s*((?:vector|text|ruler|compass|projection|segment|composite)\s*\([^()#;]*\))/i;
const GLOBAL = /^\s*global\b/i;

const NO_PROPERTIES: ReadonlyMap<string, string> = new Map();

/** The commands of one line, one at a time, as a line may hold a million; comments are left out. */
export function* commandsOf(line: string): Generator<Command> {
  let at = 0;
  while (at < line.length) {
    const semicolon = indexOrEnd(line, ';', at);
    if (semicolon === at) {
      at += 1;
      continue;
    }
    const piece = line.slice(at, semicolon);
    const global = GLOBAL.exec(piece)?.[0];
    const sign = piece.indexOf('#');
    if (global !== undefined) {
      const { properties, end } = propertiesOf(line, at + global.length);
      yield { body: 'global', properties };
      at = end + 1;
    } else if (sign < 0) {
      yield* bodiesOf(piece, NO_PROPERTIES);
      at = semicolon + 1;
    } else {
      let body = piece.slice(0, sign).trim();
      let start = at + sign + 1;
      if (body === '') {
        const hidden = BEHIND_COMMENT_SIGN.exec(line.slice(at + sign));
        // A comment runs to the end of its line.
        if (hidden?.[1] === undefined) return;
        body = hidden[1];
        start = at + sign + hidden[0].length;
      }
      const { properties, end } = propertiesOf(line, start);
      yield* bodiesOf(body, properties);
      at = end + 1;
    }
  }
}

/** `||` ties the members of a composite together. */
function* bodiesOf(joined: string, properties: ReadonlyMap<string, string>): Generator<Command> {
  for (const part of joined.split('||')) {
    const body = part.trim();
    if (body !== '') yield { body, properties };
  }
}

function indexOrEnd(line: string, what: string, from: number): number {
  const found = line.indexOf(what, from);
  return found < 0 ? line.length : found;
}

const SPACE = /\s/;

/**
 * `key=value` pairs up to a semicolon. Values are bare words, or texts in braces (which nest), double or single quotes;
 * of several values to one key (`dashlist=8 3`) the first is kept, of several keys of one name the last.
 */
function propertiesOf(line: string, from: number): { properties: Map<string, string>; end: number } {
  const properties = new Map<string, string>();
  let at = from;
  while (at < line.length && line[at] !== ';') {
    if (SPACE.test(line[at] ?? '')) {
      at += 1;
      continue;
    }
    const start = at;
    while (at < line.length && !/[\s=;]/.test(line[at] ?? '')) at += 1;
    const key = line.slice(start, at).toLowerCase();
    if (line[at] !== '=') continue;
    const value = valueAt(line, at + 1);
    properties.set(key, value.text);
    at = value.end;
  }
  return { properties, end: at };
}

function valueAt(line: string, from: number): { text: string; end: number } {
  const opening = line[from];
  if (opening === '"' || opening === "'") {
    const end = indexOrEnd(line, opening, from + 1);
    return { text: line.slice(from + 1, end), end: end + 1 };
  }
  let at = from;
  if (opening === '{') {
    let depth = 0;
    for (; at < line.length; at += 1) {
      if (line[at] === '{') depth += 1;
      if (line[at] === '}') depth -= 1;
      if (depth === 0) break;
    }
    return { text: line.slice(from + 1, at), end: at + 1 };
  }
  while (at < line.length && !/[\s;]/.test(line[at] ?? '')) at += 1;
  return { text: line.slice(from, at), end: at };
}

/** A text as a property's value that DS9 and `propertiesOf` read back; braces that do not pair need quotes. */
export function quoted(text: string): string {
  if (bracesPair(text)) return `{${text}}`;
  const quote = ['"', "'"].find((mark) => !text.includes(mark));
  return quote === undefined ? `{${text.replaceAll('{', '(').replaceAll('}', ')')}}` : quote + text + quote;
}

function bracesPair(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

const NUMBER = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(["'drpi]?)$/i;
const SEXAGESIMAL = /^([+-]?)(\d+)([:hd])(\d+)([:m])(\d+(?:\.\d*)?)s?$/i;
const DEGREES_PER_RADIAN = 180 / Math.PI;

export type Unit = '' | '"' | "'" | 'd' | 'r' | 'p' | 'i';

export function numberOf(token: string): { value: number; unit: Unit } | undefined {
  const match = NUMBER.exec(token);
  const value = Number(match?.[1]);
  if (!match || !Number.isFinite(value)) return undefined;
  return { value, unit: (match[2] ?? '').toLowerCase() as Unit };
}

export type Coordinate = { readonly value: number; readonly of: 'plain' | 'image' | 'physical' | 'sky' };

/** One coordinate; of the sky in degrees. Colons mean hours in right ascension, degrees in declination. */
export function coordinateOf(token: string, axis: 'x' | 'y'): Coordinate | undefined {
  const sexagesimal = SEXAGESIMAL.exec(token);
  if (sexagesimal) {
    const [, sign, whole, mark, minutes, secondMark, seconds] = sexagesimal;
    // Seconds of 60 come of rounding.
    if ((mark === ':') !== (secondMark === ':') || Number(minutes) >= 60 || Number(seconds) > 60)
      return undefined;
    const hours = mark === ':' ? axis === 'x' : mark?.toLowerCase() === 'h';
    const size = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
    return { value: (sign === '-' ? -1 : 1) * size * (hours ? 15 : 1), of: 'sky' };
  }
  const number = numberOf(token);
  switch (number?.unit) {
    case '':
      return { value: number.value, of: 'plain' };
    case 'd':
      return { value: number.value, of: 'sky' };
    case 'r':
      return { value: number.value * DEGREES_PER_RADIAN, of: 'sky' };
    case 'p':
      return { value: number.value, of: 'physical' };
    case 'i':
      return { value: number.value, of: 'image' };
    case '"':
    case "'":
    case undefined:
      return undefined;
  }
}
