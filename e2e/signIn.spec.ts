/** Who gets in, and how: the Hub's own form, no consent page, nothing served without it. */
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
  for (const route of ['api/site', 'api/time', 'api/repositories/oods/exposures', 'api/devices']) {
    const answer = await request.get(new URL(route, site.url).href, { maxRedirects: 0 });
    expect(answer.status(), route).toBe(401);
    expect(((await answer.json()) as { tag: string }).tag).toBe('AccessDenied');
  }
});

test('sign-in returns only to this app', async ({ request, site }) => {
  const hostile = [
    'https://example.com/',
    '//example.com/',
    '/nb/hub/home',
    'javascript:alert(1)',
    '/\\example.com',
  ];
  for (const next of hostile) {
    const answer = await request.get(new URL(`login?next=${encodeURIComponent(next)}`, site.url).href, {
      maxRedirects: 0,
    });
    const location = answer.headers()['location'] ?? '';
    expect(location, next).not.toContain('example.com');
    expect(answer.status(), next).toBeLessThan(500);
  }
});

test('session cookies are HttpOnly and SameSite=Lax', async ({ signedIn }) => {
  const session = signedIn.cookies.find((cookie) => cookie.name === 'summit-session');
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
});
