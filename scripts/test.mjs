/**
 * `npm test`: every check of the project, on real parts, in one command.
 * Options: --long (longer fuzzing and soak), --only STAGE (may be repeated).
 * The last line is `N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild } from './setup/build.mjs';
import { ensureChromium } from './setup/chromium.mjs';
import { ensureCompiler } from './setup/compiler.mjs';
import { ensureInfluxd } from './setup/influxd.mjs';
import { withLock } from './setup/lock.mjs';
import { ensureNodeModules } from './setup/nodeModules.mjs';
import { LOCAL, ROOT, TEST_PYTHON, pythonOf } from './setup/paths.mjs';
import { ensureRuntimePython, ensureTestPython } from './setup/python.mjs';
import { SetupError, endCommands } from './setup/steps.mjs';
import { readJunit } from './test/junit.mjs';

/** @typedef {import('./test/junit.mjs').Report} Report */

const RESULTS = join(LOCAL, 'test-results');
const python = pythonOf(TEST_PYTHON);
const tool = (/** @type {string} */ name) => join(TEST_PYTHON, 'bin', name);
const nodeTool = (/** @type {string} */ path) => join(ROOT, 'node_modules', path);

/** Filled by the set-up; children find the same browser and the same database server. */
const environment = { ...process.env };

/** @type {import('node:child_process').ChildProcess | null} */
let running = null;
// SIGINT in both cases: Playwright ends its demo site on that one only.
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM']))
  process.on(name, () => {
    console.error('Interrupted.');
    if (!running || running.exitCode !== null) {
      void endCommands().then(() => process.exit(130));
      return;
    }
    running.once('close', () => process.exit(130));
    running.kill('SIGINT');
  });

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, keepOutput?: boolean }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(command, args, { cwd = ROOT, env = {}, keepOutput = false } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...environment, ...env },
      stdio: ['ignore', keepOutput ? 'pipe' : 'inherit', 'inherit'],
    });
    running = child;
    let output = '';
    child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    });
    child.once('error', (error) => {
      console.error(error.message);
      done({ code: 127, output });
    });
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

/** A check that has no cases of its own counts as one. @returns {Promise<Report>} */
async function check(
  /** @type {string} */ name,
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  options = {},
) {
  const { code } = await run(command, args, options);
  return code === 0 ? { passed: 1, failed: [], skipped: [] } : { passed: 0, failed: [name], skipped: [] };
}

/** A runner that writes a JUnit report. @returns {Promise<Report>} */
async function reported(
  /** @type {string} */ name,
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  options = {},
) {
  const { code } = await run(command, args, options);
  const report = readJunit(join(RESULTS, `${name}.xml`)) ?? { passed: 0, failed: [], skipped: [] };
  if (report.passed + report.failed.length + report.skipped.length === 0)
    report.failed.push(`${name}: no test ran (exit code ${code})`);
  else if (code !== 0 && report.failed.length === 0)
    report.failed.push(`${name}: ended with code ${code} although no test failed`);
  return report;
}

