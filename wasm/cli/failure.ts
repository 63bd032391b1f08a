/** What the command line says when it cannot do what it was asked. */
import { FitsError } from '../index.ts';
import type { FitsErrorKind } from '../index.ts';

/** `fault`: of the program itself. */
export type FailureKind = FitsErrorKind | 'io' | 'fault';

/** `subject` is the file, or the command where no file is at fault. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly subject: string;

  constructor(kind: FailureKind, subject: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.kind = kind;
    this.subject = subject;
  }

  /** `error: <kind>: <file>: <what, where>`, always one line whatever the file is called. */
  get line(): string {
    return `error: ${this.kind}: ${oneLine(this.subject)}: ${oneLine(this.message)}`;
  }
}

const oneLine = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u001f\u007f]/g, (character) => JSON.stringify(character).slice(1, -1));

const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'reading or writing it is not permitted',
  ENOSPC: 'the disk is full',
};

/** A failure of the file `subject`; faults of the program itself pass through unchanged. */
export function failureOf(error: unknown, subject: string): unknown {
  if (error instanceof FitsError) {
    const kind = error.detail.kind ?? 'usage';
    return new Failure(kind, subject, error.message, { cause: error });
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    const message = SYSTEM_MESSAGES[String(error.code)] ?? error.message;
    return new Failure('io', subject, message, { cause: error });
  }
  return error;
}
