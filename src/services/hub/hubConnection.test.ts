import { describe, expect, it } from 'vitest';
import { HubConnection, type StartProgress } from './hubConnection.ts';

type Route = (request: Request) => Response | Promise<Response>;

const BASE = 'http://127.0.0.1:1/nb/';
const HOME = '<script>window.jhdata = { xsrf_token: "2|abc" };</script>';
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

function connection(routes: Record<string, Route>) {
  const requests: Request[] = [];
  const visits: string[] = [];
  const hub = new HubConnection({
    base: '/nb/',
    origin: 'http://127.0.0.1:1',
    fetch: async (input, init) => {
      const request = new Request(input, init);
      requests.push(request);
      const key = `${request.method} ${request.url.replace(BASE, '')}`;
      const route = routes[key];
      if (!route) throw new TypeError(`no route for ${key}`);
      return route(request);
    },
    visit: async (url) => {
      visits.push(url);
    },
  });
  return { hub, requests, visits };
}

const signedIn: Record<string, Route> = {
  'GET hub/home': () => new Response(HOME),
  'GET hub/api/user': (request) =>
    request.headers.get('X-XSRFToken') === '2|abc' ? json({ name: 'observer', servers: {} }) : json({}, 403),
};

function eventStream(...chunks: string[]): Response {
  return new Response(
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    }),
  );
}

describe('HubConnection', () => {
  it('reads the XSRF token from the Hub page and sends it with a GET', async () => {
    const { hub } = connection(signedIn);
    await expect(hub.whoAmI()).resolves.toBe('observer');
  });

  it('says AccessDenied when the session has ended', async () => {
    const { hub } = connection({ ...signedIn, 'GET hub/home': () => new Response('login page') });
    await expect(hub.whoAmI()).rejects.toMatchObject({ tag: 'AccessDenied' });
  });

  it('says Unreachable when the Hub does not answer', async () => {
    const { hub } = connection({});
    await expect(hub.whoAmI()).rejects.toMatchObject({ tag: 'Unreachable' });
  });

  it('reports progress events that are split over chunks and ends at ready', async () => {
    const { hub } = connection({
      'POST hub/api/users/observer/server': () => new Response('', { status: 202 }),
      'GET hub/api/users/observer/server/progress': () =>
        eventStream(
          'data: {"progress": 0, "message": "Server requested"}\n\nda',
          'ta: {"progress": 50, "message": "Spawning"}\n\n: ping\n\n',
          'data: {"progress": 100, "ready": true, "message": "ready"}\n\n',
        ),
    });
    const seen: StartProgress[] = [];
    await hub.startServer('observer', (progress) => seen.push(progress), new AbortController().signal);
    expect(seen.map((p) => p.percent)).toEqual([0, 50, 100]);
  });

  it('joins a server that runs already', async () => {
    const { hub } = connection({
      'POST hub/api/users/observer/server': () => json({ message: 'already running' }, 400),
      'GET hub/api/users/observer/server/progress': () =>
        eventStream('data: {"progress": 100, "ready": true}\n\n'),
    });
    await expect(
      hub.startServer('observer', () => {}, new AbortController().signal),
    ).resolves.toBeUndefined();
  });

  it('gives the reason when the server fails to start', async () => {
    const { hub } = connection({
      'POST hub/api/users/observer/server': () => new Response('', { status: 202 }),
      'GET hub/api/users/observer/server/progress': () =>
        eventStream('data: {"progress": 100, "failed": true, "message": "no disk space"}\n\n'),
    });
    const start = hub.startServer('observer', () => {}, new AbortController().signal);
    await expect(start).rejects.toThrow(/no disk space/);
  });

  it('mints a token for this user’s servers only, puts it into a header and never into a URL', async () => {
    let asked: { scopes?: string[]; expires_in?: number } = {};
    const { hub, requests, visits } = connection({
      'POST hub/api/users/observer/tokens': async (request) => {
        asked = (await request.json()) as typeof asked;
        return json({ id: 'a1', token: 'secret-token' }, 201);
      },
      'GET user/observer/api/status': () => json({}),
    });
    const settings = await hub.connect('observer');
    await settings.fetch(`${BASE}user/observer/api/status`);
    expect(asked.scopes).toEqual(['access:servers!user=observer']);
    expect(requests.at(-1)?.headers.get('Authorization')).toBe('token secret-token');
    expect([...requests.map((r) => r.url), ...visits].some((url) => url.includes('secret-token'))).toBe(
      false,
    );
    expect(settings.appendToken).toBe(false);
    expect(visits).toEqual([`${BASE}user/observer/files/summit-notebook-sign-in`]);
  });

  it('takes the token back once', async () => {
    const { hub, requests } = connection({
      'POST hub/api/users/observer/tokens': () => json({ id: 'a1', token: 't' }, 201),
      'DELETE hub/api/users/observer/tokens/a1': () => new Response(null, { status: 204 }),
    });
    await hub.connect('observer');
    await hub.revoke('observer');
    await hub.revoke('observer');
    expect(requests.filter((r) => r.method === 'DELETE')).toHaveLength(1);
  });
});
