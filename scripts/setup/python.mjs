/** The Python environments under .local: found or made with the system's Python, filled from hashed locks. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL, ROOT, RUNTIME_PYTHON, TEST_PYTHON, pythonOf } from './paths.mjs';
import { aptInstall } from './apt.mjs';
import { SetupError, capture, mustRun, networkDown, saysNetworkDown, step } from './steps.mjs';

const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14'];
/** Python 3.11 or newer. */
const OLDEST_MINOR = 11;
const REQUIREMENTS = join(ROOT, 'python/requirements');
const UV_ENVIRONMENT = join(LOCAL, 'uv-env');

/** @typedef {{ command: string, version: string, hasVenv: boolean }} SystemPython */

/** @returns {Promise<SystemPython>} */
async function findPython() {
  const seen = [];
  for (const command of CANDIDATES) {
    // ensurepip is what Debian leaves to the package python3-venv.
    const probe = await capture(command, [
      '-c',
      'import sys, importlib.util as u; print(*sys.version_info[:3], bool(u.find_spec("ensurepip") and u.find_spec("venv")))',
    ]);
    const found = /^(\d+) (\d+) (\d+) (True|False)$/m.exec(probe.output);
    if (probe.code !== 0 || !found) continue;
    const [major, minor, patch] = [Number(found[1]), Number(found[2]), found[3]];
    const version = `${major}.${minor}.${patch}`;
    if (major === 3 && minor >= OLDEST_MINOR) return { command, version, hasVenv: found[4] === 'True' };
    seen.push(`${command} is ${version}`);
  }
  throw new SetupError(
    `Summit Notebook needs Python 3.11 or newer${seen.length ? ` (${seen.join(', ')})` : ' and found none'}: run \`sudo apt-get install python3 python3-venv\` and start again.`,
  );
}

/** Makes a bare environment; on Debian the module venv comes apart from Python. */
async function makeEnvironment(/** @type {SystemPython} */ python, /** @type {string} */ directory) {
  if (!python.hasVenv) {
    const packageName = /^python3\.\d+$/.test(python.command) ? `${python.command}-venv` : 'python3-venv';
    await aptInstall(packageName, `Python's venv module is missing`);
    python.hasVenv = true;
  }
  rmSync(directory, { recursive: true, force: true });
  await mustRun('the Python environment', python.command, ['-m', 'venv', directory]);
}

/** uv, itself from a hashed lock; null where it cannot be had (pip then does the work, more slowly). */
async function ensureUv(/** @type {SystemPython} */ python) {
  const lock = join(REQUIREMENTS, 'uv.txt');
  const uv = join(UV_ENVIRONMENT, 'bin/uv');
  const stamp = join(UV_ENVIRONMENT, 'lock.sha256');
  if (existsSync(uv) && readStamp(stamp) === hashOf(lock, python.version)) return uv;
  await makeEnvironment(python, UV_ENVIRONMENT);
  const { code, output } = await capture(pythonOf(UV_ENVIRONMENT), pipInstall(lock));
  if (code !== 0 && saysNetworkDown(output)) throw networkDown('the Python packages', output);
  if (code !== 0) return null;
  writeFileSync(stamp, hashOf(lock, python.version));
  return uv;
}

const pipInstall = (/** @type {string} */ lock) =>
  '-m pip install --quiet --retries 2 --require-hashes -r'.split(' ').concat(lock);

const readStamp = (/** @type {string} */ path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

function hashOf(/** @type {string} */ lock, /** @type {string} */ pythonVersion) {
  return createHash('sha256').update(readFileSync(lock)).update(pythonVersion).digest('hex');
}

/** uv does not read pip's configuration: carry over what a site sets there. */
function uvEnvironment() {
  const env = { ...process.env };
  if (env['PIP_INDEX_URL'] && !env['UV_DEFAULT_INDEX']) env['UV_DEFAULT_INDEX'] = env['PIP_INDEX_URL'];
  if (env['PIP_EXTRA_INDEX_URL'] && !env['UV_INDEX']) env['UV_INDEX'] = env['PIP_EXTRA_INDEX_URL'];
  return env;
}

/**
 * @param {string} directory
 * @param {string} lockName
 * @param {string} title
 */
async function ensureEnvironment(directory, lockName, title) {
  const lock = join(REQUIREMENTS, lockName);
  const python = await findPython();
  const stamp = join(directory, 'lock.sha256');
  const wanted = hashOf(lock, python.version);
  if (readStamp(stamp) === wanted && existsSync(pythonOf(directory))) return pythonOf(directory);

  await step(title, async () => {
    mkdirSync(LOCAL, { recursive: true });
    const uv = await ensureUv(python);
    const runs = await capture(pythonOf(directory), [
      '-c',
      'import sys; print(*sys.version_info[:3], sep=".")',
    ]);
    if (runs.code !== 0 || runs.output.trim() !== python.version) await makeEnvironment(python, directory);
    const what = 'the Python packages';
    if (uv) {
      const target = ['--python', pythonOf(directory), '--require-hashes'];
      const synced = await capture(uv, ['pip', 'sync', '--quiet', ...target, lock], { env: uvEnvironment() });
      if (synced.code !== 0) await installByPip(what, directory, lock);
    } else {
      await installByPip(what, directory, lock);
    }
    writeFileSync(stamp, wanted);
  });
  return pythonOf(directory);
}

async function installByPip(
  /** @type {string} */ what,
  /** @type {string} */ directory,
  /** @type {string} */ lock,
) {
  if (!existsSync(join(directory, 'bin/pip'))) await mustRun(what, pythonOf(directory), ['-m', 'ensurepip']);
  await mustRun(what, pythonOf(directory), pipInstall(lock));
}

/** What a running site needs. */
export const ensureRuntimePython = () =>
  ensureEnvironment(RUNTIME_PYTHON, 'runtime.txt', 'Installing the Python packages');

/** The runtime's packages, the checkers and the oracles; only for tests. */
export const ensureTestPython = () =>
  ensureEnvironment(TEST_PYTHON, 'test.txt', 'Installing the Python packages of the tests');
