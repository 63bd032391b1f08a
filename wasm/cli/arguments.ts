/** Reading a command's arguments. */
import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import { Failure } from './failure.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Every command takes these. */
const COMMON = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  'memory-limit': { type: 'string' },
} as const satisfies Options;

export interface Arguments {
  readonly file: string;
  readonly json: boolean;
  readonly memoryLimit: number | undefined;
  /** The value of an option with an argument. */
  text(option: string): string | undefined;
  /** A whole number from 0. */
  count(option: string): number | undefined;
  /** As many numbers as `length`, with commas between. */
  numbers(option: string, length: number): readonly number[] | undefined;
  /** The same with whole numbers from 0. */
  counts(option: string, length: number): readonly number[] | undefined;
  /** One of the names, or any number of them with commas between. */
  oneOf<T extends string>(option: string, names: readonly T[]): T | undefined;
  someOf<T extends string>(option: string, names: readonly T[]): readonly T[] | undefined;
}

const MIB = 2 ** 20;

/** `-1,5` after an option is its value, not another option. */
function joinNegativeValues(args: readonly string[], options: Options): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const previous = joined.at(-1);
    const name = previous?.startsWith('--') ? previous.slice(2) : '';
    if (options[name]?.type === 'string' && /^-[\d.]/.test(arg)) joined[joined.length - 1] += `=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** Undefined when help is asked for. */
export function readArguments(
  command: string,
  args: readonly string[],
  options: Options,
): Arguments | undefined {
  const wrong = (what: string): Failure =>
    new Failure('usage', command, `${what}; astro-fits-wasm ${command} --help lists the options`);
  const all = { ...COMMON, ...options };
  const { values, positionals } = (() => {
    try {
      return parseArgs({ args: joinNegativeValues(args, all), options: all, allowPositionals: true });
    } catch (error) {
      // Node's messages go on with advice about dashes.
      if (error instanceof TypeError && 'code' in error) throw wrong(error.message.split(/[.\n]/)[0] ?? '');
      throw error;
    }
  })();
  const given = values as Readonly<Record<string, string | boolean | undefined>>;
  if (given['help'] === true) return undefined;
  const [file, more] = positionals;
  if (file === undefined) throw wrong('no file is given');
  if (more !== undefined) throw wrong(`one file is wanted, but ${JSON.stringify(more)} follows`);

  const text = (option: string): string | undefined => {
    const value = given[option];
    return typeof value === 'string' ? value : undefined;
  };
  const numbers = (option: string, length: number): readonly number[] | undefined => {
    const value = text(option);
    if (value === undefined) return undefined;
    const list = value.split(',').map((each) => (each.trim() === '' ? Number.NaN : Number(each)));
    if (list.length !== length || !list.every(Number.isFinite)) {
      const wanted = length === 1 ? 'a number' : `${length} numbers with a comma between`;
      throw wrong(`--${option} wants ${wanted}, not ${JSON.stringify(value)}`);
    }
    return list;
  };
  const counts = (option: string, length: number): readonly number[] | undefined => {
    const list = numbers(option, length);
    const bad = list?.find((value) => !(Number.isSafeInteger(value) && value >= 0));
    if (bad !== undefined) throw wrong(`--${option} wants whole numbers from 0, not ${bad}`);
    return list;
  };
  const count = (option: string): number | undefined => counts(option, 1)?.[0];
  const known = <T extends string>(option: string, names: readonly T[], name: string): T => {
    const found = names.find((each) => each === name);
    if (found === undefined)
      throw wrong(`--${option} knows ${names.join(', ')}, not ${JSON.stringify(name)}`);
    return found;
  };
  const limit = count('memory-limit');
  if (limit === 0) throw wrong('--memory-limit wants at least 1');
  return {
    file,
    json: given['json'] === true,
    memoryLimit: limit === undefined ? undefined : limit * MIB,
    text,
    count,
    numbers,
    counts,
    oneOf: (option, names) => {
      const value = text(option);
      return value === undefined ? undefined : known(option, names, value);
    },
    someOf: (option, names) =>
      text(option)
        ?.split(',')
        .map((name) => known(option, names, name.trim())),
  };
}
