/** Downloads over HTTP from a server of its own: their memory is used again, their bytes must not be. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toAppError } from '../../core/errors.ts';
import { Download } from './download.ts';

/** Of each address, so many bytes, all alike. */
const FILES: Readonly<Record<string, { readonly length: number; readonly byte: number }>> = {
  '/large': { length: 3_000_000, byte: 1 },
  '/larger': { length: 4_100_000, byte: 2 },
  '/small': { length: 70_000, byte: 3 },
};

let server: Server;
let address = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    const file = FILES[request.url?.replace('?unannounced', '') ?? ''];
    if (!file) return void response.writeHead(404).end();
    const bytes = Buffer.alloc(file.length, file.byte);
    if (!request.url?.endsWith('?unannounced')) response.setHeader('content-length', file.length);
    response.write(bytes.subarray(0, 50_000));
    setTimeout(() => response.end(bytes.subarray(50_000)), 20);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const start = (path: string) => new Download(address + path, `The file ${path}`, fetch);

async function readWhole(download: Download) {
  let length = 0;
  const values = new Set<number>();
  for (let part = await download.read(); part; part = await download.read()) {
    length += part.length;
    for (const byte of part) values.add(byte);
  }
  download.cancel();
  return { length, values: [...values] };
}

it.each(['', '?unannounced'])(
  'gives each file its own bytes, one after the other and together %s',
  async (how) => {
    for (const path of ['/large', '/small', '/larger', '/small']) {
      const { length, byte } = FILES[path]!;
      expect(await readWhole(start(path + how))).toEqual({ length, values: [byte] });
    }
    const together = Object.entries(FILES).map(async ([path, { length, byte }]) =>
      expect(await readWhole(start(path + how))).toEqual({ length, values: [byte] }),
    );
    await Promise.all(together);
  },
);

it('ends when it is cancelled, and leaves the next one alone', async () => {
  const first = start('/large');
  await first.read();
  const waiting = first.read();
  first.cancel();
  const second = readWhole(start('/small'));
  // A part that had come is the reader's own to leave; a wait for more ends.
  await waiting.catch((thrown: unknown) => expect(toAppError(thrown).tag).toBe('Cancelled'));
  await expect(first.read()).rejects.toMatchObject({ tag: 'Cancelled' });
  expect(await second).toEqual({ length: 70_000, values: [3] });
});
