/** `npm start`: set-up, then the site, in the foreground until Ctrl-C. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureBuild } from '../setup/build.mjs';
import { ensureInfluxd, writeInfluxdConfig } from '../setup/influxd.mjs';
import { ownerOf, tryLock, withLock } from '../setup/lock.mjs';
import { ensureNodeModules } from '../setup/nodeModules.mjs';
import { LOCAL } from '../setup/paths.mjs';
import { ensureRuntimePython } from '../setup/python.mjs';
import { SetupError, endCommands } from '../setup/steps.mjs';
import { endLeftovers } from './leftovers.mjs';
import { DEFAULT_STATE, USAGE, makeStateDirectory, parseOptions } from './options.mjs';
import { choosePorts } from './ports.mjs';
import { programsOf } from './programs.mjs';
import { appUrl, checkPassword, observerPassword, writeSiteFile } from './siteFile.mjs';
import { Supervisor, say } from './supervisor.mjs';

const READY_WITHIN_MS = 240_000;
const NO_EFD_FOR_OWN_REPOSITORIES =
  'This site serves existing repositories: simulated telemetry would not belong to their exposures, and no other EFD is configured.';

const sleep = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** npm, Python and InfluxDB side by side: each waits mostly for the network. */
async function setUp(/** @type {boolean} */ withEfd) {
  /** @type {Promise<{ path: string | null, reason: string | null }>} */
  const influxd = withEfd
    ? withLock(join(LOCAL, 'influxdb.lock'), ensureInfluxd).then(
        (path) => ({ path, reason: null }),
        (error) => {
          if (!(error instanceof SetupError)) throw error;
          return {
            path: null,
            reason: `InfluxDB is not installed and could not be fetched: ${error.message}`,
          };
        },
      )
    : Promise.resolve({ path: null, reason: NO_EFD_FOR_OWN_REPOSITORIES });
  // The first failure ends the start, and with it what the others still run.
  const [python, efd] = await Promise.all([
    ensureRuntimePython(),
    influxd,
    ensureNodeModules().then(ensureBuild),
  ]);
  // Not earlier: with no network at all, what is told is why the site does not start.
  if (withEfd && efd.reason) console.log(`The site starts without an EFD. ${efd.reason}`);
  return { python, efd };
}

const answers = async (/** @type {string} */ url) => {
  try {
    return (await fetch(`${url}api/health`, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false; // not listening yet
  }
};

/**
 * Waits until the Hub service answers through the proxy. Itself first: the proxy and the Hub write several lines for
 * each request to a service that is not there yet.
 * @param {string} url
 * @param {string} serviceUrl
 */
async function waitUntilReady(url, serviceUrl) {
  const deadline = Date.now() + READY_WITHIN_MS;
  let nextWord = Date.now() + 10_000;
  while (Date.now() < deadline) {
    if ((await answers(serviceUrl)) && (await answers(url))) return;
    if (Date.now() > nextWord) {
      say('launcher', 'still waiting for the Hub and its service');
      nextWord = Date.now() + 10_000;
    }
    await sleep(200);
  }
  throw new SetupError(
    `The site did not answer at ${url} within ${READY_WITHIN_MS / 1000} s; log/hub.log in its state directory says why.`,
  );
}

/** Resolves when somebody asks the site to end. */
function endRequested() {
  return new Promise((done) => {
    for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, done);
    // npm that was killed cannot pass a signal on: its end is one.
    const parent = process.ppid;
    if (process.env['npm_lifecycle_event'] !== undefined)
      setInterval(() => process.ppid !== parent && done(undefined), 500).unref();
  });
}

function openBrowser(/** @type {string} */ url) {
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return;
  const browser = spawn('xdg-open', [url], { detached: true, stdio: 'ignore' });
  browser.once('error', () => say('launcher', 'no xdg-open here: open the address above in a browser'));
  browser.unref();
}

/** Empties a state directory but for the folder of run records, which holds our lock. */
function deleteState(/** @type {string} */ stateDir, /** @type {string} */ runDir) {
  for (const name of readdirSync(stateDir))
    if (resolve(stateDir, name) !== runDir) rmSync(join(stateDir, name), { recursive: true, force: true });
}

/** @param {readonly string[]} argv @returns {Promise<void>} */
export async function launch(argv) {
  const options = parseOptions(argv);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  if (process.platform !== 'linux')
    throw new SetupError('The demo site runs on Linux only (tested on Debian).');
  checkPassword();
  // A closed pipe on standard output must not take the site down with it.
  process.stdout.on('error', () => {});

  const { stateDir } = options;
  const runDir = stateDir === DEFAULT_STATE ? join(LOCAL, 'run') : join(stateDir, 'run');
  const lock = join(runDir, 'launcher.lock');
  makeStateDirectory(stateDir);
  if (!tryLock(lock))
    throw new SetupError(
      `This site is already running (process ${ownerOf(lock)?.pid}, state ${stateDir}): end it with Ctrl-C there, or start another one with --state DIRECTORY --port 0.`,
    );

  const end = endRequested();
  const logDir = join(stateDir, 'log');
  const supervisor = new Supervisor({ runDir, logDir });
  const ended = end.then(() => 'end');
  try {
    const leftovers = await endLeftovers(stateDir, runDir);
    if (leftovers > 0)
      console.log(`Ended ${leftovers} processes that an earlier run of this site had left behind.`);
    if (options.fresh) deleteState(stateDir, runDir);
    const ports = await choosePorts(stateDir, options.port);
    const url = appUrl(ports.public);

    const simulated = options.repositories.length === 0;
    const ready = (async () => {
      const { python, efd } = await withLock(join(LOCAL, 'setup.lock'), () => setUp(simulated));
      const siteFile = await writeSiteFile({
        python,
        options,
        stateDir,
        logDir,
        ports,
        efdReason: efd.reason,
      });
      const { password, generated } = observerPassword(stateDir);
      mkdirSync(logDir, { recursive: true, mode: 0o700 });
      const programs = programsOf({
        python,
        stateDir,
        siteFile,
        password,
        influxd: efd.path,
        influxdConfig: efd.path ? writeInfluxdConfig(stateDir, ports.influxdb) : '',
        simulated,
        simulator: options.simulator,
      });
      for (const program of programs) supervisor.start(program);
      await Promise.race([waitUntilReady(url, appUrl(ports.service)), supervisor.failed]);
      return generated
        ? `Sign in: observer ${password}`
        : 'Sign in as observer with the password of SUMMIT_NOTEBOOK_PASSWORD.';
    })();
    ready.catch(() => {}); // when the end comes first, its failure no longer matters

    const signIn = await Promise.race([ready, ended]);
    if (signIn === 'end') return;
    supervisor.markReady();
    console.log(signIn);
    console.log(`Summit Notebook is ready: ${url}`);
    if (options.open) openBrowser(url);
    await Promise.race([end, supervisor.failed]);
  } finally {
    if (supervisor.hasStarted) console.log('Ending the site ...');
    await Promise.all([endCommands(), supervisor.stop()]);
    await endLeftovers(stateDir, runDir);
    rmSync(lock, { force: true });
    if (supervisor.hasStarted) console.log('The site has ended.');
  }
}
