/** Where things are. `.local/` holds everything that this machine adds to a checkout; deleting it is always safe. */
import './nodeVersion.mjs';
import { resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');
export const LOCAL = resolve(ROOT, '.local');
export const RUNTIME_PYTHON = resolve(LOCAL, 'python');
export const TEST_PYTHON = resolve(LOCAL, 'python-test');
export const WEB_DIR = resolve(ROOT, 'dist');

/** Program of one of our Python environments. */
export const pythonOf = (/** @type {string} */ environment) => resolve(environment, 'bin/python');