/** A program of the engine that ends with `N passed, N failed`. @returns {Promise<Report>} */
async function counted(/** @type {string} */ name, /** @type {string[]} */ args) {
  const { code, output } = await run(process.execPath, args, { keepOutput: true });
  const totals = [...output.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
  const failedCount = Number(totals?.[2] ?? 0);
  const failed = Array.from(
    { length: failedCount },
    (_, index) => `${name}: failure ${index + 1}, see above`,
  );
  if (!totals || (code !== 0 && failedCount === 0)) failed.push(`${name}: ended with code ${code}`);
  return { passed: Number(totals?.[1] ?? 0), failed, skipped: [] };
}

/** @param {Report[]} reports @returns {Report} */
function merge(reports) {
  return {
    passed: reports.reduce((sum, report) => sum + report.passed, 0),
    failed: reports.flatMap((report) => report.failed),
    skipped: reports.flatMap((report) => report.skipped),
    flaky: reports.flatMap((report) => report.flaky ?? []),
  };
}

const inPython = { cwd: join(ROOT, 'python'), env: { PYTHONPATH: join(ROOT, 'python') } };

/** Seen from python/, whose pyproject.toml holds the rules for all. */
const PYTHON_SOURCES = ['.', '../e2e', '../bench', '../fixtures', '../wasm'];

/** In order; each gives its counts. @type {Record<string, () => Promise<Report>>} */
const STAGES = {
  lint: async () =>
    merge([
      await check('oxlint', process.execPath, [nodeTool('oxlint/bin/oxlint'), '--type-aware']),
      await check('prettier', process.execPath, [nodeTool('prettier/bin/prettier.cjs'), '--check', '.']),
      await check(
        'ruff check',
        tool('ruff'),
        ['check', '--config', 'pyproject.toml', ...PYTHON_SOURCES],
        inPython,
      ),
      await check(
        'ruff format',
        tool('ruff'),
        ['format', '--check', '--config', 'pyproject.toml', ...PYTHON_SOURCES],
        inPython,
      ),
    ]),
  types: async () =>
    merge([
      await check('tsc', process.execPath, [nodeTool('typescript/bin/tsc'), '-b']),
      await check('mypy', python, ['-m', 'mypy', '--strict'], inPython),
    ]),
  unit: () =>
    reported('unit', process.execPath, [
      nodeTool('vitest/vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=junit',
      `--outputFile.junit=${join(RESULTS, 'unit.xml')}`,
    ]),
  native: () => counted('native', ['wasm/test/native.mjs']),
  fuzz: () => counted('fuzz', ['wasm/fuzz/run.mjs', '--jobs', '2', '--seconds', values.long ? '60' : '10']),
  python: () =>
    reported(
      'python',
      python,
      [
        '-m',
        'pytest',
        '-q',
        '-rs',
        '-n',
        '2',
        '--dist',
        'loadfile',
        `--junitxml=${join(RESULTS, 'python.xml')}`,
      ],
      inPython,
    ),
  launcher: () =>
    reported('launcher', process.execPath, [
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=junit',
      `--test-reporter-destination=${join(RESULTS, 'launcher.xml')}`,
      'scripts/test/junit.test.mjs',
      'scripts/test/setup.test.mjs',
      'scripts/test/launcher.test.mjs',
    ]),
  e2e: () => reported('e2e', process.execPath, [nodeTool('@playwright/test/cli.js'), 'test']),
};

/** What the stages need that cannot be had is a failure, each told once; the rest still runs where that makes sense. */
async function setUp() {
  const failed = /** @type {string[]} */ ([]);
  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} work
   * @returns {Promise<T | null>} null when it failed
   */
  const attempt = async (name, work) => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      console.error(error.message);
      failed.push(`set-up of ${name}: ${error.message.split('\n')[0]}`);
      return null;
    }
  };
  // Debian's packages one after the other, since dpkg has one lock; the downloads of npm and PyPI beside them.
  await withLock(join(LOCAL, 'setup.lock'), async () => {
    const [hasModules] = await Promise.all([
      attempt('the npm packages', () => ensureNodeModules().then(() => true)),
      attempt('Python', async () => {
        await ensureRuntimePython();
        await ensureTestPython();
      }),
      (async () => {
        const chromium = await attempt('Chromium', ensureChromium);
        if (chromium) environment['SUMMIT_NOTEBOOK_CHROMIUM'] = chromium;
        await attempt('a C++ compiler', ensureCompiler);
        const influxd = await attempt('InfluxDB', () =>
          withLock(join(LOCAL, 'influxdb.lock'), ensureInfluxd),
        );
        if (influxd) environment['SUMMIT_NOTEBOOK_INFLUXD'] = influxd;
      })(),
    ]);
    if (hasModules) await attempt('the engine and the app (build)', ensureBuild);
  });
  return { passed: 0, failed, skipped: [] };
}

const { values } = parseArgs({
  options: { long: { type: 'boolean' }, only: { type: 'string', multiple: true } },
});
const only = values.only ?? Object.keys(STAGES);
const unknown = only.filter((name) => !(name in STAGES));
if (unknown.length > 0) {
  console.error(`No stage ${unknown.join(', ')}; the stages are ${Object.keys(STAGES).join(', ')}.`);
  process.exit(2);
}
if (values.long) environment['SUMMIT_NOTEBOOK_LONG'] = '1';

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
/** @type {Report[]} */
const reports = [];
for (const [name, stage] of Object.entries({ 'set-up': setUp, ...STAGES })) {
  if (name !== 'set-up' && !only.includes(name)) continue;
  console.log(`\n== ${name}`);
  const begin = performance.now();
  const report = await stage();
  reports.push(report);
  const seconds = ((performance.now() - begin) / 1000).toFixed(0);
  console.log(
    `== ${name}: ${report.passed} passed, ${report.failed.length} failed, ${report.skipped.length} skipped in ${seconds} s`,
  );
}

const { passed, failed, skipped, flaky = [] } = merge(reports);
if (skipped.length > 0) console.log('\nSkipped:');
for (const { name, reason } of skipped) console.log(`  ${name}: ${reason}`);
if (flaky.length > 0) console.log('\nPassed only when tried again:');
for (const name of flaky) console.log(`  ${name}`);
if (failed.length > 0) console.log('\nFailed:');
for (const name of failed) console.log(`  ${name}`);
console.log(`\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
process.exit(failed.length > 0 ? 1 : 0);
