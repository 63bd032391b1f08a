import type { ParseArgsConfig } from 'node:util';
import type { Engine } from '../index.ts';
import type { Arguments } from './arguments.ts';
import type { Failure } from './failure.ts';

/** What goes to standard output, without the last line's end, and what is wrong all the same. */
export interface TextAndFailure {
  readonly text: string;
  readonly failure: Failure;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its arguments after the command's name. */
  readonly usage: string;
  /** What the options mean, a line each; those that every command has are added. */
  readonly help: readonly string[];
  readonly options: NonNullable<ParseArgsConfig['options']>;
  run(engine: Engine, args: Arguments): Promise<string | TextAndFailure>;
}
