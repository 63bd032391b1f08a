import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { openBytes } from './fetchBytes.ts';

let server: Server | undefined;

function serve(listener: RequestListener): Promise<string> {
  return new Promise((resolve) => {
    server = createServer(listener).listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server!.address() as AddressInfo).port}/raw`);
    });
  });
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function errorOf(act: Promise<unknown>): Promise<AppError> {
  const error: unknown = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error(`no AppError but ${String(error)}`);
}

async function readAll(url: string, signal = new AbortController().signal): Promise<number> {
  const stream = await openBytes(url, 'The raw of exposure 1', signal);
  let bytes = 0;
  for (let chunk = await stream.read(); chunk; chunk = await stream.read()) bytes += chunk.length;
  return bytes;
}

describe('openBytes', () => {
  it('gives all bytes and their number', async () => {
    const url = await serve((_, response) => response.end(Buffer.alloc(300_000)));
    const stream = await openBytes(url, 'x', new AbortController().signal);
    expect(stream.totalBytes).toBe(300_000);
    expect(await readAll(url)).toBe(300_000);
  });

  it.each([
    [401, 'AccessDenied'],
    [403, 'AccessDenied'],
    [404, 'NotFound'],
    [410, 'Expired'],
    [500, 'Unreachable'],
    [503, 'Unreachable'],
    [418, 'Bug'],
  ])('status %d is %s', async (status, tag) => {
    const url = await serve((_, response) => response.writeHead(status).end('not json'));
    const error = await errorOf(readAll(url));
    expect(error.tag).toBe(tag);
    expect(error.detail).toMatchObject({ httpStatus: status, url });
    expect(error.message).toContain('The raw of exposure 1');
  });

  it("takes tag and sentence from the service's own answer", async () => {
    const body = { tag: 'RegistryBusy', message: 'The registry is busy.', detail: { exposure: 7 } };
    const url = await serve((_, response) => response.writeHead(503).end(JSON.stringify(body)));
    const error = await errorOf(readAll(url));
    expect([error.tag, error.message, error.detail.exposure]).toEqual([
      'RegistryBusy',
      'The registry is busy.',
      7,
    ]);
  });

  it('is Unreachable when nobody listens, and when the connection breaks half-way', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write(Buffer.alloc(100), () => response.destroy());
    });
    expect((await errorOf(readAll(url))).tag).toBe('Unreachable');
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    expect((await errorOf(readAll(url))).tag).toBe('Unreachable');
  });

  it('is Cancelled when the signal says so while it waits', async () => {
    const url = await serve((_, response) => void response.writeHead(200).write('some'));
    const controller = new AbortController();
    const error = errorOf(readAll(url, controller.signal));
    setTimeout(() => controller.abort(), 50);
    expect((await error).tag).toBe('Cancelled');
  });
});
