/** The user's own kernel beside the image: a real server, a real notebook, and a connection that mends itself. */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { picture, shownExposure } from './support/pane.ts';

const pane = (page: Page) => page.getByTestId('notebook-pane');

async function readyNotebook(page: Page): Promise<void> {
  await shownExposure(page);
  await expect(pane(page)).toHaveAttribute('data-state', /ready|busy/, { timeout: 120_000 });
  await expect(pane(page).getByText('kernel idle')).toBeVisible({ timeout: 60_000 });
}

/** Replaces the last cell's text and runs it. */
async function run(page: Page, code: string): Promise<void> {
  const cell = pane(page).locator('.jp-CodeCell').last();
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type(code);
  await page.keyboard.press('Control+Enter');
}

const output = (page: Page) => pane(page).locator('.jp-CodeCell').last().locator('.jp-OutputArea-output');

test('the server starts with visible progress and the first cell opens the exposure', async ({
  newWorkspace: workspace,
}) => {
  await shownExposure(workspace);
  await expect(pane(workspace)).toHaveAttribute('data-state', /starting|ready/, { timeout: 30_000 });
  await readyNotebook(workspace);
  await pane(workspace).locator('.jp-CodeCell').first().locator('.cm-content').click();
  await workspace.keyboard.press('Control+Enter');
  await expect(pane(workspace).getByText(/AT_O_\d{8}_\d{6} .*\(2048, 576\)/)).toBeVisible({
    timeout: 60_000,
  });
});

test('the copied butler line runs as it is below the first cell', async ({
  newWorkspace: workspace,
  site,
}) => {
  await workspace
    .context()
    .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site.url).origin });
  await readyNotebook(workspace);
  await workspace.keyboard.press('y');
  await expect(workspace.getByTestId('notice')).toContainText(/copied/i);
  const copied = await workspace.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('butler.get(');

  const cells = pane(workspace).locator('.jp-CodeCell');
  // It makes `butler`; what it prints is checked above.
  await cells.first().locator('.cm-content').click();
  await workspace.keyboard.press('Shift+Enter');
  await cells.last().locator('.cm-content').click();
  await workspace.keyboard.press('Control+A');
  await workspace.keyboard.press('Control+V');
  const pasted = cells.filter({ hasText: 'butler.get("raw"' }).last();
  await expect(pasted).toContainText(copied.trim().split('\n').at(-1) ?? 'the copied line');
  await workspace.keyboard.press('Shift+Enter');
  // The repr of an HDUList, whose first HDU has no image.
  await expect(pasted.locator('.jp-OutputArea-output')).toContainText(/PrimaryHDU.*CompImageHDU/s, {
    timeout: 60_000,
  });
  await expect(pasted.locator('.jp-RenderedText[data-mime-type*="stderr"], .jp-mod-error')).toHaveCount(0);
  // In the cell that Shift+Enter has moved to.
  await run(workspace, 'print("shape", _["Segment14"].shape)');
  await expect(output(workspace)).toContainText('shape (2048, 576)', { timeout: 60_000 });
});

/** Row and column through a pixel, the amplifiers' health, and what a step changes there, as the page tells them. */
async function measuredMore(page: Page) {
  const number = async (of: Locator) => parseFloat(((await of.textContent()) ?? '').replace('−', '-'));
  const canvas = page.getByTestId('image-pane').locator('.image-canvas');
  const box = (await canvas.boundingBox())!;
  await canvas.focus();
  await page.keyboard.press('r');
  await page.getByRole('button', { name: /^With and without serial/ }).click();
  for (let i = 0; i < 3; i++) await page.keyboard.press('k');
  await expect(page.getByTestId('combined-pane')).toHaveAttribute('data-state', 'ready');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const field = (name: string) => page.getByTestId('readout').locator(`[data-field="${name}"]`);
  // That of the other image lies behind it.
  const label = page.locator('.compare-label .image-number').last();
  await expect(label).toHaveText(/\d/);
  const [x, y, differenceAdu] = [await number(field('x')), await number(field('y')), await number(label)];
  await page.keyboard.press('j');
  await expect(page.getByTestId('cross').getByText(/^Through/)).toHaveText(`Through ${x}, ${y}`);
  const value = await page.evaluate(
    async ([px = 0, py = 0]) => (await window.summitNotebook?.valueAt(px, py))?.value,
    [x, y],
  );
  await page.keyboard.press('Shift+A');
  const noise = page.getByTestId('amplifier-health').locator('tr[data-amplifier="C10"] td').nth(1);
  await expect(noise).toHaveText(/\d/, { timeout: 60_000 });
  // The first lets go of the region that is chosen.
  for (let i = 0; i < 2; i++) await page.keyboard.press('Escape');
  await expect(page.getByTestId('combined-pane')).toHaveCount(0);
  return {
    x,
    y,
    value,
    differenceAdu,
    noiseAdu: parseFloat((await noise.textContent())?.match(/[\d.]+/)?.[0] ?? ''),
  };
}

