/** Running the long steps of a set-up: one line when a step starts, a sign of life while it runs, its time at the end. */
import { spawn } from 'node:child_process';

/** A problem that the reader can do something about: printed as its sentence, without a stack. */
export class SetupError extends Error {
  /** @param {string} sentence @param {{ exitCode?: number, cause?: unknown }} [options] */
  constructor(sentence, { exitCode = 1, cause } = {}) {
    super(sentence, { cause });
    this.exitCode = exitCode;
  }
}

/** Node's last line of defence for all entries: a sentence for what is expected, a stack for what is a bug. */
export function exitWith(/** @type {unknown} */ error) {
  if (error instanceof SetupError) {
    console.error(error.message);
    process.exit(error.exitCode);
  }
  console.error(error);
  process.exit(1);
}

const HEARTBEAT_MS = 10_000;

// What npm, uv, pip and apt print when a name does not resolve or nobody answers.
const NETWORK_DOWN =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|name resolution|could not resolve|dns error|failed to establish a new connection|error sending request|failed to lookup address|network is unreachable|connection refused|temporary failure resolving|could not connect|unable to connect/i;

/**
 * Commands under way; an interrupted or failed start must not leave them installing.
 * @type {Set<import('node:child_process').ChildProcess>}
 */
const running = new Set();
let ending = false;
// For an exit that nobody prepared.
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));

/**
 * Ends the commands under way and starts no more of them: whoever waits for one waits until the program's end. npm
 * goes on for as long as half a minute after a SIGTERM, and a next start must not meet it.
 */
export async function endCommands(graceMs = 5000) {
  ending = true;
  const alive = [...running].filter((child) => child.exitCode === null && child.signalCode === null);
  // Not 'close': what a command has started may hold the same pipe and outlive it.
  const ended = alive.map((child) => new Promise((done) => child.once('exit', done)));
  for (const child of alive) child.kill('SIGTERM');
  const kill = setTimeout(() => alive.forEach((child) => child.kill('SIGKILL')), graceMs);
  await Promise.all(ended);
  clearTimeout(kill);
}

/**
 * Runs one command of a step.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function capture(command, args, { cwd, env } = {}) {
  if (ending) return new Promise(() => {});
  return new Promise((resolve) => {
    const done = (/** @type {{ code: number, output: string }} */ result) => ending || resolve(result);
    const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.once('close', () => running.delete(child));
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => (output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => done({ code: 127, output: output + error.message }));
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

/** @param {string} text @param {number} count */
export function lastLines(text, count) {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}

/**
 * Shows that a long step is alive.
 * @template T
 * @param {string} title as in "Installing the npm packages"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const begin = performance.now();
  const seconds = () => ((performance.now() - begin) / 1000).toFixed(0);
  console.log(`${title} ...`);
  const heartbeat = setInterval(() => ending || console.log(`${title} ... ${seconds()} s`), HEARTBEAT_MS);
  try {
    const result = await work();
    console.log(`${title}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

export const saysNetworkDown = (/** @type {string} */ output) => NETWORK_DOWN.test(output);

export const networkDown = (/** @type {string} */ what, /** @type {string} */ output) =>
  new SetupError(
    `Could not download ${what}: the package registry cannot be reached from here. Check the network and start again.`,
    { cause: output },
  );

/**
 * Runs a command that must succeed.
 * @param {string} what what it fetches or makes, as in "the npm packages"
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, warnings?: string }} [options] warnings: of a command before it,
 *   which ended well but may already have told of a missing network
 */
export async function mustRun(what, command, args, { warnings = '', ...options } = {}) {
  const { code, output } = await capture(command, args, options);
  if (code === 0) return output;
  if (saysNetworkDown(warnings + output)) throw networkDown(what, warnings + output);
  throw new SetupError(
    `Could not install ${what}: \`${[command, ...args].join(' ')}\` ended with code ${code}.\n${lastLines(output, 15)}`,
    { cause: output },
  );
}
