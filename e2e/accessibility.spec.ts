/** axe finds nothing on any surface, in any theme. The notebook's own widgets are JupyterLab's to mend. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { THEMES } from '../src/surfaces/keptState.ts';
import { expect, test } from './support/fixtures.ts';
import { pause, picture, shownExposure } from './support/pane.ts';

const PANEL = '#inspector-panel';

async function expectNoViolations(page: Page, where: string, part = 'body'): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(part).exclude('.notebook-host').analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
    where,
  ).toEqual([]);
}

for (const surface of ['', 'kiosk', 'panel']) {
  test(`axe is content with ${surface || 'the workspace'}`, async ({ browser, site, signedIn }) => {
    const context = await browser.newContext({ storageState: signedIn });
    const page = await context.newPage();
    await page.goto(new URL(surface, site.url).href);
    await shownExposure(page);
    const dress = (theme: string) =>
      page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme);
    for (const theme of THEMES) {
      await dress(theme);
      await expectNoViolations(page, `${surface || 'workspace'} ${theme}`);
    }
    if (surface === '') await picture(page, 'contrast');
    await dress('night');
    await page.emulateMedia({ contrast: 'more' });
    await expectNoViolations(page, `${surface || 'workspace'}, more contrast`);
    await context.close();
  });
}

test('axe is content with what the workspace’s tabs show', async ({ workspace }) => {
  await pause(workspace);
  await workspace.keyboard.press('Shift+J');
  await workspace.getByLabel('Catalogue file').setInputFiles({
    name: 'stars.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('x,y,flux\n100,200,3\n300,400,5\n'),
  });
  await expect(workspace.getByRole('grid', { name: 'Rows of stars.csv' })).toBeVisible();
  await expectNoViolations(workspace, 'J', PANEL);
  for (const key of ['Shift+E', 'Shift+R', 'Shift+A', 'h', 'd']) {
    await workspace.keyboard.press(key);
    await expect(workspace.getByRole('tabpanel')).not.toContainText('Loading');
    await expectNoViolations(workspace, key, PANEL);
  }
});

test('axe is content with what lies over and beside the panes', async ({ workspace }) => {
  await pause(workspace);
  const open = async (key: string, part: string) => {
    await workspace.keyboard.press(key);
    await expect(workspace.locator(part)).toBeVisible();
    await expect(workspace.locator(part)).not.toContainText('Loading');
    await expectNoViolations(workspace, key, part);
  };
  await open('q', '[data-testid=mask-controls]');
  await open('j', PANEL);
  await open('k', '.compare-bar');
  await workspace.getByRole('button', { name: /^view/ }).click();
  await expectNoViolations(workspace, 'view menu', '[data-testid=view-menu]');
  await workspace.keyboard.press('Escape');

  // What is chosen is told by the system's own pair of colours.
  await workspace.emulateMedia({ forcedColors: 'active' });
  const ground = (pressed: boolean) =>
    workspace
      .locator(`.compare-bar [aria-pressed=${pressed}]`)
      .first()
      .evaluate((button) => getComputedStyle(button).backgroundColor);
  expect(await ground(true)).not.toBe(await ground(false));
  await workspace.emulateMedia({ forcedColors: 'none' });

  await open('?', 'dialog');
  await workspace.keyboard.press('Escape');
  await open('x', '.table-overlay');
});
