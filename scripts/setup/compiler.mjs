/** A clang with libFuzzer and the sanitizers: only for the engine's own native tests and their fuzzing. */
import { aptInstall } from './apt.mjs';
import { SetupError, capture } from './steps.mjs';

/** Debian's names on every release; the first does not bring the second, which holds libFuzzer and the sanitizers. */
const PACKAGES = ['clang', 'libclang-rt-dev'];
const PROGRAM = 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }';

/** Linking tells whether the libraries are there as well. */
async function hasFuzzer() {
  const compile = '"$CXX" -fsanitize=fuzzer,address,undefined -x c++ - -o /dev/null';
  const env = { ...process.env, CXX: process.env['CXX'] ?? 'clang++', PROGRAM };
  const { code } = await capture('sh', ['-c', `printf '%s\n' "$PROGRAM" | ${compile}`], { env });
  return code === 0;
}

export async function ensureCompiler() {
  if (await hasFuzzer()) return;
  for (const name of PACKAGES)
    await aptInstall(name, `The engine's native tests and its fuzzing need clang and libFuzzer`);
  if (!(await hasFuzzer()))
    throw new SetupError(
      `${PACKAGES.join(' and ')} are installed, but \`${process.env['CXX'] ?? 'clang++'}\` links no program with -fsanitize=fuzzer,address,undefined.`,
    );
}
