/** `test` with the shared demo site, and a page on it that is signed in. */
import { expect, test as base, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type {} from '../../src/surfaces/publicApi.ts';
import { type Site, sharedSite } from './site.ts';

type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

interface OfWorker {
  readonly site: Site;
  /** Cookies after one sign-in by the form; new contexts may start with them. */
  readonly signedIn: StorageState;
  readonly kept: KeptPage;
}

interface OfTest {
  /** The workspace, signed in, following, with everything as at first. Stories of one file take turns in one page. */
  readonly workspace: Page;
  /** A page of its own, as somebody has who comes just now. */
  readonly newWorkspace: Page;
}

interface KeptPage {
  page: Page | undefined;
  file: string;
}

/** Fills the Hub's own form; ends on the page that was asked for. */
export async function signIn(page: Page, site: Site): Promise<void> {
  await page.fill('input[name="username"]', site.user);
  await page.fill('input[name="password"]', site.password);
  await page.click('#login_submit');
  await page.waitForURL((url) => url.pathname.includes('/services/summit/'));
}

async function openWorkspace(browser: Browser, site: Site, signedIn: StorageState): Promise<Page> {
  const context = await browser.newContext({ storageState: signedIn });
  const page = await context.newPage();
  await page.goto(site.url);
  return page;
}

/** By the keys that a user has for it. */
async function asAtFirst(page: Page): Promise<void> {
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  await page.mouse.move(0, 0);
  for (const key of ['Escape', 'Z', 'r', 'l']) await page.keyboard.press(key);
  await expect
    .poll(() => page.evaluate(() => window.summitNotebook?.getState()))
    .toMatchObject({ following: true, imageState: 'ready' });
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
  // A new page takes its engine and master calibs anew: seconds for each story, which nobody learns from.
  kept: [
    // oxlint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const kept: KeptPage = { page: undefined, file: '' };
      await use(kept);
      await kept.page?.context().close();
    },
    { scope: 'worker' },
  ],
  workspace: async ({ browser, site, signedIn, kept }, use, info) => {
    if (kept.page && kept.file === info.file) await asAtFirst(kept.page);
    else {
      await kept.page?.context().close();
      kept.page = await openWorkspace(browser, site, signedIn);
      kept.file = info.file;
    }
    await use(kept.page);
    if (info.status !== info.expectedStatus) kept.file = '';
  },
  newWorkspace: async ({ browser, site, signedIn }, use) => {
    const page = await openWorkspace(browser, site, signedIn);
    await use(page);
    await page.context().close();
  },
});

export { expect } from '@playwright/test';
