/** npm packages exactly as package-lock.json names them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { mustRun, step } from './steps.mjs';

/** @typedef {Record<string, { version?: string, link?: boolean, optional?: boolean, peer?: boolean }>} Packages */

/** @returns {Packages | null} */
function packagesOf(/** @type {string} */ path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages;
  } catch {
    return null;
  }
}

// By default npm tries each of hundreds of packages again for a minute or more before it says that there is no network.
const IMPATIENT = ['--fetch-retries=2', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=2000'];

/** npm writes down what it installed; compared with the lock, that needs no stamp of our own. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const present = packagesOf('node_modules/.package-lock.json');
  if (!wanted || !present) return false;
  // Optional packages of other platforms are in the lock and rightly not installed.
  return Object.entries(wanted).every(
    ([path, entry]) =>
      !path.startsWith('node_modules/') ||
      (present[path] ? present[path].version === entry.version : entry.optional === true),
  );
}

export async function ensureNodeModules() {
  if (isInstalled()) return;
  // Under `npm start` the same npm; PATH's otherwise.
  const script = process.env['npm_execpath'];
  const npm = script?.endsWith('.js') ? [process.execPath, script] : ['npm'];
  const args = ['ci', '--no-audit', '--no-fund', '--prefer-offline', ...IMPATIENT];
  await step('Installing the npm packages', () =>
    mustRun('the npm packages', npm[0] ?? 'npm', [...npm.slice(1), ...args], { cwd: ROOT }),
  );
}
