/** A lock file with the owner's identity in it, so that a lock left by a killed process never blocks anybody. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { identify, isAlive } from '../site/processTable.mjs';

/** @typedef {{ pid: number, startTicks: string, bootId: string }} Owner */

/** @returns {Owner | null} */
export function ownerOf(/** @type {string} */ path) {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8'));
    return isAlive(owner) ? owner : null;
  } catch {
    return null; // absent or unreadable: nobody's
  }
}

/**
 * Takes the lock unless a living process holds it.
 * @param {string} path
 * @param {object} [more] kept in the file beside the owner
 * @returns {boolean}
 */
export function tryLock(path, more = {}) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Written aside and linked into place, so that nobody ever reads a half-written lock.
  const scratch = `${path}.${process.pid}`;
  writeFileSync(scratch, JSON.stringify({ ...identify(process.pid), ...more }), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        linkSync(scratch, path);
        return true;
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
      }
      if (ownerOf(path)) return false;
      rmSync(path, { force: true });
    }
    return false;
  } finally {
    rmSync(scratch, { force: true });
  }
}

/**
 * One set-up at a time per checkout: a demo site and a test run may start together.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  for (let waited = 0; !tryLock(path); waited++) {
    if (waited === 4) console.log('Waiting for another set-up of this checkout to end ...');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
