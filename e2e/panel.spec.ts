/** One image in somebody else's page. */
import { expect, signIn, test } from './support/fixtures.ts';
import { shownExposure } from './support/pane.ts';

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
