/** `npm start` as a user and a power cut treat it. Most tests share one site, in the order below. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { LOCAL, ROOT, RUNTIME_PYTHON, pythonOf } from '../setup/paths.mjs';
import { SetupError, capture } from '../setup/steps.mjs';
import { endLeftovers, findLeftovers } from '../site/leftovers.mjs';
import { INSTRUMENTS, SCENARIOS, SHORTEST_CADENCE_S, parseOptions } from '../site/options.mjs';
import { commandLine, environmentOf, identify, isAlive } from '../site/processTable.mjs';
import { Supervisor } from '../site/supervisor.mjs';

// Kept between runs: its master calibs then are there already.
const STATE = join(LOCAL, 'launcher-test-site');
const RUN = join(STATE, 'run');
const READY = /^Summit Notebook is ready: (http:\/\/127\.0\.0\.1:\d+\/nb\/services\/summit\/)$/m;
const START_LIMIT_MS = 180_000;

const sleep = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** @param {string} what @param {() => boolean | Promise<boolean>} holds */
async function until(what, holds, limitMs = 30_000) {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) assert.fail(`not within ${limitMs / 1000} s: ${what}`);
    await sleep(200);
  }
}

/** A launcher whose output is kept. @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function launcher(args, env = {}) {
  const { SUMMIT_NOTEBOOK_PASSWORD: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ['scripts/start.mjs', '--no-open', ...args], {
    cwd: ROOT,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = { output: '' };
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => (seen.output += `${line}\n`));
  /** @type {Promise<number | null>} */
  const ended = new Promise((done) => child.once('close', done));
  return { child, seen, ended };
}

