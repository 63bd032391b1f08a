/** axe finds nothing on any surface, dark, light and night red. The notebook's own widgets are JupyterLab's to mend. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { pause, shownExposure } from './support/pane.ts';

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
    for (const theme of ['dark', 'light', 'night']) {
      await page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme);
      await expectNoViolations(page, `${surface || 'workspace'} ${theme}`);
    }
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
