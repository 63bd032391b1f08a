/** What a browser has not got, or loses. */
import type { BrowserContext } from '@playwright/test';
import { greyAt } from './support/colours.ts';
import { expect, test } from './support/fixtures.ts';
import { pause, picture, shownExposure } from './support/pane.ts';

/** Runs in each worker before its own code. */
async function patchWorkers(context: BrowserContext, patch: string): Promise<void> {
  await context.route(/\/assets\/worker-[^/]+\.js$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${patch}\n${await answer.text()}` });
  });
}

test('without WebGL2 each surface says so in place of the image, and fetches no raw', async ({
  browser,
  site,
  signedIn,
}) => {
  const context = await browser.newContext({ storageState: signedIn });
  await patchWorkers(context, 'OffscreenCanvas.prototype.getContext = () => null;');
  const page = await context.newPage();
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  for (const surface of ['', 'panel', 'kiosk']) {
    await page.goto(new URL(surface, site.url).href);
    const said = page.getByTestId('unsupported-browser');
    await expect(said).toContainText('This browser offers no WebGL2');
    await expect(said).toContainText('hardware acceleration');
    await expect(said.getByRole('button', { name: 'Try again' })).toHaveCount(surface === 'kiosk' ? 0 : 1);
    await expect(page.getByTestId('image-pane')).toHaveAttribute('data-state', 'failed');
    await expect(page.getByTestId('image-pane')).not.toHaveAttribute('data-wanted', '');
    if (surface === '') await picture(page, 'unsupported');
  }
  expect(fetched.filter((url) => /\/repositories\/.*\/files\//.test(url))).toEqual([]);
  await context.close();
});

test('an image comes back after the graphics context was lost', async ({ browser, site, signedIn }) => {
  const context = await browser.newContext({ storageState: signedIn });
  await patchWorkers(
    context,
    `const getContext = OffscreenCanvas.prototype.getContext;
     self.drawingContexts = [];
     OffscreenCanvas.prototype.getContext = function (...args) {
       const made = getContext.apply(this, args);
       self.drawingContexts.push(made);
       return made;
     };`,
  );
  const page = await context.newPage();
  await page.goto(site.url);
  await shownExposure(page);
  await pause(page);
  const places = [
    [0.3, 0.4],
    [0.5, 0.5],
    [0.6, 0.7],
  ] as const;
  const before = await greyAt(page, places);
  const contexts = () =>
    Promise.all(
      page.workers().map((worker) =>
        worker.evaluate(() => {
          const { drawingContexts } = globalThis as unknown as { drawingContexts: WebGL2RenderingContext[] };
          drawingContexts.at(-1)?.getExtension('WEBGL_lose_context')?.loseContext();
          return drawingContexts.length;
        }),
      ),
    );
  expect((await contexts()).filter((count) => count > 0)).toEqual([1]);
  await page.keyboard.press('i');
  await expect.poll(() => greyAt(page, places)).not.toEqual(before);
  await page.keyboard.press('i');
  await expect.poll(() => greyAt(page, places)).toEqual(before);
  await expect(page.getByTestId('image-pane')).toHaveAttribute('data-state', 'ready');
  await context.close();
});
