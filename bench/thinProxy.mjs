/**
 * A link between a browser and a server on this machine: as it is, or so thin and so far. Bytes of all connections and
 * both directions share the rate; each byte takes half a round trip, and a connection a whole one before its first.
 */
import { connect, createServer } from 'node:net';

/** What a pipe may hold back before its source has to wait: more than the link has on its way in a round trip. */
const MOST_WAITING = 1024 * 1024;

/** @returns {Promise<{ port: number, bytes(): number, thin(link: { bitsPerS: number, roundTripMs: number } | null): void, close(): Promise<void> }>} */
export async function startThinProxy(target) {
  let link = null;
  let freeAt = 0;
  let bytes = 0;
  const sockets = new Set();

  const pipe = (from, to, openedAt) => {
    let waiting = 0;
    let lastAt = 0;
    from.on('data', (chunk) => {
      const now = performance.now();
      bytes += chunk.length;
      let at = now;
      if (link) {
        freeAt = Math.max(freeAt, now) + (chunk.length * 8000) / link.bitsPerS;
        at = Math.max(freeAt + link.roundTripMs / 2, openedAt + link.roundTripMs * 1.5);
      }
      // Never before what came earlier.
      at = lastAt = Math.max(at, lastAt);
      waiting += chunk.length;
      if (waiting > MOST_WAITING) from.pause();
      setTimeout(() => {
        waiting -= chunk.length;
        if (waiting <= MOST_WAITING) from.resume();
        if (!to.destroyed) to.write(chunk);
      }, at - now);
    });
    from.on('end', () => setTimeout(() => to.end(), Math.max(0, lastAt - performance.now()) + 1));
    from.on('error', () => to.destroy());
    from.on('close', () => setTimeout(() => to.destroy(), Math.max(0, lastAt - performance.now()) + 50));
  };

  const server = createServer((client) => {
    const { hostname, port } = new URL(target);
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    const openedAt = performance.now();
    pipe(client, upstream, openedAt);
    pipe(upstream, client, openedAt);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    bytes: () => bytes,
    thin(to) {
      link = to;
      freeAt = 0;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
