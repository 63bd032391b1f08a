/** A native C++ compiler: only for the engine's own tests under the address and undefined-behaviour sanitizers. */
import { aptInstall } from './apt.mjs';
import { capture } from './steps.mjs';

export async function ensureCompiler() {
  for (const name of ['g++', 'clang++']) if ((await capture(name, ['--version'])).code === 0) return;
  await aptInstall('g++', `The engine's native tests need a C++ compiler`);
}
