/** `test` with the shared demo site, and a page on it that is signed in. */
import { test as base, type BrowserContext, type Page } from '@playwright/test';
import { type Site, sharedSite } from './site.ts';

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

interface OfWorker {
  readonly site: Site;
  /** Cookies after one sign-in by the form; new contexts may start with them. */
  readonly signedIn: StorageState;
}

interface OfTest {
  /** The workspace, signed in. */
  readonly workspace: Page;
}

/** Fills the Hub's own form; ends on the page that was asked for. */
export async function signIn(page: Page, site: Site): Promise<void> {
  await page.fill('input[name="username"]', site.user);
  await page.fill('input[name="password"]', site.password);
  await page.click('#login_submit');
  await page.waitForURL((url) => url.pathname.includes('/services/summit/'));
}

export const test = base.extend<OfTest, OfWorker>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from this pattern
  site: [async ({}, use) => use(sharedSite()), { scope: 'worker' }],
  signedIn: [
    async ({ browser, site }, use) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(site.url);
      await signIn(page, site);
      const state = await context.storageState();
      await context.close();
      await use(state);
    },
    { scope: 'worker' },
  ],
  workspace: async ({ browser, site, signedIn }, use) => {
    const context = await browser.newContext({ storageState: signedIn });
    const page = await context.newPage();
    await page.goto(site.url);
    await use(page);
    await context.close();
  },
});

export { expect } from '@playwright/test';
