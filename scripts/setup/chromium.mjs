/** A Chromium for the end-to-end tests. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from './apt.mjs';
import { SetupError } from './steps.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** @returns {string | null} */
function findChromium() {
  for (const folder of (process.env['PATH'] ?? '').split(':').filter(Boolean)) {
    const name = NAMES.find((candidate) => existsSync(join(folder, candidate)));
    if (name) return join(folder, name);
  }
  return null;
}

/** @returns {Promise<string>} its path */
export async function ensureChromium() {
  const named = process.env['SUMMIT_NOTEBOOK_CHROMIUM'];
  if (named && existsSync(named)) return named;
  if (named) throw new SetupError(`SUMMIT_NOTEBOOK_CHROMIUM names ${named}, which does not exist.`);
  const present = findChromium();
  if (present) return present;
  await aptInstall('chromium', 'The end-to-end tests need Chromium');
  const installed = findChromium();
  if (!installed)
    throw new SetupError(`Debian's chromium is installed but no program of that name is on PATH.`);
  return installed;
}
