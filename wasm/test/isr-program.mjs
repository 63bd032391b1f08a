/** Builds isr_program.cpp with the engine for this machine, and prints the program's path. */
import { join } from 'node:path';
import { compile, engineUnits, findCompiler, link } from '../native.mjs';

try {
  const compiler = await findCompiler(['clang++', 'g++']);
  const units = [...(await engineUnits()), join(import.meta.dirname, 'isr_program.cpp')];
  console.log(await link(compiler, 'isr-program', await compile(compiler, units)));
} catch (error) {
  console.error(error.stderr || error.message);
  process.exitCode = 1;
}
