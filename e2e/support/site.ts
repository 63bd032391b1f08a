/** A demo site for tests, started by the launcher as a user would start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface Site {
  /** The workspace; `kiosk` and `panel` are relative to it. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Holds staging/, oods/, truth/, log/ and site.json. */
  readonly stateDir: string;
  /** A page at this origin may embed the panel; nothing listens there until a story does. */
  readonly portalOrigin: string;
  /** Process id of the launcher. */
  readonly launcherPid: number;
}

export interface RunningSite {
  readonly site: Site;
  stop(): Promise<void>;
}

const ROOT = resolve(import.meta.dirname, '../..');
const PASSWORD = 'a night of end-to-end tests';
/** A cold start installs and builds; a warm one takes about 10 s. */
const READY_WITHIN_MS = 600_000;
const ENVIRONMENT_KEY = 'SUMMIT_NOTEBOOK_E2E_SITE';

/** The launcher's lines go to `STATE-launcher.log` beside the state directory, not into the report. */
export async function startSite(request: {
  readonly stateDir: string;
  readonly options?: readonly string[];
}): Promise<RunningSite> {
  const stateDir = resolve(ROOT, request.stateDir);
  mkdirSync(dirname(stateDir), { recursive: true });
  const log = createWriteStream(`${stateDir}-launcher.log`);
  const portalOrigin = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    process.execPath,
    [
      'scripts/start.mjs',
      ...['--port', '0', '--no-open', '--state', stateDir, '--portal-origin', portalOrigin],
      ...(request.options ?? []),
    ],
    {
      cwd: ROOT,
      env: { ...process.env, SUMMIT_NOTEBOOK_PASSWORD: PASSWORD },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const url = await readyUrl(child, log);
  return {
    site: { url, user: 'observer', password: PASSWORD, stateDir, portalOrigin, launcherPid: child.pid ?? 0 },
    stop: () =>
      new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done();
        child.once('exit', () => done());
        child.kill('SIGTERM');
      }),
  };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

function readyUrl(child: ChildProcess, log: NodeJS.WritableStream): Promise<string> {
  return new Promise((ready, reject) => {
    const lastLines: string[] = [];
    const fail = (why: string) =>
      reject(new Error(`The demo site ${why}. Its last lines:\n${lastLines.join('\n')}`));
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      fail(`was not ready after ${READY_WITHIN_MS / 1000} s`);
    }, READY_WITHIN_MS);
    const read = (line: string) => {
      log.write(`${line}\n`);
      lastLines.push(line);
      if (lastLines.length > 30) lastLines.shift();
      const url = /^Summit Notebook is ready: (\S+)$/.exec(line)?.[1];
      if (url !== undefined) {
        clearTimeout(timer);
        ready(url);
      }
    };
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code} before it was ready`);
    });
  });
}

/** Hands the site to the worker processes, which inherit the environment. */
export function keepSite(site: Site): void {
  process.env[ENVIRONMENT_KEY] = JSON.stringify(site);
}

export function sharedSite(): Site {
  const text = process.env[ENVIRONMENT_KEY];
  if (text === undefined)
    throw new Error('No demo site: run the specs by `npm test -- --only e2e` or `npx playwright test`.');
  return JSON.parse(text) as Site;
}
