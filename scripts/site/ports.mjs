/** Ports on 127.0.0.1: the public one as asked, the others free ones that a state keeps across restarts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SetupError } from '../setup/steps.mjs';
import { DEFAULT_PORT } from './options.mjs';

const INTERNAL = /** @type {const} */ (['hub', 'proxyApi', 'service', 'influxdb']);

/** @typedef {Record<'public' | typeof INTERNAL[number], number>} Ports */

/**
 * A listener that proves a port free; it is held until all ports are chosen, so that none is chosen twice.
 * @param {number} port 0: any
 * @returns {Promise<import('node:net').Server | null>}
 */
function listen(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => done(server));
  });
}

/** @param {import('node:net').Server} server */
const portOf = (server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port;

/**
 * @param {string} stateDir
 * @param {number | null} wanted the public port; null: the default one; 0: the one of last time, or a free one
 * @returns {Promise<Ports>}
 */
export async function choosePorts(stateDir, wanted) {
  const path = join(stateDir, 'ports.json');
  /** @type {Partial<Ports>} */
  let last = {};
  try {
    last = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // first start
  }
  /** @type {import('node:net').Server[]} */
  const held = [];
  const hold = async (/** @type {number | undefined} */ favourite) => {
    const server = (favourite ? await listen(favourite) : null) ?? (await listen(0));
    if (!server)
      throw new SetupError('No free port on 127.0.0.1: end a program that listens there and start again.');
    held.push(server);
    return portOf(server);
  };
  try {
    const fixed = wanted ?? DEFAULT_PORT;
    if (fixed > 0) {
      const server = await listen(fixed);
      if (!server)
        throw new SetupError(
          `Port ${fixed} on 127.0.0.1 is in use or not allowed: choose another one with --port N (0 takes a free one).`,
        );
      held.push(server);
    }
    /** @type {Partial<Ports>} */
    const ports = { public: fixed > 0 ? fixed : await hold(last.public) };
    for (const name of INTERNAL) ports[name] = await hold(last[name]);
    writeFileSync(path, JSON.stringify(ports));
    return /** @type {Ports} */ (ports);
  } finally {
    await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  }
}