/** @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
async function refused(args, env) {
  const { seen, ended } = launcher(args, env);
  return { code: await ended, output: seen.output };
}

async function startSite() {
  const site = launcher(['--port', '0', '--state', STATE, '--no-simulator']);
  await until(
    'the ready line',
    () => READY.test(site.seen.output) || site.child.exitCode !== null,
    START_LIMIT_MS,
  );
  const url = READY.exec(site.seen.output)?.[1];
  assert.ok(url, site.seen.output);
  return { ...site, url };
}

const answers = async (/** @type {string} */ url) => {
  try {
    return (await fetch(`${url}api/health`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
};

const record = (/** @type {string} */ name) => JSON.parse(readFileSync(join(RUN, `${name}.json`), 'utf8'));

/** Local addresses of the listening TCP sockets of a process. */
function listeners(/** @type {number} */ pid) {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
      .map((fields) => fields[1]?.split(':')[0] ?? ''),
  );
}

/**
 * One request as a page navigation sends it: `fetch` would say `Sec-Fetch-Mode: cors`, and the Hub then sets no cookie.
 * @param {URL} url
 * @param {string} method
 * @param {Map<string, string>} jar cookies, sent and kept
 * @param {string} [body]
 * @returns {Promise<{ status: number, text: string }>}
 */
function request(url, method, jar, body = '') {
  return new Promise((done, fail) => {
    const headers = {
      Cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
      'X-XSRFToken': jar.get('_xsrf') ?? '',
      'Content-Type': body === '' ? 'application/json' : 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(body),
    };
    const sent = httpRequest(url, { method, headers }, (answer) => {
      for (const line of answer.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        jar.set(name, value);
      }
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => done({ status: answer.statusCode ?? 0, text }));
    });
    sent.once('error', fail);
    sent.end(body);
  });
}

/** Signs in by the form and starts the user's server; returns when the Hub calls it ready. */
async function startUserServer(/** @type {string} */ url, /** @type {string} */ password) {
  const hub = (/** @type {string} */ path) => new URL(`/nb/hub/${path}`, url);
  /** @type {Map<string, string>} */
  const jar = new Map();
  await request(hub('login'), 'GET', jar);
  const form = new URLSearchParams({ username: 'observer', password, _xsrf: jar.get('_xsrf') ?? '' });
  assert.equal((await request(hub('login'), 'POST', jar, form.toString())).status, 302);
  const started = await request(hub('api/users/observer/server'), 'POST', jar);
  assert.ok(started.status < 300, started.text);
  await until(
    'the user server',
    async () => {
      const user = JSON.parse((await request(hub('api/users/observer'), 'GET', jar)).text);
      return Boolean(user.servers?.['']?.ready);
    },
    60_000,
  );
}

describe('refusals: one sentence, exit code not 0', () => {
  const state = mkdtempSync(join(tmpdir(), 'summit-launcher-'));
  after(() => rmSync(state, { recursive: true, force: true }));

  test('an unknown option', async () => {
    const { code, output } = await refused(['--colour', 'red']);
    assert.equal(code, 2);
    assert.match(output, /^Unknown option '--colour'\. .*--help.*\n$/);
  });

  test('a cadence that is too short or no number', async () => {
    const tooShort = await refused(['--cadence', '2']);
    assert.equal(tooShort.code, 2);
    assert.match(tooShort.output, /^--cadence wants at least 4\.7 s .*, not "2"\. .*--help.*\n$/);
    assert.throws(() => parseOptions(['--cadence', '4.69']), SetupError);
    assert.equal(parseOptions(['--cadence', '4.7']).cadenceSeconds, 4.7);
    for (const text of ['soon', '', '0', '-15', 'Infinity', '15 s'])
      assert.throws(() => parseOptions([`--cadence=${text}`]), /--cadence wants a positive number/);
  });

  test('an instrument or a scenario that nobody knows, with those that are known', async () => {
    for (const option of ['--instrument', '--scenario']) {
      const { code, output } = await refused([option, 'Foo']);
      assert.equal(code, 2);
      const known = option === '--instrument' ? INSTRUMENTS : SCENARIOS;
      assert.ok(output.startsWith(`${option} knows ${known.join(', ')}; not "Foo".`), output);
    }
    assert.equal(parseOptions(['--instrument', 'LATISS']).instrument, 'LATISS');
  });

  test('what is refused here is what the simulator does not take', async () => {
    const program = `import json
from summit_notebook.demo import night, night_script
shortest = night.SHORTEST_EXPOSURE_S + night.READOUT_S + night.OVERHEAD_S
print(json.dumps([shortest, list(night_script.SCENARIOS)]))`;
    const env = { ...process.env, PYTHONPATH: join(ROOT, 'python') };
    const { code, output } = await capture(pythonOf(RUNTIME_PYTHON), ['-c', program], { env });
    assert.equal(code, 0, output);
    assert.deepEqual(JSON.parse(output), [SHORTEST_CADENCE_S, SCENARIOS]);
  });

  test('a state directory that nobody can write to', async () => {
    writeFileSync(join(state, 'file'), '');
    // Root may write wherever a file system takes it: /sys takes nothing, from anybody.
    for (const directory of [
      '/sys/summit-notebook',
      '/proc/summit-notebook/site',
      join(state, 'file/site'),
    ]) {
      const { code, output } = await refused(['--state', directory]);
      assert.equal(code, 1);
      assert.match(output, /^The site cannot keep its data in \S+ \([^)]+\): .*--state DIRECTORY\.\n$/);
      assert.ok(output.includes(directory));
    }
  });

  test('a password of 7 characters', async () => {
    const { code, output } = await refused([], { SUMMIT_NOTEBOOK_PASSWORD: 'seven77' });
    assert.equal(code, 1);
    assert.match(output, /7 characters: it needs at least 8/);
    assert.doesNotMatch(output, /seven77/);
  });

  test('a directory that is no Butler repository', async () => {
    const { code, output } = await refused(['--oods', `LATISS=${state}`]);
    assert.equal(code, 1);
    assert.match(output, /is no Butler repository .*butler\.yaml and gen3\.sqlite3 not found/);
  });

  test('a state directory with files of something else is never deleted', async () => {
    writeFileSync(join(state, 'thesis.tex'), 'years of work');
    const { code, output } = await refused(['--state', state, '--fresh']);
    assert.equal(code, 1);
    assert.match(output, /holds files of something else/);
    assert.equal(readFileSync(join(state, 'thesis.tex'), 'utf8'), 'years of work');
  });

  test('a port in use', async () => {
    const server = createServer();
    await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const { code, output } = await refused(['--port', String(port), '--state', join(state, 'new')]);
    server.close();
    assert.equal(code, 1);
    assert.match(output, new RegExp(`^Port ${port} on 127\\.0\\.0\\.1 is in use`, 'm'));
  });
});

test('a child that refuses its options is not started again; one that crashes is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'summit-supervisor-'));
  const supervisor = new Supervisor({ runDir: join(folder, 'run'), logDir: join(folder, 'log') });
  const starts = join(folder, 'starts');
  writeFileSync(starts, '');
  const program = (/** @type {string} */ name, /** @type {number} */ code) => ({
    name,
    command: process.execPath,
    args: [
      '-e',
      `fs.appendFileSync(${JSON.stringify(starts)}, '${name} '); console.error('No moon tonight.'); process.exit(${code})`,
    ],
    env: process.env,
    cwd: folder,
    refusal: 2,
  });
  try {
    supervisor.markReady();
    supervisor.start(program('crash', 1));
    await until('a second start', () => readFileSync(starts, 'utf8') === 'crash crash ', 10_000);
    supervisor.start(program('telescope', 2));
    await assert.rejects(supervisor.failed, {
      message: 'The telescope refused its options and the site ends: No moon tonight.',
      exitCode: 1,
    });
    await sleep(1500); // longer than the first pause before a new start
    assert.equal(readFileSync(starts, 'utf8').split('telescope').length - 1, 1);
  } finally {
    await supervisor.stop();
    rmSync(folder, { recursive: true });
  }
});

