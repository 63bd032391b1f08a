/** Starts the demo site that the measurements use, the same way a user does, and ends it. */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SetupError } from '../scripts/setup/steps.mjs';

const PASSWORD = 'bench-of-the-summit';

export const MANY_EXPOSURES = 100_000;
/** What the many are copies of. */
const TEMPLATES = 4;

const RAW = '_R00_S00.fits.fz';
const LOOK_EVERY_MS = 1000;
/** Near to the shortest that the simulator can do. */
const CADENCE_S = 5;

/** A night that goes on as a user's does. */
export const startSite = (root) => start(root, ['--fresh']);

/**
 * A site with so many exposures of stars, of which none is new: nothing but the contestants keeps the machine busy.
 * @param {number} exposures
 */
export async function startStillSite(root, exposures) {
  await takeExposures(root, exposures);
  return start(root, ['--no-simulator']);
}

/** A still site whose registry has that of years. */
export async function startManySite(root) {
  const { stateDir } = await takeExposures(root, TEMPLATES);
  console.log(`Adding ${MANY_EXPOSURES} exposures ...`);
  const registry = join(stateDir, 'oods/gen3.sqlite3');
  const python = join(root, '.local/python/bin/python');
  execFileSync(python, [join(root, 'bench/many_exposures.py'), registry, String(MANY_EXPOSURES)]);
  return start(root, ['--no-simulator']);
}

async function takeExposures(root, exposures) {
  const night = await start(root, ['--fresh', '--scenario', 'stars', '--cadence', String(CADENCE_S)]);
  const taken = () =>
    readdirSync(join(night.stateDir, 'oods'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith(RAW),
    ).length;
  console.log(`Taking ${exposures} exposures ...`);
  while (taken() < exposures) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  await night.stop();
  return night;
}

/** @returns a running site: { url, stateDir, user, password, stop() } */
async function start(root, options) {
  const stateDir = join(root, '.local/bench-site');
  const child = spawn(
    process.execPath,
    ['scripts/start.mjs', '--port', '0', '--state', stateDir, '--no-open', ...options],
    {
      cwd: root,
      env: { ...process.env, SUMMIT_NOTEBOOK_PASSWORD: PASSWORD },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // A bench that is ended does not leave its site running.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(name, () => {
      child.kill('SIGTERM');
      child.once('exit', () => process.exit(130));
    });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new SetupError(`The demo site ended with code ${code} before it was ready.`)),
    );
    lines.on('line', (line) => {
      const ready = /^Summit Notebook is ready: (\S+)$/.exec(line);
      if (ready) resolve(ready[1]);
    });
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    url,
    stateDir,
    user: 'observer',
    password: PASSWORD,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
