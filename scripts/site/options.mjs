/** The options of `npm start`. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LOCAL } from '../setup/paths.mjs';
import { SetupError } from '../setup/steps.mjs';

export const DEFAULT_STATE = resolve(LOCAL, 'site');
const DEFAULT_PORT = 8888;
/** Those of python/summit_notebook/demo/night_script.py, which refuses others too, but only once the site has started. */
export const SCENARIOS = ['night', 'calibrations', 'acquisition', 'stars', 'spectra', 'focus', 'donuts'];
/** Exposure, readout and overhead, the constants of python/summit_notebook/demo/night.py. */
export const SHORTEST_CADENCE_S = 4.7;
/** Those whose detectors src/core/camera knows. Of another one no image could be shown; the simulated one is the first. */
export const INSTRUMENTS = ['LATISS'];

export const USAGE = `npm start -- [options]

  --port N               port of the site on 127.0.0.1 (default ${DEFAULT_PORT}; 0 takes a free one)
  --no-open              do not open a browser
  --instrument NAME      instrument to show (default LATISS, or the one of the first --oods repository)
  --oods NAME=DIRECTORY  serve this Butler repository instead of the simulated one; may be repeated
  --no-simulator         take no new simulated exposures
  --cadence SECONDS      mean time between simulated exposures (default 15, at least ${SHORTEST_CADENCE_S})
  --scenario NAME        part of the simulated night: ${SCENARIOS.join(', ')} (default night, all of it)
  --lifetime SECONDS     age at which simulated raws leave the OODS (default 7200)
  --portal-origin URL    origin that may embed the panel, as https://HOST; may be repeated
  --state DIRECTORY      where the site keeps its data (default .local/site)
  --fresh                delete that data first
  --help                 this text

SUMMIT_NOTEBOOK_PASSWORD, when set, is the password of the user observer (8 characters or more).
Ctrl-C ends the site and everything that it started. npm gets the Ctrl-C too and reports it as an interrupt (code 130 in
a shell); \`node scripts/start.mjs [options]\`, the same without npm, ends with code 0.`;

/**
 * @typedef {object} Options
 * @property {boolean} help
 * @property {number | null} port null: the default one
 * @property {boolean} open
 * @property {string | null} instrument
 * @property {{ name: string, directory: string }[]} repositories empty: the simulated one
 * @property {boolean} simulator
 * @property {number} cadenceSeconds
 * @property {string} scenario
 * @property {number} lifetimeSeconds
 * @property {string[]} portalOrigins
 * @property {string} stateDir
 * @property {boolean} fresh
 */

const usageError = (/** @type {string} */ sentence) =>
  new SetupError(`${sentence} \`npm start -- --help\` lists the options.`, { exitCode: 2 });

/** @param {string} text @param {string} option */
function positiveNumber(text, option) {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw usageError(`${option} wants a positive number, not "${text}".`);
  return value;
}

function cadence(/** @type {string} */ text) {
  const seconds = positiveNumber(text, '--cadence');
  if (seconds < SHORTEST_CADENCE_S)
    throw usageError(
      `--cadence wants at least ${SHORTEST_CADENCE_S} s (1 s exposure, 2 s readout, 1.7 s overhead), not "${text}".`,
    );
  return seconds;
}

function instrumentName(/** @type {string} */ name) {
  if (INSTRUMENTS.includes(name)) return name;
  throw usageError(`--instrument knows ${INSTRUMENTS.join(', ')}; not "${name}".`);
}

function scenarioName(/** @type {string} */ name) {
  if (SCENARIOS.includes(name)) return name;
  throw usageError(`--scenario knows ${SCENARIOS.join(', ')}; not "${name}".`);
}

function portNumber(/** @type {string} */ text) {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535)
    throw usageError(`--port wants a number from 0 to 65535, not "${text}".`);
  return port;
}

function origin(/** @type {string} */ text) {
  try {
    const url = new URL(text);
    if (/^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash) return url.origin;
  } catch {
    // not a URL: the same sentence
  }
  throw usageError(`--portal-origin wants an origin as https://HOST, not "${text}".`);
}