test('a process that only mentions the state on its command line is not ours', async () => {
  const bystander = spawn('sleep', ['30'], {
    argv0: `less ${join(STATE, 'log/hub.log')}`,
    env: { ...process.env, PWD: STATE },
  });
  try {
    await until('its start', () => identify(bystander.pid ?? 0) !== null);
    assert.ok(!findLeftovers(STATE, RUN).some(({ pid }) => pid === bystander.pid));
  } finally {
    bystander.kill();
  }
});

test('a reused process id is not ours', async () => {
  const bystander = spawn('sleep', ['30'], { env: {} });
  try {
    const identity = identify(bystander.pid ?? 0);
    assert.ok(identity);
    const run = mkdtempSync(join(tmpdir(), 'summit-run-'));
    writeFileSync(join(run, 'hub.json'), JSON.stringify({ ...identity, startTicks: '1' }));
    assert.equal(await endLeftovers('/no/such/state', run), 0);
    assert.ok(isAlive(identity));
    rmSync(run, { recursive: true });
  } finally {
    bystander.kill();
  }
});

describe('a running site', { timeout: 400_000 }, () => {
  /** @type {Awaited<ReturnType<typeof startSite>>} */
  let site;
  let password = '';

  after(async () => {
    if (site && site.child.exitCode === null && site.child.signalCode === null) site.child.kill('SIGTERM');
    await site?.ended;
    await endLeftovers(STATE, RUN);
  });

  test('prints the sign-in and the ready line, without colours', async () => {
    site = await startSite();
    password = /^Sign in: observer (\S{12,})$/m.exec(site.seen.output)?.[1] ?? '';
    assert.notEqual(password, '');
    assert.ok(!site.seen.output.includes('\u001b'));
  });

  test('a second start on the same state is refused', async () => {
    const { code, output } = await refused(['--port', '0', '--state', STATE]);
    assert.equal(code, 1);
    assert.match(output, new RegExp(`already running \\(process ${site.child.pid}`));
    assert.ok(await answers(site.url));
  });

  test('the user server starts, and every listener is on loopback', async () => {
    await startUserServer(site.url, password);
    const processes = findLeftovers(STATE, RUN);
    const addresses = processes.flatMap(({ pid }) => listeners(pid));
    assert.ok(addresses.length >= 6, `only ${addresses.length} listeners found`);
    // As /proc writes them: 127.0.0.1 with its bytes reversed, and ::1.
    for (const address of addresses) assert.match(address, /^(0100007F|00000000000000000000000001000000)$/);
  });

  test('the password is in no argument and no log', () => {
    for (const { pid } of findLeftovers(STATE, RUN))
      assert.ok(!commandLine(pid).some((argument) => argument.includes(password)));
    for (const name of readdirSync(join(STATE, 'log')))
      assert.ok(!readFileSync(join(STATE, 'log', name), 'utf8').includes(password), name);
    assert.equal(site.seen.output.split(password).length - 1, 1);
  });

  test('a killed Hub is started again, and the user server lives on', async () => {
    const userServer = findLeftovers(STATE, RUN).find(({ pid }) => environmentOf(pid).get('JUPYTERHUB_USER'));
    assert.ok(userServer);
    const { pid } = record('hub');
    process.kill(pid, 'SIGKILL');
    await until('another Hub', () => {
      try {
        return record('hub').pid !== pid;
      } catch {
        return false;
      }
    });
    assert.match(site.seen.output, /launcher +hub was ended by SIGKILL; starting it again/);
    const login = new URL('/nb/hub/login', site.url);
    const formIsThere = () =>
      request(login, 'GET', new Map()).then(
        ({ status }) => status === 200,
        () => false, // the new Hub replaces the proxy too
      );
    await until('the new Hub', formIsThere, 60_000);
    await until('the app behind it', () => answers(site.url), 60_000);
    assert.ok(isAlive(userServer));
  });

  test('launcher and Hub killed: the next start ends what they left and keeps password and address', async () => {
    const hub = record('hub').pid;
    site.child.kill('SIGKILL');
    process.kill(hub, 'SIGKILL');
    await site.ended;
    const left = findLeftovers(STATE, RUN);
    assert.ok(left.length >= 3, `only ${left.length} processes were left to end`);
    const before = site.url;
    site = await startSite();
    assert.match(site.seen.output, /^Ended \d+ processes that an earlier run/m);
    for (const identity of left) assert.ok(!isAlive(identity), commandLine(identity.pid).join(' '));
    assert.equal(site.url, before);
    assert.match(site.seen.output, new RegExp(`^Sign in: observer ${password}$`, 'm'));
  });

  test('Ctrl-C ends every process with code 0', async () => {
    const running = findLeftovers(STATE, RUN);
    assert.ok(running.length >= 4);
    site.child.kill('SIGINT');
    assert.equal(await site.ended, 0);
    for (const identity of running) assert.ok(!isAlive(identity), commandLine(identity.pid).join(' '));
    assert.deepEqual(findLeftovers(STATE, RUN), []);
    assert.deepEqual(readdirSync(RUN), []);
    assert.equal(await answers(site.url), false);
  });
});
