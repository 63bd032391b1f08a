/** Repositories that others feed: the app reads them where they are, and people choose which one they see. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, signIn, test } from './support/fixtures.ts';
import { nextLiveExposure, python, rawFile, shownExposure, waitForExposure } from './support/pane.ts';
import { type RunningSite, startSite } from './support/site.ts';

test.describe.configure({ mode: 'serial' });

/** A number that the simulated night does not come to. */
const SEQ_NUM = 90_001;

let running: RunningSite;
let page: Page;
/** The only one of the second repository. */
let other: number;

test.beforeAll(async ({ browser, site, signedIn }) => {
  test.setTimeout(300_000);
  const context = await browser.newContext({ storageState: signedIn });
  const live = await context.newPage();
  await live.goto(site.url);
  const source = rawFile(site, await shownExposure(live));
  await context.close();

  const scratch = resolve(site.stateDir, '../e2e-oods-second');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const second = join(scratch, 'repository');
  python('raws.py', '--source', source, '--staging', scratch, '--seq', String(SEQ_NUM));
  const [raw] = readdirSync(scratch).filter((name) => name.endsWith('.fits.fz'));
  other = Number(python('repository.py', '--directory', second, '--raw', join(scratch, raw ?? '')));

  // The first is the shared site's, whose ingester goes on writing it.
  const repositories = [`first=${join(site.stateDir, 'oods')}`, `second=${second}`];
  running = await startSite({
    stateDir: '.local/e2e-oods',
    options: ['--fresh', '--no-simulator', ...repositories.flatMap((name) => ['--oods', name])],
  });
  page = await (await browser.newContext()).newPage();
  await page.goto(running.site.url);
  await signIn(page, running.site);
});

test.afterAll(async () => {
  await page?.context().close();
  await running?.stop();
});

const choice = () => page.getByTestId('status-line').getByLabel('Repository', { exact: true });
const badge = (name: string) => page.locator(`[data-testid="source-badge"][data-source="${name}"]`);

test('the first repository is shown and followed while its own OODS writes it', async () => {
  const before = await shownExposure(page);
  expect(await nextLiveExposure(page)).toBeGreaterThan(before);
  expect(before % 100_000).not.toBe(SEQ_NUM);
  await expect(choice()).toHaveValue('first');
  await expect(choice().locator('option')).toHaveText(['first', 'second']);
  await expect(badge('first')).toHaveAttribute('data-state', 'good');
});

test('another repository is chosen in the status line, and by its address', async () => {
  await choice().selectOption('second');
  await page.waitForURL(`${running.site.url}?repository=second`);
  await waitForExposure(page, other);
  await expect(choice()).toHaveValue('second');
  await expect(badge('second')).toHaveAttribute('data-state', 'good');
  await expect(page.getByTestId('exposure-row')).toHaveCount(1);

  await page.goto(`${running.site.url}?repository=first`);
  expect(await shownExposure(page)).not.toBe(other);
  await page.goto(`${running.site.url}panel?repository=second`);
  await waitForExposure(page, other);
});

test('a repository that the site has not got is named with those that it has, and the first is shown', async () => {
  await page.goto(`${running.site.url}?repository=third`);
  expect(await shownExposure(page)).not.toBe(other);
  await expect(choice()).toHaveValue('first');
  await expect(page.getByTestId('notice')).toContainText(
    /repository=third is not known and was left out. This site has first, second/,
  );
});
