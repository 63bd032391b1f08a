/** A control-room screen: an operator signs in once, and from then on it needs neither a person nor the Hub. */
import { expect, test } from './support/fixtures.ts';
import { exposuresWithRaw, nextLiveExposure, picture, shownExposure } from './support/pane.ts';

/** Anywhere in an attribute. */
const containing = (text: string) => new RegExp(text.replaceAll(/[^\w ]/g, String.raw`\$&`));

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

test('what an address says that is not known is named on every surface; the kiosk does not follow while it shows what is', async ({
  browser,
  site,
  signedIn,
}) => {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const wrong: Readonly<Record<string, string>> = {
    exposure: '<script>alert(1)</script>',
    theme: '__proto__',
    repository: 'nowhere',
    onload: 'alert(1)',
    regions: 'javascript:alert(1)',
  };
  const query = new URLSearchParams({ ...wrong, stretch: 'log' });
  for (const [surface, place] of [
    ['', '[data-testid=notice]'],
    ['panel', '.panel-problem'],
    ['kiosk', '[data-testid=kiosk-left-out]'],
  ] as const) {
    await page.goto(new URL(`${surface}?${query}`, site.url).href);
    await shownExposure(page);
    for (const [name, text] of Object.entries(wrong)) {
      const notice = page.locator(place);
      const sentence = `${name}=${text} is not known and was left out.`;
      if (surface !== '') await expect(notice).toHaveAttribute('title', containing(sentence));
      else await expect(notice).toContainText(sentence);
    }
    const state = await page.evaluate(() => window.summitNotebook?.getState());
    expect(state?.image.display.stretch, surface).toBe('log');
    expect(dialogs, 'executed').toEqual([]);
    if (surface === '') await picture(page, 'address');
  }

  const oldest = Math.min(...(await exposuresWithRaw(page, site)));
  await page.goto(new URL(`kiosk?exposure=${oldest}`, site.url).href);
  expect(await shownExposure(page)).toBe(oldest);
  const pinned = page.getByTestId('kiosk-pinned');
  await expect(pinned).toHaveText(/^Not following: .* Back to live at \d{2}:\d{2} UTC\.$/);
  await expect(page.getByTestId('kiosk-left-out')).toHaveCount(0);
  await picture(page, 'kiosk-pinned');
  await context.close();
});
