/** A control-room screen: an operator signs in once, and from then on it needs neither a person nor the Hub. */
import { expect, test } from './support/fixtures.ts';
import { nextLiveExposure, shownExposure } from './support/pane.ts';

test('a signed-in user who opens the kiosk sees live images at once, without controls', async ({
  browser,
  site,
  signedIn,
}) => {
  const context = await browser.newContext({
    storageState: signedIn,
    viewport: { width: 1920, height: 1080 },
  });
  const page = await context.newPage();
  await page.goto(new URL('kiosk', site.url).href);
  await shownExposure(page);
  await nextLiveExposure(page);
  await expect(page.getByRole('button')).toHaveCount(0);
  await expect(page.getByText(/since last image/i)).toBeVisible();
  const bars = await page.evaluate(() => [
    innerWidth - document.documentElement.clientWidth,
    innerHeight - document.documentElement.clientHeight,
  ]);
  expect(bars, 'scroll bars').toEqual([0, 0]);
  await context.close();
});

test('a kiosk screen runs on its own device session, and ends when it is revoked', async ({
  browser,
  site,
  signedIn,
}) => {
  const context = await browser.newContext({ storageState: signedIn });
  const operator = await context.newPage();
  await operator.goto(site.url);
  await shownExposure(operator);
  const xsrf = (await context.cookies()).find((cookie) => cookie.name === 'summit-xsrf')?.value ?? '';
  const made = await operator.request.post(new URL('api/devices', site.url).href, {
    headers: { 'X-XSRFToken': xsrf },
    data: { label: 'Control room, north wall' },
  });
  expect(made.ok()).toBe(true);
  const { id } = (await made.json()) as { id: string };

  const device = (await context.cookies()).filter((cookie) => cookie.name === 'summit-device');
  expect(device).toHaveLength(1);
  expect(device[0]).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  const screen = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  await screen.addCookies(device);
  const kiosk = await screen.newPage();
  await kiosk.goto(new URL('kiosk', site.url).href);
  await shownExposure(kiosk);
  await nextLiveExposure(kiosk);

  // Read only: no devices, no log-out, no Hub.
  expect((await kiosk.request.get(new URL('api/devices', site.url).href)).status()).toBe(403);

  const revoked = await operator.request.delete(new URL(`api/devices/${id}`, site.url).href, {
    headers: { 'X-XSRFToken': xsrf },
  });
  expect(revoked.ok()).toBe(true);
  await expect(kiosk.getByText(/access ended/i).first()).toBeVisible({ timeout: 60_000 });
  expect(new URL(kiosk.url()).pathname).toContain('/kiosk');
  await screen.close();
  await context.close();
});
