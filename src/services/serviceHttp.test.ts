import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { createServiceHttp, xsrfToken, type Fetch } from './serviceHttp.ts';

const Answer = z.object({ n: z.number() });

function httpWith(fetch: Fetch, cookies = 'a=1; summit-xsrf=to%3Dken; b=2') {
  return createServiceHttp({ prefix: '/nb/services/summit/', fetch, cookies: () => cookies });
}
const jsonResponse = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

describe('errors have a tag', () => {
  test.each([
    [401, 'AccessDenied'],
    [403, 'AccessDenied'],
    [404, 'NotFound'],
    [410, 'Expired'],
    [500, 'Unreachable'],
    [502, 'Unreachable'],
    [503, 'Unreachable'],
  ])('HTTP %i of a proxy is %s', async (status, tag) => {
    const http = httpWith(async () => new Response('<h1>no</h1>', { status }));
    await expect(http.json('api/x', Answer)).rejects.toMatchObject({ tag, detail: { httpStatus: status } });
  });

  test('the error form of the service wins over its status', async () => {
    const wire = { tag: 'RegistryBusy', message: 'Locked for 12 s.', detail: { exposure: 7 } };
    const http = httpWith(async () => jsonResponse(503, wire));
    await expect(http.json('api/x', Answer)).rejects.toMatchObject({
      tag: 'RegistryBusy',
      message: 'Locked for 12 s.',
      detail: { exposure: 7, url: '/nb/services/summit/api/x' },
    });
  });

  test('a network without an answer, and a page that is no JSON, are Unreachable', async () => {
    const down = httpWith(async () => {
      throw new TypeError('Failed to fetch');
    });
    await expect(down.json('api/x', Answer)).rejects.toMatchObject({ tag: 'Unreachable' });
    const page = httpWith(async () => new Response('<html>'));
    await expect(page.json('api/x', Answer)).rejects.toMatchObject({ tag: 'Unreachable' });
  });

  test('an answer of another shape is a Bug that names the field', async () => {
    const http = httpWith(async () => jsonResponse(200, { n: 'seven' }));
    await expect(http.json('api/x', Answer)).rejects.toMatchObject({
      tag: 'Bug',
      message: expect.stringContaining('(n:'),
    });
  });

  test('aborting is Cancelled; a silent server is Unreachable after the timeout', async () => {
    const silent: Fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      });
    const abort = new AbortController();
    const asked = httpWith(silent).json('api/x', Answer, { signal: abort.signal });
    abort.abort();
    await expect(asked).rejects.toMatchObject({ tag: 'Cancelled' });
    await expect(httpWith(silent).json('api/x', Answer, { timeoutMs: 10 })).rejects.toMatchObject({
      tag: 'Unreachable',
    });
  });
});

test('only requests that change something carry the XSRF token', async () => {
  const sent: [string, RequestInit | undefined][] = [];
  const http = httpWith(async (url, init) => {
    sent.push([url, init]);
    return jsonResponse(200, { n: 1 });
  });
  await http.json('api/x', Answer);
  await http.send('api/devices', { method: 'POST', body: { label: 'left' } });
  const headers = sent.map(([, init]) => new Headers(init?.headers).get('X-XSRFToken'));
  expect(headers).toEqual([null, 'to=ken']);
  expect(sent[1]?.[1]?.body).toBe('{"label":"left"}');
});

test('the XSRF cookie is found among others, and is empty without one', () => {
  expect(xsrfToken('xsummit-xsrf=no; summit-xsrf=yes')).toBe('yes');
  expect(xsrfToken('other=1')).toBe('');
});
