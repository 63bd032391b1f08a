/** Files and standard input as streams of the engine. */
import { createReadStream, fstatSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Engine, FitsStream, Hdu } from '../index.ts';
import { FitsError, createEngine } from '../index.ts';
import { Failure, failureOf } from './failure.ts';

const CHUNK = 1 << 20;

/** The engine that was built into the directory of this program. */
export async function startEngine(): Promise<Engine> {
  const module = new URL('../astro_fits.wasm', import.meta.url);
  try {
    return await createEngine(await readFile(module));
  } catch (error) {
    if (error instanceof FitsError) throw new Failure('io', module.pathname, error.message, { cause: error });
    throw failureOf(error, module.pathname);
  }
}

/** What a command does with a file: `memoryLimit` in bytes, undefined for the engine's own. */
export interface Source {
  readonly file: string;
  readonly memoryLimit: number | undefined;
}

/**
 * Gives the body a stream that gets the whole file. `afterChunk` runs whenever more of it has arrived. What goes wrong
 * in between is a failure of this file.
 */
export async function withFile<T>(
  engine: Engine,
  { file, memoryLimit }: Source,
  afterChunk: (stream: FitsStream) => void,
  body: (stream: FitsStream) => T | Promise<T>,
): Promise<T> {
  let stream: FitsStream | undefined;
  try {
    const status = file === '-' ? fstatSync(process.stdin.fd) : await stat(file);
    // Node reads a directory on standard input as an empty file.
    if (status.isDirectory()) throw new Failure('io', file, 'it is a directory');
    stream = engine.openStream({
      ...(file === '-' ? {} : { expectedBytes: status.size }),
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
    });
    const chunks = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      stream.push(chunk);
      afterChunk(stream);
    }
    stream.end();
    afterChunk(stream);
    return await body(stream);
  } catch (error) {
    throw failureOf(error, file);
  } finally {
    stream?.free();
  }
}

/** Visits every HDU once it is complete and gives its memory back, so that large files need little of it. */
export async function eachHdu<T>(
  engine: Engine,
  source: Source,
  visit: (hdu: Hdu, stream: FitsStream) => T,
): Promise<T[]> {
  const results: T[] = [];
  const visitComplete = (stream: FitsStream): void => {
    for (let hdu = stream.hdus[results.length]; hdu?.complete; hdu = stream.hdus[results.length]) {
      results.push(visit(hdu, stream));
      stream.release(hdu);
    }
  };
  await withFile(engine, source, visitComplete, () => undefined);
  return results;
}

/** The HDU that `--hdu` names. */
export function pickHdu<T>(hdus: readonly T[], index: number, file: string): T {
  const hdu = hdus[index];
  if (hdu === undefined) {
    throw new Failure('usage', file, `there is no HDU ${index}; the file has HDUs 0 to ${hdus.length - 1}`);
  }
  return hdu;
}
