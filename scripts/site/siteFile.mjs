/** STATE/site.json, the one description of a running site; python/summit_notebook/site.py reads it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { ROOT, WEB_DIR } from '../setup/paths.mjs';
import { SetupError, capture } from '../setup/steps.mjs';

/** @typedef {import('./options.mjs').Options} Options @typedef {import('./ports.mjs').Ports} Ports */

const HUB_BASE = '/nb/';
export const SIMULATED_INSTRUMENT = 'LATISS';
/** The simulated night is the same on every machine. */
const SEED = 20221122;

export const appUrl = (/** @type {number} */ publicPort) =>
  `http://127.0.0.1:${publicPort}${HUB_BASE}services/summit/`;

/**
 * The instrument of a repository that was not made here, by Python's sqlite3 (Node 20 has none).
 * @param {string} python
 * @param {{ name: string, directory: string }} repository
 */
async function instrumentOf(python, { name, directory }) {
  const program = `import pathlib, sqlite3, sys
uri = pathlib.Path(sys.argv[1]).as_uri() + "?mode=ro"
print("\\n".join(row[0] for row in sqlite3.connect(uri, uri=True).execute("SELECT name FROM instrument ORDER BY name")))`;
  const { code, output } = await capture(python, ['-c', program, join(directory, 'gen3.sqlite3')]);
  if (code !== 0)
    throw new SetupError(
      `--oods ${name}: the registry of ${directory} could not be read (${output.trim().split('\n').at(-1)}).`,
    );
  const instruments = output.split('\n').filter(Boolean);
  if (instruments.length === 0)
    throw new SetupError(`--oods ${name}: ${directory} has no instrument registered.`);
  return instruments;
}

/**
 * @param {string} python
 * @param {Options} options
 * @param {string} stateDir
 */
async function repositoriesOf(python, options, stateDir) {
  if (options.repositories.length === 0) {
    return [
      {
        name: 'OODS',
        directory: join(stateDir, 'oods'),
        instrument: SIMULATED_INSTRUMENT,
        role: 'OODS',
        lifetimeSeconds: options.lifetimeSeconds,
        simulated: true,
      },
    ];
  }
  return Promise.all(
    options.repositories.map(async (repository) => {
      const instruments = await instrumentOf(python, repository);
      const wanted = options.instrument;
      if (wanted && !instruments.includes(wanted))
        throw new SetupError(
          `--oods ${repository.name} has no instrument ${wanted}; it has ${instruments.join(', ')}.`,
        );
      if (!wanted && instruments.length > 1)
        throw new SetupError(
          `--oods ${repository.name} has the instruments ${instruments.join(', ')}: choose one with --instrument NAME.`,
        );
      return {
        ...repository,
        instrument: /** @type {string} */ (wanted ?? instruments[0]),
        role: 'OODS',
        lifetimeSeconds: null,
        simulated: false,
      };
    }),
  );
}

/**
 * @param {{ python: string, options: Options, stateDir: string, logDir: string, ports: Ports, efdReason: string | null }} site
 * @returns {Promise<string>} the file's path
 */
export async function writeSiteFile({ python, options, stateDir, logDir, ports, efdReason }) {
  const repositories = await repositoriesOf(python, options, stateDir);
  const site = {
    name: 'Demo site',
    instrument: options.instrument ?? repositories[0]?.instrument ?? SIMULATED_INSTRUMENT,
    stateDir,
    logDir,
    webDir: WEB_DIR,
    publicUrl: `http://127.0.0.1:${ports.public}`,
    hubBase: HUB_BASE,
    hubPort: ports.hub,
    proxyApiPort: ports.proxyApi,
    servicePort: ports.service,
    proxyCommand: [
      process.execPath,
      join(ROOT, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy'),
    ],
    influxdbUrl: efdReason === null ? `http://127.0.0.1:${ports.influxdb}` : null,
    efdDatabase: 'efd',
    efdReason,
    portalOrigins: options.portalOrigins,
    repositories,
    simulator: {
      enabled: options.simulator,
      cadenceSeconds: options.cadenceSeconds,
      scenario: options.scenario,
      seed: SEED,
    },
  };
  const path = join(stateDir, 'site.json');
  writeFileSync(`${path}.new`, `${JSON.stringify(site, null, 2)}\n`);
  renameSync(`${path}.new`, path);
  return path;
}

const SHORTEST_PASSWORD = 8;
// Without the letters and digits that are taken for each other on paper.
const PASSWORD_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Refused before anything is installed: a password that the Hub would not accept. */
export function checkPassword() {
  const given = process.env['SUMMIT_NOTEBOOK_PASSWORD'];
  if (given !== undefined && given.length < SHORTEST_PASSWORD)
    throw new SetupError(
      `SUMMIT_NOTEBOOK_PASSWORD has ${given.length} characters: it needs at least ${SHORTEST_PASSWORD}; unset it to have one generated.`,
    );
}

/**
 * @param {string} stateDir
 * @returns {{ password: string, generated: boolean }} a generated one stays the same for this state
 */
export function observerPassword(stateDir) {
  const given = process.env['SUMMIT_NOTEBOOK_PASSWORD'];
  if (given !== undefined) return { password: given, generated: false };
  const path = join(stateDir, 'password');
  if (!existsSync(path)) {
    const letters = Array.from({ length: 16 }, () => PASSWORD_LETTERS[randomInt(PASSWORD_LETTERS.length)]);
    const password = [0, 4, 8, 12].map((begin) => letters.slice(begin, begin + 4).join('')).join('-');
    writeFileSync(path, password, { mode: 0o600, flag: 'wx' });
  }
  return { password: readFileSync(path, 'utf8').trim(), generated: true };
}
