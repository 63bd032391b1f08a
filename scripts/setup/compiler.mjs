/** A native C++ compiler: only for the engine's own tests under the address and undefined-behaviour sanitizers. */
import { aptInstall } from './apt.mjs';
import { SetupError, capture } from './steps.mjs';

async function hasCompiler() {
  for (const name of ['g++', 'clang++']) if ((await capture(name, ['--version'])).code === 0) return true;
  return false;
}

export async function ensureCompiler() {
  if (await hasCompiler()) return;
  await aptInstall('g++', `The engine's native tests need a C++ compiler`);
  if (!(await hasCompiler())) throw new SetupError(`Debian's g++ is installed but does not run.`);
}
