import { describe, expect, it } from 'vitest';
import { createEfdApi } from './efdApi.ts';
import { nanosecondsOf, selectNewest, selectRows } from './query.ts';

describe('queries', () => {
  it('name fields and topic and keep every digit of the limits', () => {
    const begin = 1_764_000_000_050_123_457n;
    expect(selectRows('lsst.sal.ATMCS.trajectory', ['cRIO_timestamp', 'elevation0'], begin, begin + 1n)).toBe(
      'SELECT "cRIO_timestamp", "elevation0" FROM "lsst.sal.ATMCS.trajectory" ' +
        'WHERE time >= 1764000000050123457 AND time < 1764000000050123458',
    );
  });

  it('cannot be left through a name', () => {
    expect(selectNewest('a"; DROP DATABASE efd; --', ['b\\'], 0n, 1)).toBe(
      'SELECT "b\\\\" FROM "a\\"; DROP DATABASE efd; --" WHERE time >= 0 ORDER BY time DESC LIMIT 1',
    );
  });

  it('turn POSIX ms into nanoseconds without the noise of a double', () => {
    expect(nanosecondsOf(1_764_000_000_123.456)).toBe(1_764_000_000_123_456_000n);
  });
});

describe('the worker’s api', () => {
  const call = { jobId: 'a', xsrfToken: 'token' };

  it('sends the token, one request for all camera statements, and gives the service’s own sentence back', async () => {
    const sent: RequestInit[] = [];
    const api = createEfdApi((_, init) => {
      sent.push(init);
      const wire = { tag: 'Unreachable', message: 'InfluxDB does not answer.', detail: {} };
      return Promise.resolve(new Response(JSON.stringify(wire), { status: 502 }));
    });
    await api.start({ queryUrl: 'http://localhost/api/efd/query' });
    await expect(api.cameraEvents({ ...call, since: 0 })).rejects.toMatchObject({
      tag: 'Unreachable',
      message: 'InfluxDB does not answer.',
    });
    expect(new Headers(sent[0]?.headers).get('X-XSRFToken')).toBe('token');
    const body = JSON.parse(sent[0]?.body as string) as { q: string };
    expect(body.q.split('; ')).toHaveLength(3);
  });

  it('ends the request of a cancelled job', async () => {
    const api = createEfdApi(
      (_, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        }),
    );
    await api.start({ queryUrl: 'http://localhost/api/efd/query' });
    const asked = api.seeing({ ...call, begin: 0, end: 1, maxPoints: 10 });
    const outcome = expect(asked).rejects.toMatchObject({ tag: 'Cancelled' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await api.cancel('a');
    await outcome;
  });
});
