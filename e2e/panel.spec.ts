/** One image in somebody else's page. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { expect, signIn, test } from './support/fixtures.ts';
import { exposuresWithRaw, shownExposure, waitForExposure } from './support/pane.ts';
import type { Site } from './support/site.ts';

test('signed out, the panel shows a way in and no data', async ({ page, site }) => {
  await page.goto(new URL('panel', site.url).href);
  await expect(
    page.getByRole('link', { name: /sign in/i }).or(page.getByRole('button', { name: /sign in/i })),
  ).toBeVisible();
  await expect(page.getByTestId('image-pane')).toHaveCount(0);
});

test('sign-in in a top-level window brings the panel to life', async ({ context, site }) => {
  const panel = await context.newPage();
  await panel.goto(new URL('panel', site.url).href);
  const [window] = await Promise.all([
    context.waitForEvent('page'),
    panel
      .getByText(/sign in/i)
      .last()
      .click(),
  ]);
  await window.waitForSelector('input[name="username"]');
  await signIn(window, site);
  await panel.bringToFront();
  await shownExposure(panel);
});

test('a small panel shows the image, one caption line and its source', async ({
  browser,
  site,
  signedIn,
}) => {
  const context = await browser.newContext({ storageState: signedIn, viewport: { width: 320, height: 240 } });
  const page = await context.newPage();
  await page.goto(new URL('panel', site.url).href);
  await shownExposure(page);
  await expect(page.getByTestId('source-badge').first()).toBeVisible();
  const bars = await page.evaluate(() => [
    innerWidth - document.documentElement.clientWidth,
    innerHeight - document.documentElement.clientHeight,
  ]);
  expect(bars, 'scroll bars').toEqual([0, 0]);
  await context.close();
});

test('only the panel may be framed by others', async ({ request, site }) => {
  for (const [surface, own] of [
    ['kiosk', true],
    ['panel', true],
  ] as const) {
    const answer = await request.get(new URL(surface, site.url).href, { maxRedirects: 0 });
    const policy = answer.headers()['content-security-policy'] ?? '';
    expect(policy.includes('frame-ancestors'), surface).toBe(own);
  }
});

interface Heard {
  readonly origin: string;
  readonly data: {
    readonly id?: string;
    readonly event?: string;
    readonly result?: unknown;
    readonly error?: { readonly tag: string };
  };
}

/** A host of one page, on a port of its own: another origin than the site's, as a portal's is. */
async function serve(port: number, body: string): Promise<{ origin: string; server: Server }> {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(body));
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const HEAR = '<script>heard = []; onmessage = ({ origin, data }) => heard.push({ origin, data });</script>';
/** It knows where the panel's window is, inside of its own page or beside it, and asks it all the time. */
const INTRUDE = `<script>
  const question = { summitNotebook: 1, id: 'intruder', verb: 'getState', args: [] };
  setInterval(() => {
    for (const frame of [window.frames[0], parent.frames[0]]) frame?.postMessage(question, '*');
  }, 100);
</script>`;

const heardBy = (page: Page, frame = 0): Promise<Heard[]> =>
  page.frames()[frame]!.evaluate(() => (globalThis as unknown as { heard: Heard[] }).heard);

/** As the page around the panel does it. */
async function ask(
  page: Page,
  site: Site,
  verb: string,
  ...args: readonly unknown[]
): Promise<Heard['data']> {
  const id = `${verb} ${Math.random()}`;
  const question = { summitNotebook: 1, id, verb, args };
  await page.evaluate((what) => window.frames[0]!.postMessage(what.question, what.origin), {
    question,
    origin: new URL(site.url).origin,
  });
  const answer = async () => (await heardBy(page)).find(({ data }) => data.id === id);
  await expect.poll(answer, verb).toBeTruthy();
  return (await answer())!.data;
}

test('a listed page drives the panel by messages, another one is refused', async ({
  browser,
  site,
  signedIn,
}) => {
  const context = await browser.newContext({ storageState: signedIn });
  const panelFrame = `<iframe src="${new URL('panel', site.url).href}" width="640" height="480"></iframe>`;
  const unlisted = await serve(0, `${HEAR}${INTRUDE}${panelFrame}`);
  const listed = await serve(
    Number(new URL(site.portalOrigin).port),
    `${HEAR}${panelFrame}<iframe src="${unlisted.origin}"></iframe>`,
  );
  const portal = await context.newPage();
  await portal.goto(listed.origin);
  const told = (event: string) => async () =>
    (await heardBy(portal)).some(
      ({ origin, data }) => origin === new URL(site.url).origin && data.event === event,
    );
  await expect.poll(told('ready'), { timeout: 60_000 }).toBe(true);
  const panel = portal.frameLocator('iframe').first();
  await shownExposure(panel);

  expect(await ask(portal, site, 'on', 'painted')).toMatchObject({ result: null });
  const oldest = Math.min(...(await exposuresWithRaw(portal, site)));
  expect(await ask(portal, site, 'open', { exposure: oldest })).toMatchObject({ result: null });
  await waitForExposure(panel, oldest);
  await expect.poll(told('painted')).toBe(true);
  expect(await ask(portal, site, 'setStretch', { stretch: 'log', limits: 'p99.5' })).toMatchObject({
    result: null,
  });
  const centre = { x: 1200, y: 900 };
  expect(await ask(portal, site, 'setView', { centre, scale: 2 })).toMatchObject({ result: null });
  expect((await ask(portal, site, 'getState')).result).toMatchObject({
    surface: 'panel',
    following: false,
    shown: oldest,
    image: { display: { stretch: 'log' }, view: { centre }, scale: 2 },
  });
  const pixel = await portal.frames()[1]!.evaluate(() => window.summitNotebook?.valueAt(1200, 900));
  expect((await ask(portal, site, 'valueAt', 1200, 900)).result).toEqual(pixel);
  expect(pixel?.value).toEqual(expect.any(Number));
  expect((await ask(portal, site, 'measure', 1200, 900)).result).toMatchObject({ exposure: oldest });
  expect((await ask(portal, site, 'constructor')).error).toMatchObject({ tag: 'NotFound' });
  // The other one, in the frame beside it, has asked all the while.
  const beside = portal.frames().findIndex((frame) => frame.url().startsWith(unlisted.origin));
  expect(await heardBy(portal, beside)).toEqual([]);

  const stranger = await context.newPage();
  const refusals: string[] = [];
  stranger.on('console', (message) => refusals.push(message.text()));
  await stranger.goto(unlisted.origin);
  await expect.poll(() => refusals.join(' ')).toMatch(/frame-ancestors/);
  expect(stranger.frames()[1]?.url()).not.toContain('/panel');
  expect(await heardBy(stranger)).toEqual([]);
  await context.close();
  for (const { server } of [listed, unlisted]) server.close();
});
