/** The command line `astro-fits-wasm`. Its words, its JSON and its exit codes are a contract: see README.md. */
import { readArguments } from './arguments.ts';
import type { Command, TextAndFailure } from './command.ts';
import { Failure, failureOf } from './failure.ts';
import { header } from './header.ts';
import { info } from './info.ts';
import { isr } from './isr.ts';
import { startEngine } from './source.ts';
import { stats } from './stats.ts';
import { verify } from './verify.ts';
import { wcs } from './wcs.ts';

const COMMANDS = new Map<string, Command>(Object.entries({ info, header, stats, isr, wcs, verify }));

const COMMON_HELP = [
  '--json              one JSON document on standard output, and nothing else',
  '--memory-limit MIB  the most that a file, and an image made from it, may take; default 1024',
  '--help              this text',
];

function generalHelp(): string {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length));
  return [
    'usage: astro-fits-wasm COMMAND FILE [OPTION...]',
    '',
    ...[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'FILE may be gzipped; - is standard input. astro-fits-wasm COMMAND --help tells more.',
    'The exit code is 0, or 1 with one line on standard error: `error: KIND: FILE: WHAT`, where KIND is malformed,',
    'unsupported, limit, memory, usage, io, or fault where the program itself is at fault.',
  ].join('\n');
}

function commandHelp(name: string, { summary, usage, help }: Command): string {
  return [
    `usage: astro-fits-wasm ${name} ${usage}`,
    '',
    summary,
    '',
    ...[...help, ...COMMON_HELP].map((line) => `  ${line}`),
  ].join('\n');
}

async function answer(args: readonly string[]): Promise<string | TextAndFailure> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') return generalHelp();
  const command = COMMANDS.get(name);
  if (!command) {
    const known = [...COMMANDS.keys()].join(', ');
    throw new Failure(
      'usage',
      'astro-fits-wasm',
      `there is no command ${JSON.stringify(name)}, only ${known}`,
    );
  }
  const read = readArguments(name, rest, command.options);
  return read ? command.run(await startEngine(), read) : commandHelp(name, command);
}

async function print(text: string): Promise<void> {
  // The callback of `write` tells what went wrong; without a listener it would end the program as well.
  process.stdout.on('error', () => undefined);
  const error = await new Promise<Error | null | undefined>((resolve) => {
    process.stdout.write(`${text}\n`, resolve);
  });
  // A reader such as `head` that has seen enough is no failure.
  if (error && !('code' in error && error.code === 'EPIPE')) throw failureOf(error, 'standard output');
}

/** The exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const answered = await answer(args);
    await print(typeof answered === 'string' ? answered : answered.text);
    if (typeof answered !== 'string') throw answered.failure;
    return 0;
  } catch (error) {
    const failure =
      error instanceof Failure
        ? error
        : new Failure('fault', 'astro-fits-wasm', String(error), { cause: error });
    process.stderr.write(`${failure.line}\n`);
    return 1;
  }
}
