/** Contestants that do the same work in turn, each for seconds of processor time, and must come to the same pixels. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export const WARM_UPS = 3;
const SAMPLES = 10;
const SAMPLE_SECONDS = 2;

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {string} result contestants of the same word must have equal checksums
 * @property {(count: number) => Promise<{ seconds: number, crc: number }>} run seconds of processor time of all
 * @property {() => unknown} stop
 */

export function median(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A peer program that does its work as often as a line says and answers "CPU_SECONDS CRC32". @returns {Contestant} */
export function startPeer(name, result, command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  // Each ends the lines too, and with them the next run.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    result,
    async run(count) {
      child.stdin.write(`${count}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ended early`);
      const [seconds, crc] = value.split(' ').map(Number);
      return { seconds, crc };
    },
    stop: () => child.stdin.end(),
  };
}

/** A job of worker.mjs in a worker of its own. @returns {Promise<Contestant>} */
export async function startWorker(page, result, request) {
  const worker = await page.newWorker();
  await worker.ask({ what: 'prepare', ...request });
  return {
    name: 'ours',
    result,
    async run(count) {
      const before = worker.cpuSeconds();
      await worker.ask({ what: 'run', count });
      const seconds = worker.cpuSeconds() - before;
      const { crc } = await worker.ask({ what: 'checksum' });
      return { seconds, crc };
    },
    stop: worker.stop,
  };
}

/**
 * Seconds of one run, all samples by contestant.
 * @param {Contestant[]} contestants
 * @returns {Promise<Record<string, number[]>>}
 */
export async function contest(contestants) {
  const samples = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  const counts = {};
  const checksums = new Map();
  const runOnce = async ({ name, result, run }, count) => {
    const { seconds, crc } = await run(count);
    if (!checksums.has(result)) checksums.set(result, { crc, name });
    const first = checksums.get(result);
    if (first.crc !== crc) throw new Error(`${name} and ${first.name} come to different pixels (${result}).`);
    return seconds;
  };
  for (let round = 0; round < WARM_UPS; round++)
    for (const contestant of contestants)
      counts[contestant.name] = Math.ceil((1.1 * SAMPLE_SECONDS) / (await runOnce(contestant, 1)));
  for (let round = 0; round < SAMPLES; round++) {
    for (const contestant of contestants) {
      let seconds = 0;
      let runs = 0;
      while (seconds < SAMPLE_SECONDS) {
        seconds += await runOnce(contestant, counts[contestant.name]);
        runs += counts[contestant.name];
      }
      samples[contestant.name].push(seconds / runs);
    }
  }
  return samples;
}
