/** Who gets in, and how: the Hub's own form, no consent page, nothing served without it. */
import type { BrowserContext } from '@playwright/test';
import { expect, signIn, test } from './support/fixtures.ts';

test('a signed-out visit leads to the Hub’s form and back, without a consent page', async ({
  page,
  site,
}) => {
  const visited: string[] = [];
  page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname));
  await page.goto(site.url);
  await expect(page.locator('input[name="username"]')).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/nb/hub/login');
  await signIn(page, site);
  expect(page.url()).toBe(site.url);
  await expect(page.getByTestId('exposure-list')).toBeVisible();
  expect(visited.some((path) => path.includes('oauth2/authorize'))).toBe(false);
});

test('a wrong password is refused by the Hub', async ({ page, site }) => {
  await page.goto(site.url);
  await page.fill('input[name="username"]', site.user);
  await page.fill('input[name="password"]', 'not the password');
  await page.click('#login_submit');
  await expect(page.getByText(/invalid username or password/i)).toBeVisible();
});

test('the query string survives sign-in', async ({ page, site }) => {
  await page.goto(`${site.url}?theme=light`);
  await signIn(page, site);
  expect(new URL(page.url()).searchParams.get('theme')).toBe('light');
});

test('no data route answers without a session', async ({ request, site }) => {
  for (const route of ['api/site', 'api/time', 'api/repositories/OODS/exposures', 'api/devices']) {
    const answer = await request.get(new URL(route, site.url).href, { maxRedirects: 0 });
    expect(answer.status(), route).toBe(401);
    expect(((await answer.json()) as { tag: string }).tag).toBe('AccessDenied');
  }
});

/** Goes from redirect to redirect, as a browser reads them; where the last one of a sign-in leads. */
async function endOfSignIn(context: BrowserContext, login: string): Promise<string> {
  let url = login;
  for (;;) {
    const answer = await context.request.get(url, { maxRedirects: 0 });
    const location = answer.headers()['location'];
    if (location === undefined) throw new Error(`The sign-in stops at ${url} with ${answer.status()}.`);
    const next = new URL(location, url).href;
    if (new URL(url).pathname.endsWith('/oauth_callback')) return next;
    url = next;
  }
}

test('sign-in returns only to this app', async ({ browser, site, signedIn }) => {
  const base = new URL(site.url).pathname;
  const hostile = [
    'https://example.com/',
    '//example.com/',
    '/\\example.com',
    'https:example.com',
    'javascript:alert(1)',
    '/nb/hub/home',
    `${base}../../hub/home`,
    `${base}%2e%2e/%2e%2e/hub/home`,
    `${base}\t/../../../hub/home`,
  ];
  // The Hub knows the user, the service does not yet: each visit is a whole sign-in without the form.
  const cookies = signedIn.cookies.filter(({ name }) => name !== 'summit-session');
  expect(cookies.length).toBeLessThan(signedIn.cookies.length);
  for (const next of hostile) {
    const context = await browser.newContext({ storageState: { ...signedIn, cookies } });
    const login = new URL(`login?next=${encodeURIComponent(next)}`, site.url).href;
    expect(await endOfSignIn(context, login), next).toBe(site.url);
    // Signed in already, the other way through the same route.
    const again = await context.request.get(login, { maxRedirects: 0 });
    expect(again.status(), next).toBe(302);
    expect(again.headers()['location'], next).toBe(base);
    await context.close();
  }
});

test('a good return address is kept', async ({ browser, site, signedIn }) => {
  const cookies = signedIn.cookies.filter(({ name }) => name !== 'summit-session');
  const context = await browser.newContext({ storageState: { ...signedIn, cookies } });
  const page = await context.newPage();
  const wanted = new URL('panel?theme=light', site.url);
  const next = encodeURIComponent(`${wanted.pathname}${wanted.search}`);
  await page.goto(new URL(`login?next=${next}`, site.url).href);
  expect(page.url()).toBe(wanted.href);
  await context.close();
});

test('session cookies are HttpOnly and SameSite=Lax', async ({ signedIn }) => {
  const session = signedIn.cookies.find((cookie) => cookie.name === 'summit-session');
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
});
