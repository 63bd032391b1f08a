/**
 * Processes of an earlier run of the same state, when that run was killed before it could end them.
 *
 * Ours is only what proves it: a process that a run record names by id, start time and boot, or one whose environment
 * carries the state's own mark (given to each child and inherited), or one that a Hub of this state started (it has a
 * Hub token, and its site file or home directory lies in this state). A path on a command line proves nothing: an
 * editor or a pager has it too.
 */
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { allPids, ancestry, environmentOf, groupOf, identify, isAlive } from './processTable.mjs';

export const MARK = 'SUMMIT_NOTEBOOK_RUN_OF';
const GRACE_MS = 10_000;
const POLL_MS = 100;

const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {Map<string, string>} environment @param {string} stateDir */
function provesOurs(environment, stateDir) {
  if (environment.get(MARK) === stateDir) return true;
  if (!environment.has('JUPYTERHUB_API_TOKEN')) return false;
  return (
    environment.get('SUMMIT_NOTEBOOK_SITE') === join(stateDir, 'site.json') ||
    Boolean(environment.get('HOME')?.startsWith(`${stateDir}/`))
  );
}

/**
 * @param {string} stateDir
 * @param {string} runDir
 * @returns {import('./processTable.mjs').Identity[]}
 */
export function findLeftovers(stateDir, runDir) {
  const records = existsSync(runDir) ? readdirSync(runDir).filter((name) => name.endsWith('.json')) : [];
  const recorded = records
    .map((name) => {
      try {
        return /** @type {import('./processTable.mjs').Identity} */ (
          JSON.parse(readFileSync(join(runDir, name), 'utf8'))
        );
      } catch {
        return null;
      }
    })
    .filter((record) => record !== null && isAlive(record))
    .map((record) => /** @type {import('./processTable.mjs').Identity} */ (record).pid);
  const marked = allPids().filter((pid) => provesOurs(environmentOf(pid), stateDir));
  const untouchable = ancestry();
  return [...new Set([...recorded, ...marked])]
    .filter((pid) => !untouchable.has(pid))
    .map(identify)
    .filter((identity) => identity !== null);
}

/** A signal to the process, or to its whole group when it leads one. */
function signal(/** @type {number} */ pid, /** @type {NodeJS.Signals} */ name) {
  try {
    process.kill(groupOf(pid) === pid ? -pid : pid, name);
  } catch {
    // gone meanwhile
  }
}

/**
 * Ends processes: SIGTERM, then SIGKILL for those that are still there after the grace time.
 * @param {import('./processTable.mjs').Identity[]} identities
 */
export async function endProcesses(identities, graceMs = GRACE_MS) {
  for (const { pid } of identities) signal(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && identities.some(isAlive)) await sleep(POLL_MS);
  for (const identity of identities) if (isAlive(identity)) signal(identity.pid, 'SIGKILL');
  while (identities.some(isAlive)) await sleep(POLL_MS);
}

/**
 * Ends what an earlier run left; again until nothing is found, since an ending Hub may just have started something.
 * @param {string} stateDir
 * @param {string} runDir
 * @returns {Promise<number>} how many there were
 */
export async function endLeftovers(stateDir, runDir) {
  let count = 0;
  for (let round = 0; round < 5; round++) {
    const found = findLeftovers(stateDir, runDir);
    if (found.length === 0) break;
    count += found.length;
    await endProcesses(found, round === 0 ? GRACE_MS : 2000);
  }
  if (existsSync(runDir))
    for (const name of readdirSync(runDir))
      if (name.endsWith('.json')) rmSync(join(runDir, name), { force: true });
  return count;
}
