import { afterEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../core/errors.ts';
import type { PublicApi } from '../publicApi.ts';
import { answerHost } from './hostMessages.ts';

const PORTAL = 'https://portal.example.org';

/** The window's side of the message channel; messages are delivered by hand, with their origin and source. */
function setUp(origins: readonly string[] = [PORTAL]) {
  const ending = new AbortController();
  const self = new EventTarget();
  const sent: { message: Record<string, unknown>; origin: string }[] = [];
  const parent = {
    postMessage: (message: Record<string, unknown>, origin: string) => void sent.push({ message, origin }),
  } as unknown as Window;
  const opened: unknown[] = [];
  const listeners = new Map<string, (detail: never) => void>();
  const api: Pick<
    PublicApi,
    'open' | 'setStretch' | 'setView' | 'valueAt' | 'measure' | 'getState' | 'ledger' | 'on'
  > = {
    open: async (dataId) => {
      if ('exposure' in dataId && dataId.exposure === 404) {
        throw new AppError('NotFound', 'OODS has no exposure 404.', { exposure: 404 });
      }
      opened.push(dataId);
    },
    valueAt: async () => undefined,
    measure: async (x, y) => ({ x, y }),
    getState: () => ({ surface: 'panel', shown: 7 }) as unknown as ReturnType<PublicApi['getState']>,
    ledger: () => null,
    setStretch: async (settings) => void opened.push(settings),
    setView: async (settings) => void opened.push(settings),
    on: (event, listener) => {
      listeners.set(`${event} ${listeners.size}`, listener);
      return () => undefined;
    },
  };
  answerHost({ self: self as unknown as Window, parent, origins, api }, ending.signal);
  const deliver = async (data: unknown, origin = PORTAL, source: unknown = parent) => {
    sent.length = 0;
    self.dispatchEvent(Object.assign(new Event('message'), { data, origin, source }));
    await new Promise((resolve) => setTimeout(resolve));
    return sent;
  };
  return { deliver, sent, opened, ending, listeners };
}

const ask = (verb: string, ...args: unknown[]) => ({ summitNotebook: 1, id: 1, verb, args });

afterEach(() => vi.restoreAllMocks());

describe('who is heard', () => {
  test('the listed origin, and the answer names it as its target', async () => {
    const { deliver } = setUp();
    expect(await deliver(ask('getState'))).toEqual([
      { message: { summitNotebook: 1, id: 1, result: { surface: 'panel', shown: 7 } }, origin: PORTAL },
    ]);
  });

  test.each([
    'https://portal.example.org.evil.example',
    'https://evil.example',
    'http://portal.example.org',
    'https://portal.example.org:8443',
    'https://PORTAL.example.org',
    'null',
    '',
  ])('not %j, which gets no answer at all', async (origin) => {
    const { deliver, opened } = setUp();
    expect(await deliver(ask('open', { exposure: 7 }), origin)).toEqual([]);
    expect(opened).toEqual([]);
  });

  test('not another window of the listed origin', async () => {
    const { deliver, opened } = setUp();
    expect(await deliver(ask('open', { exposure: 7 }), PORTAL, { postMessage() {} })).toEqual([]);
    expect(await deliver(ask('open', { exposure: 7 }), PORTAL, null)).toEqual([]);
    expect(opened).toEqual([]);
  });

  test('nobody where the site lists nobody', async () => {
    const { deliver, sent } = setUp([]);
    expect(sent).toEqual([]);
    expect(await deliver(ask('getState'))).toEqual([]);
  });

  test('nobody after the panel ended', async () => {
    const { deliver, ending } = setUp();
    ending.abort();
    expect(await deliver(ask('getState'))).toEqual([]);
  });
});

test('says that it is ready, to the listed origins only', () => {
  const { sent } = setUp([PORTAL, 'https://other.example.org']);
  expect(sent.map((s) => s.origin)).toEqual([PORTAL, 'https://other.example.org']);
  expect(sent[0]?.message).toEqual({ summitNotebook: 1, event: 'ready' });
});

describe('what is answered', () => {
  test('open takes both forms of a data id and nothing else of it', async () => {
    const { deliver, opened } = setUp();
    await deliver(ask('open', { exposure: 2026112200143, detector: 0, extra: 'x' }));
    await deliver(ask('open', { day_obs: 20261122, seq_num: 143 }));
    expect(opened).toEqual([{ exposure: 2026112200143 }, { day_obs: 20261122, seq_num: 143 }]);
  });

  test('an error travels in its plain form', async () => {
    const { deliver } = setUp();
    const [reply] = await deliver(ask('open', { exposure: 404 }));
    expect(reply?.message['error']).toEqual({
      tag: 'NotFound',
      message: 'OODS has no exposure 404.',
      detail: { exposure: 404 },
    });
  });

  test.each([
    ['open', 'x'],
    ['open', { exposure: 1.5 }],
    ['open', { day_obs: 20261122 }],
    ['valueAt', 1, '2'],
    ['measure', 1],
    ['valueAt', Number.NaN, 0],
    ['on', 'ready'],
    ['on', '__proto__'],
    ['constructor'],
    ['__proto__'],
  ])('%s with %j is refused with a sentence', async (verb, ...args) => {
    const { deliver } = setUp();
    const [reply] = await deliver(ask(verb, ...args));
    expect(reply?.message['error']).toMatchObject({ tag: 'NotFound' });
    expect(reply?.message['result']).toBeUndefined();
  });

  test('view verbs are passed on, and answered', async () => {
    const { deliver, opened } = setUp();
    expect((await deliver(ask('setStretch', { stretch: 'log' })))[0]?.message['result']).toBeNull();
    await deliver(ask('setView', 'fit'));
    expect(opened).toEqual([{ stretch: 'log' }, 'fit']);
  });

  test('events go to the origin that asked for them, once each', async () => {
    const { deliver, listeners, sent } = setUp([PORTAL, 'https://other.example.org']);
    await deliver(ask('on', 'painted'));
    await deliver(ask('on', 'painted'));
    expect(listeners.size).toBe(1);
    sent.length = 0;
    listeners.get('painted 0')?.({ exposure: 7 } as never);
    expect(sent).toEqual([
      { message: { summitNotebook: 1, event: 'painted', detail: { exposure: 7 } }, origin: PORTAL },
    ]);
  });

  test.each([
    null,
    'getState',
    { verb: 'getState', id: 1 },
    { summitNotebook: 2, verb: 'getState', id: 1 },
    { summitNotebook: 1, verb: 'getState' },
    { summitNotebook: 1, verb: 'getState', id: {} },
    { summitNotebook: 1, verb: 'getState', id: 1, args: 'x' },
  ])('%j is no question', async (data) => {
    const { deliver } = setUp();
    expect(await deliver(data)).toEqual([]);
  });

  test('a pixel outside of the image is null', async () => {
    const { deliver } = setUp();
    expect((await deliver(ask('valueAt', -1, 0)))[0]?.message['result']).toBeNull();
  });
});
