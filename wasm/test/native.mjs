/**
 * Compiles the engine's sources for this machine with the address and undefined-behaviour sanitizers, runs the tests
 * beside this file, and ends with `N passed, N failed`.
 *
 *     node wasm/test/native.mjs          CXX picks the compiler, AF_FUZZ_SECONDS how long files are mutated (20, long runs 240)
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SANITIZER_ENVIRONMENT, compile, engineUnits, findCompiler, link, unitsOf } from '../native.mjs';

async function main() {
  const compiler = await findCompiler(['clang++', 'g++']);
  const units = [...(await engineUnits()), ...(await unitsOf('test', /_test\.cpp$/))];
  const program = await link(compiler, 'engine-tests', await compile(compiler, units));
  const tests = spawn(program, {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...SANITIZER_ENVIRONMENT,
      AF_FIXTURES: join(import.meta.dirname, '..', '..', 'fixtures', 'engine'),
      AF_FUZZ_SECONDS: process.env.AF_FUZZ_SECONDS ?? (process.env.SUMMIT_NOTEBOOK_LONG ? '240' : '20'),
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