test('what was done on the page is done again by a cell of Python, with the same numbers', async ({
  newWorkspace: page,
  site,
}) => {
  await page
    .context()
    .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site.url).origin });
  const exposure = await shownExposure(page);
  await page.goto(`${site.url}?exposure=${exposure}&regions=c1200,900,25;g300,300,420,310,360,420`);
  await readyNotebook(page);
  await pane(page).locator('.jp-CodeCell').first().locator('.cm-content').click();
  // It makes `butler`.
  await page.keyboard.press('Shift+Enter');
  await page.getByTestId('image-pane').locator('.image-canvas').focus();
  await page.keyboard.press('Shift+R');
  const view = page.getByTestId('region-view');
  const told: string[] = [];
  for (const name of [/^circle /, /^polygon /]) {
    await view.getByRole('button', { name }).click();
    const mean = view.getByTestId('region-statistics').locator('[data-field="mean"]');
    await expect(mean).toHaveText(/\d/);
    await expect.poll(async () => told.includes((await mean.textContent()) ?? '')).toBe(false);
    told.push((await mean.textContent()) ?? '');
  }
  const again = await measuredMore(page);
  await page.keyboard.press('Shift+Y');
  await expect(page.getByTestId('notice')).toContainText(/Copied 6 actions/);
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.getByRole('button', { name: /^Menu of/ }).click();
  await page.getByRole('button', { name: 'Python of what was done…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Python of what was done' });
  await expect(dialog.getByTestId('python-code')).toContainText('difference = result.image - other.image');
  await picture(page, 'python');
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await expect(dialog).toHaveCount(0);
  const cell = pane(page).locator('.jp-CodeCell').last();
  await cell.locator('.cm-content').click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Control+V');
  await page.keyboard.press('Control+End');
  await page.keyboard.type(
    `print("polygon", round(statistics.mean, 4), row[${again.x}], column[${again.y}], ` +
      `health["C10"]["overscanNoiseAdu"], difference[${again.y}, ${again.x}], "done")`,
  );
  await page.keyboard.press('Control+Enter');
  await expect(output(page)).toContainText(/polygon .* done/, { timeout: 60_000 });
  const printed = ((await output(page).first().textContent()) ?? '').match(/polygon (.*) done/)?.[1];
  const [mean = NaN, row = NaN, column = NaN, noise = NaN, difference = NaN] =
    printed?.split(' ').map(Number) ?? [];
  expect(mean).toBeCloseTo(parseFloat((told[1] ?? '').replace('−', '-')), 1);
  expect([row, column]).toEqual([again.value, again.value]);
  expect(Math.abs(noise - again.noiseAdu)).toBeLessThan(0.006);
  expect(Math.abs(difference - again.differenceAdu)).toBeLessThan(0.06);

  // And the other way: a table of the notebook becomes markers.
  await run(
    page,
    'night = {"stars": {"x": [1200.0, 300.0, 2000.0], "y": [900.0, 310.0, 5.0]}}; print("told")',
  );
  await expect(output(page).last()).toContainText('told', { timeout: 60_000 });
  await page.getByTestId('image-pane').locator('.image-canvas').focus();
  await page.keyboard.press('Shift+J');
  const catalogues = page.getByTestId('catalogue-view');
  for (const name of ['night["star"]', 'night["stars"]']) {
    await catalogues.getByLabel('Name of a table in the notebook').fill(name);
    await catalogues.getByRole('button', { name: 'Take' }).click();
    if (name.endsWith('star"]')) await expect(catalogues.getByRole('alert')).toContainText('KeyError');
  }
  await expect(page.locator('[data-catalogue]')).toHaveAttribute('data-seen', '3');
});

test('a dropped WebSocket comes back and the kernel keeps its variables', async ({
  newWorkspace: workspace,
}) => {
  test.setTimeout(180_000);
  // The page's own sockets are closed under it, as a VPN does.
  await workspace.addInitScript(() => {
    const Native = WebSocket;
    const open: WebSocket[] = [];
    Object.assign(window, { dropSockets: () => open.forEach((socket) => socket.close(3001, 'dropped')) });
    window.WebSocket = class extends Native {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        open.push(this);
      }
    };
  });
  await workspace.reload();
  await readyNotebook(workspace);
  await run(workspace, 'kept = 6 * 7; print("kept", kept)');
  // The kernel's answer says that it has run: the page shows an idle kernel before it, too.
  await expect(output(workspace)).toContainText('kept 42', { timeout: 60_000 });
  await workspace.evaluate(() => (window as unknown as { dropSockets: () => void }).dropSockets());
  await readyNotebook(workspace);
  await run(workspace, 'print("still", kept)');
  await expect(output(workspace)).toContainText('still 42', { timeout: 60_000 });
});

test('a stopped server says so, keeps the cells and starts again by one click', async ({
  newWorkspace: workspace,
  site,
}) => {
  test.setTimeout(240_000);
  await readyNotebook(workspace);
  await run(workspace, 'unsaved_words = "kept in the page"');
  await workspace.evaluate(async (base) => {
    const html = await (await fetch(`${base}hub/home`)).text();
    const xsrf = /xsrf_token:\s*"([^"]*)"/.exec(html)?.[1] ?? '';
    await fetch(`${base}hub/api/users/observer/server`, {
      method: 'DELETE',
      headers: { 'X-XSRFToken': xsrf },
    });
  }, new URL('/nb/', site.url).href);
  await expect(pane(workspace)).toHaveAttribute('data-state', 'stopped', { timeout: 90_000 });
  await pane(workspace).getByRole('button', { name: 'Start it again' }).click();
  await readyNotebook(workspace);
  await expect(pane(workspace).getByText('kept in the page')).toBeVisible();
  await run(workspace, 'print(40 + 2)');
  await expect(output(workspace)).toContainText('42', { timeout: 60_000 });
});

test('the workspace’s keys stay out of a cell', async ({ newWorkspace: workspace }) => {
  await readyNotebook(workspace);
  const before = await workspace.evaluate(() => window.summitNotebook?.getState().following);
  await pane(workspace).locator('.jp-CodeCell').last().locator('.cm-content').click();
  await workspace.keyboard.type('p l y 1');
  expect(await workspace.evaluate(() => window.summitNotebook?.getState().following)).toBe(before);
});
