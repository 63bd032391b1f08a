/** The raw with its prescan and overscan, and back. */
import { readFileSync } from 'node:fs';
import { greyAt } from './support/colours.ts';
import { expect, test } from './support/fixtures.ts';
import { openOldestOf, pause, picture, shownExposure, waitForExposure } from './support/pane.ts';

test('one key shows the raw with its overscan, in the same place, and what cannot be there says so', async ({
  workspace,
  site,
}) => {
  const exposure = await pause(workspace);
  const readout = workspace.getByTestId('readout');
  const field = (name: string) => readout.locator(`[data-field="${name}"]`);
  const box = (await workspace.getByTestId('image-pane').locator('.image-canvas').boundingBox())!;
  const { width, height } = box;
  // Zoomed in at a border between amplifiers: C12 | C13.
  await workspace.evaluate(() => window.summitNotebook?.setView({ centre: { x: 1535, y: 2500 }, scale: 4 }));
  await workspace.mouse.move(box.x + width / 2, box.y + height / 2);
  await expect(field('amplifier')).toHaveText('C13');
  const before = await field('raw').textContent();
  const place = [await field('x').textContent(), await field('y').textContent()];

  await workspace.keyboard.press('v');
  await expect(workspace.getByTestId('view-note')).toHaveText('raw, overscan shown');
  // The same pixel is under the pointer.
  await expect(field('raw')).toHaveText(before!);
  await expect(field('x')).toHaveText(place[0]!);
  await expect(field('y')).toHaveText(place[1]!);
  await expect(field('RA Dec')).toHaveText(/^(\d\d:|no WCS)/);
  // Beside the data of C13 is its overscan, which the engine takes its level from.
  await workspace.mouse.move(box.x + width / 2 - 4 * 40, box.y + height / 2);
  await expect(readout.getByText('serial overscan')).toBeVisible();
  await expect(field('amplifier')).toHaveText('C13');
  await expect(field('x')).toHaveText('–');
  const [rawX, rawY, value] = await Promise.all(
    ['amp x', 'amp y', 'raw'].map(async (name) => parseInt((await field(name).textContent()) ?? '', 10)),
  );
  expect(rawX).toBeGreaterThanOrEqual(512);
  const { bias } = levels(site.stateDir, exposure);
  expect(Math.abs(value! - bias), `${rawX}, ${rawY}`).toBeLessThan(100);

  await workspace.keyboard.press('0');
  await workspace.keyboard.press('g');
  await expect.poll(() => workspace.url()).toContain('untrimmed');
  await expect
    .poll(() => workspace.evaluate(() => window.summitNotebook?.getState().image.scale))
    .toBeLessThan(1);
  await picture(workspace, 'overscan');
  await workspace.mouse.move(box.x + width / 2, box.y + height / 2);
  await workspace.keyboard.press('e');
  await expect(workspace.getByTestId('notice')).toContainText('overscan is shown');

  // It stays on for the next exposure, and the address opens it on the panel.
  await workspace.keyboard.press('ArrowLeft');
  const older = await workspace.evaluate(() => window.summitNotebook!.getState()['selected'] as number);
  await waitForExposure(workspace, older);
  await expect(workspace.getByTestId('view-note')).toHaveText('raw, overscan shown');
  const panel = await workspace.context().newPage();
  await panel.goto(`${site.url}panel?exposure=${exposure}&isr=untrimmed`);
  await expect(panel.getByTestId('view-note')).toHaveText('raw, overscan shown', { timeout: 30_000 });
  await panel.close();

  await workspace.keyboard.press('v');
  await expect(workspace.getByTestId('view-note')).toHaveCount(0);
});

test('no pixel of the picture mixes two amplifiers, which have limits of their own', async ({
  workspace,
  site,
}) => {
  await shownExposure(workspace);
  // A bias has one level from prescan to overscan, so nothing of it is black or white.
  await openOldestOf(workspace, site, ['bias']);
  await workspace.keyboard.press('v');
  await expect(workspace.getByTestId('view-note')).toHaveText('raw, overscan shown');
  await workspace.keyboard.press('0');
  await expect
    .poll(() => workspace.evaluate(() => window.summitNotebook?.getState().image.scale))
    .toBeLessThan(1);
  const { width, height } = (await workspace.locator('.image-canvas').boundingBox())!;
  const side = Math.min(width / 4608, height / 4096);
  const beside = [-1.5, -0.5, 0.5, 1.5];
  const heights = Array.from({ length: 25 }, (_, i) => 0.1 + (i * 0.3) / 25);
  for (let border = 1; border < 8; border++) {
    const x = (offset: number) => 0.5 + ((border - 4) * 576 * side + offset) / width;
    const greys = await greyAt(
      workspace,
      beside.flatMap((offset) => heights.map((y) => [x(offset), y] as const)),
    );
    beside.forEach((offset, i) => {
      const sorted = greys.slice(i * heights.length, (i + 1) * heights.length).toSorted((a, b) => a - b);
      const where = `${offset} px from border ${border}`;
      expect(sorted[heights.length >> 1], where).toBeGreaterThan(10);
      expect(sorted[heights.length >> 1], where).toBeLessThan(245);
    });
  }
});

/** What the simulator gave the amplifiers. */
function levels(stateDir: string, exposure: number): { bias: number } {
  const name = `AT_O_${Math.floor(exposure / 100_000)}_${String(exposure % 100_000).padStart(6, '0')}.json`;
  const { amplifiers } = JSON.parse(readFileSync(`${stateDir}/truth/${name}`, 'utf8')) as {
    amplifiers: { name: string; bias_level_adu: number }[];
  };
  const bias = amplifiers.find((each) => each.name === 'C13')!.bias_level_adu;
  return { bias };
}
