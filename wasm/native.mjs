/**
 * Compiles the engine's sources for this machine under the address and undefined-behaviour sanitizers: for its native
 * tests and its fuzzing. Objects are cached by everything that makes them.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { LANGUAGE_FLAGS, digest, included } from './build.mjs';

const run = promisify(execFile);
const WASM = import.meta.dirname;
export const NATIVE_CACHE = join(WASM, '..', '.local', 'native-cache');
const JOBS = 2;

/** The engine has no RTTI for vptr checks. */
const SANITIZE = ['-fsanitize=address,undefined', '-fno-sanitize=vptr', '-fno-sanitize-recover=all'];
const COMMON = ['-O1', '-g1', '-Wall', '-Wextra', '-Werror', ...SANITIZE, `-I${join(WASM, 'include')}`];
/** The engine itself has no exceptions; the tests use them to leave a failed case. */
const HARNESS_FLAGS = ['-std=c++20', '-ffp-contract=off', ...COMMON];
const ENGINE_FLAGS = [...LANGUAGE_FLAGS, ...COMMON];

/** A sanitizer's report is told apart from 1, which a program ends with when it says itself that something is wrong. */
export const SANITIZER_ENVIRONMENT = {
  ASAN_OPTIONS: 'exitcode=99:allocator_may_return_null=1',
  LSAN_OPTIONS: 'exitcode=99',
  UBSAN_OPTIONS: 'exitcode=99:print_stacktrace=1',
};

/** @returns {Promise<{ name: string, version: string }>} the first of the names that runs, or the one that CXX names */
export async function findCompiler(/** @type {string[]} */ names) {
  const wanted = process.env['CXX'] ? [process.env['CXX']] : names;
  for (const name of wanted) {
    try {
      return { name, version: (await run(name, ['--version'])).stdout };
    } catch {
      // The next one, or the sentence below.
    }
  }
  throw new Error(
    `No C++ compiler (${wanted.join(', ')}): install one (apt-get install clang libclang-rt-dev) or set CXX.`,
  );
}

/** @returns {Promise<string[]>} paths of the matching files, none where the folder does not exist */
async function list(/** @type {string} */ directory, /** @type {RegExp} */ pattern) {
  const names = existsSync(directory) ? await readdir(directory) : [];
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(directory, name));
}

export const engineUnits = () => list(join(WASM, 'src'), /\.cpp$/);
export const unitsOf = (/** @type {string} */ folder, /** @type {RegExp} */ pattern) =>
  list(join(WASM, folder), pattern);

/**
 * The objects of the units, those that no change concerns from the cache.
 * @param {{ name: string, version: string }} compiler
 * @param {string[]} units paths
 * @param {string[]} [flags] added to all of them
 */
export async function compile(compiler, units, flags = []) {
  await mkdir(NATIVE_CACHE, { recursive: true });
  const headers = new Map();
  for (const folder of ['src', 'include', 'test', 'fuzz'])
    for (const header of await list(join(WASM, folder), /\.h$/))
      headers.set(basename(header), await readFile(header));

  const objects = /** @type {string[]} */ ([]);
  const waiting = [...units.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, unit] = next;
      const all = [...(unit.startsWith(join(WASM, 'src')) ? ENGINE_FLAGS : HARNESS_FLAGS), ...flags];
      const source = await readFile(unit);
      const hash = digest(compiler.version, ...all, source, ...included(source, headers).flat());
      const object = join(NATIVE_CACHE, `${basename(unit)}.${hash}.o`);
      if (!existsSync(object)) {
        const part = `${object}.${process.pid}`;
        await run(compiler.name, [...all, '-c', unit, '-o', part], { maxBuffer: 1 << 24 });
        await rename(part, object);
        console.log(`compiled ${basename(unit)}`);
      }
      objects[index] = object;
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return objects;
}

/**
 * Links a program into the cache.
 * @param {{ name: string, version: string }} compiler
 * @param {string} name
 * @param {string[]} objects
 * @param {string[]} [flags]
 * @returns {Promise<string>} its path
 */
export async function link(compiler, name, objects, flags = []) {
  const program = join(NATIVE_CACHE, name);
  const part = `${program}.${process.pid}`;
  await run(compiler.name, [...SANITIZE, ...flags, ...objects, '-o', part], { maxBuffer: 1 << 24 });
  await rename(part, program);
  return program;
}
