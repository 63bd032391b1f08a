/**
 * Compiles the engine's sources for this machine with the address and undefined-behaviour sanitizers, runs the tests
 * beside this file, and ends with `N passed, N failed`.
 *
 *     node wasm/test/native.mjs          CXX picks the compiler, AF_FUZZ_SECONDS how long files are mutated (20, long runs 240)
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { LANGUAGE_FLAGS } from '../build.mjs';

const run = promisify(execFile);
const WASM = join(import.meta.dirname, '..');
const CACHE = join(WASM, '..', '.local', 'native-cache');
const JOBS = 2;

/** The engine itself has no exceptions; the tests use them to leave a failed case. It has no RTTI for vptr checks either. */
const SANITIZE = ['-fsanitize=address,undefined', '-fno-sanitize=vptr', '-fno-sanitize-recover=all'];
const COMMON = ['-O1', '-g1', '-Wall', '-Wextra', '-Werror', ...SANITIZE, `-I${join(WASM, 'include')}`];
const TEST_FLAGS = ['-std=c++20', '-ffp-contract=off', ...COMMON];
const ENGINE_FLAGS = [...LANGUAGE_FLAGS, ...COMMON];

async function findCompiler() {
  for (const name of process.env.CXX ? [process.env.CXX] : ['clang++', 'g++']) {
    try {
      return { name, version: (await run(name, ['--version'])).stdout };
    } catch {
      // The next one, or the sentence below.
    }
  }
  throw new Error('No C++ compiler for the native tests: install g++ (apt-get install g++) or set CXX.');
}

async function list(directory, pattern) {
  return (await readdir(directory)).filter((name) => pattern.test(name)).map((name) => join(directory, name));
}

/** The object of one unit, from the cache where nothing that makes it has changed. */
async function objectOf(unit, headersHash, compiler) {
  const flags = unit.includes(join('wasm', 'test')) ? TEST_FLAGS : ENGINE_FLAGS;
  const hash = createHash('sha256')
    .update([compiler.version, headersHash, ...flags, await readFile(unit, 'utf8')].join('\0'))
    .digest('hex')
    .slice(0, 32);
  const object = join(CACHE, `${basename(unit)}.${hash}.o`);
  if (!existsSync(object)) {
    await run(compiler.name, [...flags, '-c', unit, '-o', `${object}.part`], { maxBuffer: 1 << 24 });
    await run('mv', [`${object}.part`, object]);
    console.log(`compiled ${basename(unit)}`);
  }
  return object;
}

async function main() {
  const compiler = await findCompiler();
  await mkdir(CACHE, { recursive: true });
  const units = [
    ...(await list(join(WASM, 'src'), /\.cpp$/)),
    ...(await list(join(WASM, 'test'), /_test\.cpp$/)),
  ];
  const headers = [
    ...(await list(join(WASM, 'src'), /\.h$/)),
    ...(await list(join(WASM, 'include'), /\.h$/)),
    ...(await list(join(WASM, 'test'), /\.h$/)),
  ].sort();
  const headersHash = createHash('sha256');
  for (const header of headers) headersHash.update(await readFile(header));
  const digest = headersHash.digest('hex');

  const waiting = [...units];
  const objects = [];
  await Promise.all(
    Array.from({ length: JOBS }, async () => {
      for (let unit = waiting.shift(); unit; unit = waiting.shift()) {
        objects.push(await objectOf(unit, digest, compiler));
      }
    }),
  );
  const program = join(CACHE, 'engine-tests');
  await run(compiler.name, [...SANITIZE, ...objects, '-o', program]);
  const tests = spawn(program, {
    stdio: 'inherit',
    env: {
      ...process.env,
      AF_FIXTURES: join(WASM, '..', 'fixtures', 'engine'),
      AF_FUZZ_SECONDS: process.env.AF_FUZZ_SECONDS ?? (process.env.SUMMIT_NOTEBOOK_LONG ? '240' : '20'),
      // Told apart from 1, which the program itself ends with when a test fails.
      ASAN_OPTIONS: 'exitcode=99:allocator_may_return_null=1',
      LSAN_OPTIONS: 'exitcode=99',
      UBSAN_OPTIONS: 'exitcode=99:print_stacktrace=1',
    },
  });
  const code = await new Promise((resolve) => tests.on('close', (status) => resolve(status ?? 1)));
  // A sanitizer's report ends the program before it can count.
  if (code !== 0 && code !== 1) console.log('0 passed, 1 failed');
  process.exitCode = code === 0 ? 0 : 1;
}

try {
  await main();
} catch (error) {
  console.error(error.stderr || error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
