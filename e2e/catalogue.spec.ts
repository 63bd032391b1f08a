/** Sources and catalogues over the image: where they lie, and rows, plot and markers that are chosen together. */
import { goodStar, openField, type Star } from './support/field.ts';
import { expect, test } from './support/fixtures.ts';
import { picture } from './support/pane.ts';

test('the sources that are found are the stars, and the address shows them on the panel', async ({
  workspace,
  site,
}) => {
  const { truth, exposure } = await openField(workspace, site);
  await workspace.keyboard.press('Shift+L');
  await workspace.keyboard.press('Shift+J');
  const markers = workspace.locator('[data-catalogue="sources"]');
  await expect(markers).toBeAttached({ timeout: 20_000 });
  const view = workspace.getByTestId('catalogue-view');
  const [download] = await Promise.all([
    workspace.waitForEvent('download'),
    view.getByRole('button', { name: 'CSV', exact: true }).first().click(),
  ]);
  const found = (await text(await download.createReadStream()))
    .trim()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(',').map(Number));
  const bright = truth.stars!.filter(
    ({ x_px: x, y_px: y, electrons }) => electrons > 5000 && x > 40 && x < 4030 && y > 40 && y < 3960,
  );
  const away = (star: Star) =>
    Math.min(...found.map(([x = 0, y = 0]) => Math.hypot(x - star.x_px, y - star.y_px)));
  const parted = bright.filter((star) =>
    bright.every(
      (other) => other === star || Math.hypot(other.x_px - star.x_px, other.y_px - star.y_px) > 40,
    ),
  );
  expect(parted.length).toBeGreaterThan(1);
  for (const star of parted) expect(away(star), JSON.stringify(star)).toBeLessThan(1.5);
  // Nor much else: a few are faint neighbours and the rest of cosmic rays.
  const real = found.filter(([x = 0, y = 0]) =>
    truth.stars!.some((s) => Math.hypot(s.x_px - x, s.y_px - y) < 8),
  );
  expect(real.length / found.length).toBeGreaterThan(0.8);

  await expect.poll(() => workspace.url()).toContain('sources');
  const panel = await workspace.context().newPage();
  await panel.goto(`${site.url}panel?exposure=${exposure}&over=sources`);
  await expect(panel.locator('[data-catalogue="sources"]')).toHaveAttribute(
    'data-seen',
    String(found.length),
    {
      timeout: 30_000,
    },
  );
  await panel.close();
});

test('a catalogue of the sky lies on its stars; marker, row, plot and brush choose the same rows', async ({
  workspace,
  site,
}) => {
  const { truth } = await openField(workspace, site);
  const stars = truth.stars!.filter(({ x_px: x, y_px: y }) => x > 0 && x < 4071 && y > 0 && y < 3999);
  const lines = stars.map(
    ({ ra_deg: ra, dec_deg: dec, electrons }, i) => `star ${i},${ra},${dec},${Math.round(electrons)}`,
  );
  await workspace.keyboard.press('Shift+J');
  const view = workspace.getByTestId('catalogue-view');
  await view.getByLabel('Catalogue file').setInputFiles({
    name: 'stars.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(['name,ra [deg],dec [deg],electrons', ...lines].join('\n')),
  });
  const markers = workspace.locator('[data-catalogue="stars.csv"]');
  await expect(markers).toHaveAttribute('data-seen', String(stars.length));

  // A click on the place where the star's light is.
  const star = goodStar(truth);
  const index = stars.indexOf(star);
  await workspace.evaluate(
    ([x = 0, y = 0]) => window.summitNotebook?.setView({ centre: { x, y }, scale: 1 }),
    [star.x_px, star.y_px],
  );
  const box = (await workspace.getByTestId('image-pane').locator('.image-canvas').boundingBox())!;
  await workspace.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const chosen = view.locator('[role=row][aria-selected=true]');
  await expect(chosen).toHaveCount(1);
  await expect(chosen.getByRole('gridcell').first()).toHaveText(`star ${index}`);
  await expect(markers).toHaveAttribute('data-chosen', '1');

  // A frame on the image.
  await workspace.keyboard.press('0');
  await view.getByRole('button', { name: 'Brush the image' }).click();
  await workspace.evaluate(() =>
    window.summitNotebook?.setView({ centre: { x: 2036, y: 2000 }, scale: 0.1 }),
  );
  const [x0, y0, x1, y1] = [800, 900, 3200, 3100];
  const onScreen = (x: number, y: number) =>
    [box.x + box.width / 2 + 0.1 * (x - 2036), box.y + box.height / 2 - 0.1 * (y - 2000)] as const;
  await workspace.mouse.move(...onScreen(x0, y0));
  await workspace.mouse.down();
  await workspace.mouse.move(...onScreen(x1, y1), { steps: 4 });
  await workspace.mouse.up();
  const framed = stars.filter(({ x_px: x, y_px: y }) => x > x0 && x < x1 && y > y0 && y < y1);
  const doubtful = stars.filter(
    ({ x_px: x, y_px: y }) =>
      Math.min(Math.abs(x - x0), Math.abs(x - x1), Math.abs(y - y0), Math.abs(y - y1)) < 12,
  );
  const count = async () => parseInt((await view.getByTestId('catalogue-chosen').textContent()) ?? '', 10);
  await expect
    .poll(async () => Math.abs((await count()) - framed.length))
    .toBeLessThanOrEqual(doubtful.length);
  await picture(workspace, 'catalogue');

  // A frame in the plot.
  const plot = view.locator('.image-plot-place .nsewdrag').first();
  await plot.scrollIntoViewIfNeeded();
  const area = (await plot.boundingBox())!;
  await workspace.mouse.move(area.x + 2, area.y + 2);
  await workspace.mouse.down();
  await workspace.mouse.move(area.x + area.width - 2, area.y + area.height - 2, { steps: 4 });
  await workspace.mouse.up();
  await expect.poll(count).toBe(stars.length);
  await expect(markers).toHaveAttribute('data-chosen', String(stars.length));

  await view.getByLabel('Catalogue file').setInputFiles({
    name: 'broken.fits',
    mimeType: 'application/fits',
    buffer: Buffer.from('SIMPLE  =                    T'.padEnd(80)),
  });
  await expect(view.getByRole('alert')).toContainText('broken.fits was not read');
  await view.getByRole('button', { name: 'Brush the image' }).click();
  await view.getByRole('button', { name: 'Remove stars.csv' }).click();
  await expect(markers).toHaveCount(0);
});

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