function repository(/** @type {string} */ text) {
  const found = /^([A-Za-z0-9][A-Za-z0-9_.-]*)=(.+)$/.exec(text);
  if (!found) throw usageError(`--oods wants NAME=DIRECTORY, not "${text}".`);
  const [, name, given] = /** @type {[string, string, string]} */ (/** @type {unknown} */ (found));
  const directory = resolve(process.env['INIT_CWD'] ?? '.', given);
  const missing = ['butler.yaml', 'gen3.sqlite3'].filter((file) => !existsSync(resolve(directory, file)));
  if (missing.length > 0)
    throw new SetupError(
      `--oods ${name}: ${directory} is no Butler repository with an SQLite registry: ${missing.join(' and ')} not found.`,
    );
  return { name, directory };
}

/** @param {readonly string[]} argv @returns {Options} */
export function parseOptions(argv) {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: 'boolean', short: 'h' },
        port: { type: 'string' },
        'no-open': { type: 'boolean' },
        instrument: { type: 'string' },
        oods: { type: 'string', multiple: true },
        'no-simulator': { type: 'boolean' },
        cadence: { type: 'string' },
        scenario: { type: 'string' },
        lifetime: { type: 'string' },
        'portal-origin': { type: 'string', multiple: true },
        state: { type: 'string' },
        fresh: { type: 'boolean' },
      },
    }));
  } catch (error) {
    // Node's message names the option; its second sentence is about positional arguments.
    const message = /** @type {Error} */ (error).message.split('. ')[0];
    throw usageError(`${message?.replace(/\.$/, '')}.`);
  }
  const repositories = (values.oods ?? []).map(repository);
  const names = new Set(repositories.map(({ name }) => name));
  if (names.size < repositories.length) throw usageError('Each --oods wants its own NAME.');
  return {
    help: values.help ?? false,
    port: values.port === undefined ? null : portNumber(values.port),
    open: !values['no-open'],
    instrument: values.instrument === undefined ? null : instrumentName(values.instrument),
    repositories,
    simulator: !values['no-simulator'] && repositories.length === 0,
    cadenceSeconds: values.cadence === undefined ? 15 : cadence(values.cadence),
    scenario: scenarioName(values.scenario ?? 'night'),
    lifetimeSeconds: values.lifetime === undefined ? 7200 : positiveNumber(values.lifetime, '--lifetime'),
    portalOrigins: (values['portal-origin'] ?? []).map(origin),
    stateDir:
      values.state === undefined ? DEFAULT_STATE : stateDirectory(values.state, values.fresh ?? false),
    fresh: values.fresh ?? false,
  };
}

/** A directory that --fresh may delete: our own earlier state, or nothing at all. */
function stateDirectory(/** @type {string} */ text, /** @type {boolean} */ fresh) {
  const directory = resolve(process.env['INIT_CWD'] ?? '.', text);
  // ports.json is written first; a start that failed before it leaves the folder of run records alone.
  const files = existsSync(directory) ? tried(directory, () => readdirSync(directory)) : [];
  const foreign = !files.includes('ports.json') && files.some((name) => name !== 'run');
  if (foreign)
    throw new SetupError(
      `--state ${directory} holds files of something else${fresh ? ', which --fresh would delete' : ''}: name an empty or new directory.`,
    );
  return directory;
}

const CAUSES = /** @type {Record<string, string>} */ ({
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a file is in its place',
  EEXIST: 'a file is in its place',
  ENOENT: 'no directory can be made there',
  ENOSPC: 'the disk is full',
});

/**
 * @template T
 * @param {string} directory
 * @param {() => T} act
 */
function tried(directory, act) {
  try {
    return act();
  } catch (error) {
    const { code = '', message } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new SetupError(
      `The site cannot keep its data in ${directory} (${CAUSES[code] ?? message}): choose another directory with --state DIRECTORY.`,
    );
  }
}

/** Makes the state directory, or says why the site's data cannot be there. */
export function makeStateDirectory(/** @type {string} */ directory) {
  tried(directory, () => {
    // One by one: below /proc, Node's own recursive mkdir never comes back.
    const make = (/** @type {string} */ path) => {
      if (existsSync(path)) return;
      make(dirname(path));
      mkdirSync(path, { mode: 0o700 });
    };
    make(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  });
}

export { DEFAULT_PORT };
