/** Facts about processes from Linux's /proc: who is who, across restarts of this program. */
import { readFileSync, readdirSync } from 'node:fs';

/** @typedef {{ pid: number, startTicks: string, bootId: string }} Identity */

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** Fields of /proc/PID/stat after the command name, which may itself hold spaces and brackets. */
function statFields(/** @type {number} */ pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/**
 * A process id alone is reused; with its start time and the boot it names one process for good.
 * @returns {Identity | null} null when there is no such process
 */
export function identify(/** @type {number} */ pid) {
  try {
    return { pid, startTicks: statFields(pid)[19] ?? '', bootId: bootId() };
  } catch {
    return null;
  }
}

/** Whether exactly this process still runs; a zombie has ended. */
export function isAlive(/** @type {Identity} */ identity) {
  try {
    const fields = statFields(identity.pid);
    return fields[0] !== 'Z' && fields[19] === identity.startTicks && bootId() === identity.bootId;
  } catch {
    return false;
  }
}

/** @returns {string[]} */
export function commandLine(/** @type {number} */ pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

/** The environment that a process was started with; empty for other users' processes. */
export function environmentOf(/** @type {number} */ pid) {
  /** @type {Map<string, string>} */
  const variables = new Map();
  try {
    for (const entry of readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')) {
      const equals = entry.indexOf('=');
      if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
    }
  } catch {
    // not ours to read, or gone
  }
  return variables;
}

/** @returns {number[]} */
export function allPids() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The process group, which a signal to -PGID reaches. */
export function groupOf(/** @type {number} */ pid) {
  try {
    return Number(statFields(pid)[2]);
  } catch {
    return null;
  }
}

/** This process and those above it: never to be ended by a sweep. */
export function ancestry() {
  const pids = new Set([process.pid]);
  for (let pid = process.ppid; pid > 1 && !pids.has(pid);) {
    pids.add(pid);
    try {
      pid = Number(statFields(pid)[1]);
    } catch {
      break;
    }
  }
  return pids;
}
