/** axe finds nothing on any surface, dark, light and night red. The notebook's own widgets are JupyterLab's to mend. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './support/fixtures.ts';
import { shownExposure } from './support/pane.ts';

for (const surface of ['', 'kiosk', 'panel']) {
  test(`axe is content with ${surface || 'the workspace'}`, async ({ browser, site, signedIn }) => {
    const context = await browser.newContext({ storageState: signedIn });
    const page = await context.newPage();
    await page.goto(new URL(surface, site.url).href);
    await shownExposure(page);
    for (const theme of ['dark', 'light', 'night']) {
      await page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme);
      const { violations } = await new AxeBuilder({ page }).exclude('.notebook-host').analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`),
        `${surface || 'workspace'} ${theme}`,
      ).toEqual([]);
    }
    await context.close();
  });
}
