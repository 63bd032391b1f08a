/** Peers that are web pages: they and the images from a server on this machine, in the Chromium of all the others. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, extname, join } from 'node:path';
import { PANE_PX } from '../pane.mjs';
import { openQuietPage } from '../quietPage.mjs';
import { WATCH } from '../sideBySide/pixels.mjs';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/**
 * The pages of this folder, the peers' packages, and whatever file was offered; no browser may cache them.
 * @param {{ js9?: string, aladin?: string }} tools folders of the packages
 */
export async function servePeers({ js9, aladin }) {
  const packages = { ...(js9 && { js9 }), ...(aladin && { 'aladin-lite': aladin }) };
  const offered = new Map();
  const fileOf = (path) => {
    const [, first, ...rest] = path.split('/');
    if (packages[first]) return join(packages[first], ...rest);
    return offered.get(path) ?? join(import.meta.dirname, basename(path));
  };
  const answer = async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const body = await readFile(fileOf(path)).catch(() => undefined);
    response
      .writeHead(body ? 200 : 404, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'cache-control': 'no-store',
      })
      .end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    version: (name) => JSON.parse(readFileSync(join(packages[name], 'package.json'), 'utf8')).version,
    /** Gives the address of a file. */
    offer(file) {
      const path = `/images/${basename(file)}`;
      offered.set(path, file);
      return url + path;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** A page whose pane is all of its window, ready to be watched. */
export const openPeer = (browser, url) =>
  openQuietPage(browser, { url, width: PANE_PX, height: PANE_PX, before: WATCH });
