/**
 * Starts a site's processes, one process group each, keeps them running and ends them all.
 * Their lines go to STATE/log/NAME.log and, with time and name, to standard output.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { SetupError } from '../setup/steps.mjs';
import { endProcesses } from './leftovers.mjs';
import { identify } from './processTable.mjs';

const LAST_LINES_KEPT = 20;
/** What a child wrote last is read a little after its end. */
const LAST_WORDS_MS = 100;
const LARGEST_LOG_BYTES = 20_000_000;
const FIRST_RESTART_MS = 1000;
const SLOWEST_RESTART_MS = 30_000;
/** A child that ran this long has recovered: its next restart is quick again. */
const STEADY_MS = 60_000;

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {NodeJS.ProcessEnv} env
 * @property {string} cwd
 * @property {boolean} [once] ends by itself with code 0 when its work is done
 * @property {Program} [then] started when that work is done
 * @property {number} [refusal] the exit code by which it says that its options are wrong
 */

/**
 * @typedef {object} Running
 * @property {Program} program
 * @property {import('./processTable.mjs').Identity | null} identity
 * @property {string[]} lastLines
 * @property {number} restartDelayMs
 * @property {NodeJS.Timeout | null} restart
 */

export class Supervisor {
  /** @type {Map<string, Running>} */
  #children = new Map();
  #stopping = false;
  /** Until the site is ready a child's end is a failure of the start; afterwards it is restarted. */
  #ready = false;
  /** @type {(error: SetupError) => void} */
  #fail = () => {};

  /** Rejects when a child ends before the site is ready, and whenever a new start of it would end in the same way. */
  failed = new Promise((_, reject) => {
    this.#fail = reject;
  });

  /** @param {{ runDir: string, logDir: string }} folders */
  constructor({ runDir, logDir }) {
    this.runDir = runDir;
    this.logDir = logDir;
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
    this.failed.catch(() => {}); // the launcher waits for it
  }

  /** @param {Program} program */
  start(program) {
    /** @type {Running} */
    const child = { program, identity: null, lastLines: [], restartDelayMs: FIRST_RESTART_MS, restart: null };
    this.#children.set(program.name, child);
    this.#launch(child);
  }

  markReady() {
    this.#ready = true;
  }

  get hasStarted() {
    return this.#children.size > 0;
  }

  /** Ends every child: SIGTERM to the groups, SIGKILL to what is left. */
  async stop() {
    this.#stopping = true;
    const identities = [];
    for (const child of this.#children.values()) {
      if (child.restart) clearTimeout(child.restart);
      if (child.identity) identities.push(child.identity);
    }
    await endProcesses(identities);
    for (const name of this.#children.keys()) rmSync(this.#recordOf(name), { force: true });
  }

  #recordOf(/** @type {string} */ name) {
    return join(this.runDir, `${name}.json`);
  }

  #launch(/** @type {Running} */ child) {
    if (this.#stopping) return;
    const { name, command, args, env, cwd } = child.program;
    const begin = performance.now();
    // A group of its own, so that one signal reaches whatever it starts, and so that a terminal's Ctrl-C reaches only
    // the launcher, which then ends the children in order.
    const spawned = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    if (spawned.pid !== undefined) {
      child.identity = identify(spawned.pid);
      writeFileSync(
        this.#recordOf(name),
        JSON.stringify({ name, ...child.identity, command: [command, ...args] }),
      );
    }
    for (const stream of [spawned.stdout, spawned.stderr])
      createInterface({ input: stream }).on('line', (line) => this.#log(child, line));
    spawned.once('error', (error) => {
      this.#log(child, error.message);
      if (spawned.pid === undefined) this.#ended(child, 'could not be started', null);
    });
    // Not 'close': a Hub's proxy holds the same pipe and may outlive it.
    spawned.once('exit', (code, signal) => {
      child.identity = null;
      rmSync(this.#recordOf(name), { force: true });
      if (performance.now() - begin > STEADY_MS) child.restartDelayMs = FIRST_RESTART_MS;
      const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      setTimeout(() => this.#ended(child, how, code), LAST_WORDS_MS);
    });
  }

  #ended(/** @type {Running} */ child, /** @type {string} */ how, /** @type {number | null} */ code) {
    const { name, once, then, refusal } = child.program;
    if (this.#stopping) return;
    if (code !== null && code === refusal) {
      this.#fail(
        new SetupError(`The ${name} refused its options and the site ends: ${child.lastLines.at(-1) ?? how}`),
      );
      return;
    }
    if (once && code === 0) {
      if (then) this.start(then);
      return;
    }
    if (!this.#ready) {
      const lines = child.lastLines.map((line) => `  ${line}`).join('\n');
      this.#fail(
        new SetupError(
          `${lines}\nThe ${name} ${how} before the site was ready; its last lines are above, all of them in ${join(this.logDir, `${name}.log`)}.`,
        ),
      );
      return;
    }
    say('launcher', `${name} ${how}; starting it again in ${child.restartDelayMs / 1000} s`);
    child.restart = setTimeout(() => this.#launch(child), child.restartDelayMs);
    child.restartDelayMs = Math.min(SLOWEST_RESTART_MS, child.restartDelayMs * 2);
  }

  #log(/** @type {Running} */ child, /** @type {string} */ rawLine) {
    const line = stripVTControlCharacters(rawLine);
    if (line.trim() === '') return;
    child.lastLines.push(line);
    if (child.lastLines.length > LAST_LINES_KEPT) child.lastLines.shift();
    say(child.program.name, line);
    const path = join(this.logDir, `${child.program.name}.log`);
    if (existsSync(path) && statSync(path).size > LARGEST_LOG_BYTES) renameSync(path, `${path}.1`);
    appendFileSync(path, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
  }
}

/** One line of the readable log: UTC time, who, what. */
export function say(/** @type {string} */ name, /** @type {string} */ line) {
  console.log(`${new Date().toISOString().slice(11, 19)} ${name.padEnd(9)} ${line}`);
}
