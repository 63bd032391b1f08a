/**
 * Feeds the engine's readers with broken bytes: libFuzzer under the address and undefined-behaviour sanitizers, each
 * target from its committed seeds. Ends with `N passed, N failed`, one for each target; a failure prints the bytes that
 * led to it and the line that repeats it.
 *
 *     node wasm/fuzz/run.mjs [--seconds 60] [--jobs 1] [--seed 1] [--keep] [TARGET...]
 *     node wasm/fuzz/run.mjs --input FILE TARGET
 *
 * --keep starts from what earlier runs found as well, and adds to it (.local/fuzz). CXX picks another clang.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { SANITIZER_ENVIRONMENT, compile, engineUnits, findCompiler, link, unitsOf } from '../native.mjs';

const HERE = import.meta.dirname;
const LOCAL = join(HERE, '..', '..', '.local', 'fuzz');
const ENTRY = /^extern "C" int LLVMFuzzerTestOneInput/m;
/** Without the trace of compared numbers, which takes more than half of the time; compared memory is traced anyway. */
const COMPILE_FLAGS = ['-O2', '-fsanitize=fuzzer-no-link', '-fno-sanitize-coverage=trace-cmp'];
const LINK_FLAGS = ['-fsanitize=fuzzer'];
/** Resident memory also holds the sanitizers' shadow and what they keep of freed memory; targets watch their own. */
const LIMITS = ['-timeout=5', '-rss_limit_mb=1024', '-malloc_limit_mb=16'];
/** Files need several blocks of 2880 bytes; tiles and cards are found sooner when they are short. */
const longest = (/** @type {string} */ target) => (target.endsWith('file') ? 16384 : 3000);

async function build(/** @type {string[]} */ wanted) {
  const compiler = await findCompiler(['clang++']);
  const units = await unitsOf('fuzz', /\.cpp$/);
  const isTarget = (/** @type {string} */ unit) => ENTRY.test(readFileSync(unit, 'utf8'));
  const targets = new Map(units.filter(isTarget).map((unit) => [basename(unit, '.cpp'), unit]));
  const unknown = wanted.filter((name) => !targets.has(name));
  if (unknown.length > 0)
    throw new Error(`No target ${unknown.join(', ')}; the targets are ${[...targets.keys()].join(', ')}.`);
  const shared = [...(await engineUnits()), ...units.filter((unit) => !isTarget(unit))];
  const sharedObjects = await compile(compiler, shared, COMPILE_FLAGS);
  const programs = /** @type {Map<string, string>} */ (new Map());
  for (const name of wanted.length > 0 ? wanted : targets.keys()) {
    const objects = await compile(compiler, [targets.get(name) ?? ''], COMPILE_FLAGS);
    programs.set(name, await link(compiler, `fuzz-${name}`, [...sharedObjects, ...objects], LINK_FLAGS));
  }
  return programs;
}

/** @returns {Promise<{ code: number, output: string }>} */
function execute(/** @type {string} */ program, /** @type {string[]} */ args) {
  return new Promise((done) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        ...SANITIZER_ENVIRONMENT,
        ASAN_OPTIONS: `${SANITIZER_ENVIRONMENT.ASAN_OPTIONS}:quarantine_size_mb=4:malloc_context_size=8`,
      },
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => (output += chunk));
    child.once('error', (error) => done({ code: 127, output: error.message }));
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

const number = (/** @type {RegExp} */ pattern, /** @type {string} */ text) =>
  Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0);

/**
 * @param {string} name
 * @param {string} program
 * @param {{ seconds: number, seed: number, keep: boolean }} options
 * @returns {Promise<boolean>} whether nothing was found
 */
async function fuzz(name, program, { seconds, seed, keep }) {
  const kept = join(LOCAL, 'corpus', name);
  const artifacts = join(LOCAL, 'found');
  for (const folder of [kept, artifacts]) mkdirSync(folder, { recursive: true });
  const corpus = keep ? kept : mkdtempSync(join(LOCAL, `${name}-`));
  const seeds = join(HERE, 'corpus', name);
  const { code, output } = await execute(program, [
    corpus,
    ...(existsSync(seeds) ? [seeds] : []),
    ...LIMITS,
    `-max_len=${longest(name)}`,
    `-max_total_time=${seconds}`,
    `-seed=${seed}`,
    `-dict=${join(HERE, 'fits.dict')}`,
    `-artifact_prefix=${artifacts}/${name}-`,
    '-print_final_stats=1',
  ]);
  if (!keep) rmSync(corpus, { recursive: true, force: true });
  const runs = number(/stat::number_of_executed_units: (\d+)/g, output);
  const edges = number(/ cov: (\d+)/g, output);
  console.log(`${name}: ${runs} executions, ${edges} edges, seed ${seed}${code === 0 ? '' : ', FAILED'}`);
  if (code === 0 && runs > 0) return true;
  console.log(output.slice(-6000));
  const file = /Test unit written to (\S+)/.exec(output)?.[1];
  if (file) {
    console.log(`The bytes in base64: ${readFileSync(file).toString('base64')}`);
    console.log(`Repeat it: node wasm/fuzz/run.mjs --input ${file} ${name}`);
  }
  return false;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '60' },
      jobs: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
      input: { type: 'string' },
    },
  });
  const programs = [...(await build(positionals))];
  if (values.input) {
    if (positionals.length !== 1) throw new Error('--input wants the name of one target.');
    const { code, output } = await execute(programs[0]?.[1] ?? '', [values.input, ...LIMITS]);
    console.log(output);
    process.exitCode = code === 0 ? 0 : 1;
    return;
  }
  const options = { seconds: Number(values.seconds), seed: Number(values.seed), keep: values.keep };
  let passed = 0;
  let failed = 0;
  const work = async () => {
    for (let next = programs.shift(); next; next = programs.shift()) {
      if (await fuzz(next[0], next[1], options)) passed += 1;
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

try {
  await main();
} catch (error) {
  console.error(error.stderr || error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
