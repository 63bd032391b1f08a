/** Numbers from pixels: a star's, a region's, an amplifier's, a night's; checked against what the simulator planted. */
import { readFileSync } from 'node:fs';
import { goodStar, openField, openNoisy } from './support/field.ts';
import { expect, test } from './support/fixtures.ts';
import { nextLiveExposure, pause, picture } from './support/pane.ts';

test('one key examines the star at the pointer: where it is, how wide, where on the sky', async ({
  workspace,
  site,
}) => {
  const { truth } = await openField(workspace, site);
  const star = goodStar(truth);
  await workspace.evaluate(
    ([x = 0, y = 0]) => window.summitNotebook?.setView({ centre: { x, y }, scale: 2 }),
    [star.x_px, star.y_px],
  );
  const box = (await workspace.getByTestId('image-pane').boundingBox())!;
  await workspace.mouse.move(box.x + box.width / 2 + 6, box.y + box.height / 2 - 4);
  await expect(workspace.getByTestId('readout').locator('[data-field="RA Dec"]')).toHaveText(
    /^\d\d:\d\d:\d\d\.\d\d [+-]\d\d:/,
  );
  await workspace.keyboard.press('e');
  const examine = workspace.getByTestId('examine');
  const number = async (field: string) =>
    parseFloat(((await examine.locator(`[data-field="${field}"]`).textContent()) ?? '').replace('−', '-'));
  await expect(examine.locator('[data-field="x"]')).toHaveText(/\d/);
  expect(Math.abs((await number('x')) - star.x_px), 'x').toBeLessThan(0.15);
  expect(Math.abs((await number('y')) - star.y_px), 'y').toBeLessThan(0.15);
  // The mount's own motion widens it a little.
  expect((await number('FWHM')) / truth.psf!.fwhm_arcsec).toBeGreaterThan(0.95);
  expect((await number('FWHM')) / truth.psf!.fwhm_arcsec).toBeLessThan(1.12);
  await expect(examine.locator('.image-plot-place svg').first()).toBeVisible();

  await picture(workspace, 'examine');
  const sky = await workspace.evaluate(
    async ([x = 0, y = 0]) => (await window.summitNotebook?.valueAt(x, y))?.sky,
    [Math.round(star.x_px), Math.round(star.y_px)],
  );
  // Half a pixel is 0.05 arcseconds.
  const eastArcsec = (sky!.raDeg - star.ra_deg) * Math.cos((star.dec_deg * Math.PI) / 180) * 3600;
  expect(Math.abs(eastArcsec)).toBeLessThan(0.08);
  expect(Math.abs(sky!.decDeg - star.dec_deg) * 3600).toBeLessThan(0.08);
  await expect(workspace.locator('.image-readout-note')).toHaveCount(0);
  await workspace.keyboard.press('r');
  await expect(workspace.locator('.image-readout-note').first()).toContainText('pointing, ±5 arcsec');
  await expect(workspace.locator('.image-readout-note').first()).toContainText('refused');

  const measured = await workspace.evaluate(
    ([x = 0, y = 0]) => window.summitNotebook?.measure(x, y),
    [star.x_px, star.y_px],
  );
  expect(measured).toMatchObject({ instrument: 'LATISS', failed: null });
});

/** Degrees of `±dd:mm:ss.s`. */
function degreesOf(text: string): number {
  const [, sign, d, m, s] = /([+-])(\d+):(\d+):([\d.]+)/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(d) + Number(m) / 60 + Number(s) / 3600);
}

test('a line of declination lies where the readout has that declination', async ({ workspace, site }) => {
  await openField(workspace, site);
  await workspace.keyboard.press('Shift+G');
  const lines = workspace.locator('[data-sky-grid] > [data-kind="dec"]');
  await expect(lines.first()).toBeAttached();
  await expect(workspace.locator('[data-sky-grid] > [data-kind="ra"]').first()).toBeAttached();
  const box = (await workspace.getByTestId('image-pane').locator('.image-canvas').boundingBox())!;
  // The line that comes nearest to the middle of the pane.
  const { x, y, label } = await lines.evaluateAll(
    (groups, middle) => {
      const all = groups.flatMap((group) =>
        [...group.querySelector('polyline')!.points].map(({ x: at_x, y: at_y }) => ({
          x: at_x,
          y: at_y,
          label: group.querySelector('text')?.textContent ?? '',
        })),
      );
      const far = (at: { x: number; y: number }) => Math.hypot(at.x - middle.x, at.y - middle.y);
      return all.toSorted((a, b) => far(a) - far(b))[0]!;
    },
    { x: box.width / 2, y: box.height / 2 },
  );
  await workspace.mouse.move(box.x + x, box.y + y);
  const told = workspace.getByTestId('readout').locator('[data-field="RA Dec"]');
  // A pixel of the screen is four of the detector.
  await expect
    .poll(async () => Math.abs(degreesOf((await told.textContent()) ?? '') - degreesOf(label)) * 3600)
    .toBeLessThan(0.8);
  await workspace.keyboard.press('Shift+B');
  await expect(workspace.locator('[data-mark]')).toHaveCount(2);
  await expect(workspace.locator('[data-mark="boresight"] text')).toBeVisible();
  await picture(workspace, 'sky-grid');
});

test('a region file of DS9 is read, its statistics are those of the pixels, what is unknown is listed', async ({
  workspace,
}) => {
  await pause(workspace);
  await workspace.keyboard.press('Shift+R');
  const view = workspace.getByTestId('region-view');
  const text = [
    '# Region file format: DS9 version 4.1',
    'image',
    'box(701,1201,9,7,0) # text={a box}',
    'banana(1,2,3)',
    'line(601,1001,701,1001) # line=0 0',
  ].join('\n');
  await view.locator('input[type="file"]').setInputFiles({
    name: 'a.reg',
    mimeType: 'text/plain',
    buffer: Buffer.from(text),
  });
  await expect(view.getByText(/line 4:/)).toBeVisible();
  await view.getByRole('button', { name: /a box/ }).first().click();
  const statistics = view.getByTestId('region-statistics');
  await expect(statistics.locator('[data-field="n"]')).toHaveText('63');
  const values = await workspace.evaluate(async () => {
    const all: number[] = [];
    for (let y = 1197; y <= 1203; y++) {
      for (let x = 696; x <= 704; x++) all.push((await window.summitNotebook?.valueAt(x, y))?.value ?? NaN);
    }
    return all;
  });
  const told = async (field: string) =>
    parseFloat(((await statistics.locator(`[data-field="${field}"]`).textContent()) ?? '').replace('−', '-'));
  const sorted = values.toSorted((a, b) => a - b);
  expect(await told('mean')).toBeCloseTo(values.reduce((a, b) => a + b, 0) / 63, 1);
  expect(await told('median')).toBeCloseTo(sorted[31] ?? NaN, 1);
  expect(await told('max')).toBeCloseTo(sorted[62] ?? NaN, 0);
  await view.getByRole('button', { name: /^line \d/ }).click();
  await expect(view.getByTestId('cut-width')).toHaveText(/FWHM|No peak/);

  // Drawn by hand, moved, copied, deleted.
  await view.getByRole('button', { name: 'circle' }).click();
  const box = (await workspace.getByTestId('image-pane').boundingBox())!;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await workspace.mouse.move(middle.x, middle.y);
  await workspace.mouse.down();
  await workspace.mouse.move(middle.x + 40, middle.y, { steps: 4 });
  await workspace.mouse.up();
  const shapes = workspace.getByTestId('regions').locator('[data-kind="circle"]');
  await expect(shapes).toHaveCount(1);
  const before = await statistics.locator('[data-field="sum"]').textContent();
  await workspace.mouse.down();
  await workspace.mouse.move(middle.x + 90, middle.y + 30, { steps: 6 });
  await workspace.mouse.up();
  await expect(statistics.locator('[data-field="sum"]')).not.toHaveText(before ?? '');
  await workspace.keyboard.press('Shift+D');
  await expect(shapes).toHaveCount(2);
  await workspace.keyboard.press('Delete');
  await expect(shapes).toHaveCount(1);
  const saving = workspace.waitForEvent('download');
  await view.getByRole('button', { name: 'Save image' }).click();
  expect(readFileSync(await (await saving).path(), 'utf8')).toMatch(/box\(701,1201,9,7,0\)/);
  await view.getByRole('button', { name: 'Clear' }).click();
});

test('without the mouse: zoom, pan, point, examine, regions by their numbers', async ({
  workspace,
  site,
}) => {
  const { truth } = await openField(workspace, site);
  const star = goodStar(truth);
  const [x, y] = [Math.round(star.x_px), Math.round(star.y_px)];
  const { keyboard } = workspace;
  const centreX = async () => {
    const view = await workspace.evaluate(() => window.summitNotebook?.getState().image.view);
    return view && view !== 'fit' ? view.centre.x : NaN;
  };
  await workspace.evaluate(
    ([cx = 0, cy = 0]) => window.summitNotebook?.setView({ centre: { x: cx, y: cy }, scale: 4 }),
    [x, y],
  );
  await keyboard.press('Shift+ArrowRight');
  await expect.poll(centreX).toBeGreaterThan(x + 5);
  await keyboard.press('Shift+ArrowLeft');
  await expect.poll(centreX).toBeCloseTo(x, 6);

  await keyboard.press('Shift+X');
  for (const key of ['ArrowRight', 'ArrowRight', 'Shift+ArrowUp', 'Shift+ArrowDown', 'ArrowDown']) {
    await keyboard.press(key);
  }
  const readout = workspace.getByTestId('readout');
  await expect(readout.locator('[data-field="x"]')).toHaveText(String(x + 2));
  await expect(readout.locator('[data-field="y"]')).toHaveText(String(y - 1));
  const valueAt = (px: number, py: number) =>
    workspace.evaluate(([ax = 0, ay = 0]) => window.summitNotebook?.valueAt(ax, ay), [px, py]);
  const under = await valueAt(x + 2, y - 1);
  await expect(readout.locator('[data-field="value"]')).toContainText((under?.valueAdu ?? NaN).toFixed(1));
  await expect(workspace.getByTestId('crosshair')).toBeAttached();
  await picture(workspace, 'crosshair');
  await keyboard.press('e');
  const measured = workspace.getByTestId('examine').locator('[data-field="x"]');
  await expect
    .poll(async () => Math.abs(parseFloat((await measured.textContent()) ?? '') - star.x_px))
    .toBeLessThan(0.15);

  await keyboard.press('Shift+R');
  const view = workspace.getByTestId('region-view');
  const type = async (field: RegExp, text: string) => {
    await view.getByLabel(field).focus();
    await keyboard.press('ControlOrMeta+A');
    await keyboard.type(text);
    await keyboard.press('Enter');
  };
  for (const shape of ['circle', 'box', 'line']) {
    await view.getByRole('button', { name: shape, exact: true }).focus();
    await keyboard.press('Enter');
  }
  const shapes = workspace.getByTestId('regions');
  await expect(shapes.locator('[data-kind="line"][data-selected="true"]')).toHaveCount(1);
  for (const [field, value] of [
    [/^from x/, x - 25],
    [/^from y/, y - 15],
    [/^to x/, x + 25],
    [/^to y/, y + 15],
  ] as const) {
    await type(field, String(value));
  }
  await type(/^width/, '-3');
  await expect(view.getByRole('alert')).toHaveText('Width is a size: type a number above zero.');
  await type(/^width/, '5');
  await expect(view.getByRole('alert')).toHaveCount(0);
  await expect(view.getByTestId('cut-width')).toHaveText(/^FWHM \d/);
  const plots = view.locator('.image-plot-place svg');
  await expect(plots.first()).toBeVisible();
  await plots.first().scrollIntoViewIfNeeded();
  await picture(workspace, 'regions');

  await view.getByRole('button', { name: /^box \d/ }).focus();
  await keyboard.press('Enter');
  await type(/^width/, '3');
  await type(/^height/, '3');
  await view.getByRole('button', { name: 'electron' }).focus();
  await keyboard.press('Enter');
  await keyboard.press('Shift+ArrowUp');
  const statistics = view.getByTestId('region-statistics');
  await expect(statistics.locator('[data-field="n"]')).toHaveText('9');
  await expect(statistics).toContainText('values in electron');
  const near = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [x + 2 + dx, y + 9 + dy] as const));
  const electrons = await Promise.all(near.map(async ([px, py]) => (await valueAt(px, py))?.valueElectron));
  const mean = electrons.reduce<number>((sum, each) => sum + (each ?? NaN) / 9, 0);
  await expect
    .poll(async () =>
      Number((await statistics.locator('[data-field="mean"]').textContent())?.replace('−', '-')),
    )
    .toBeCloseTo(mean, 1);
  await keyboard.press('Delete');
  await expect(shapes.locator('[data-selected="true"]')).toHaveCount(0);
  await keyboard.press('?');
  const keys = workspace.getByRole('dialog', { name: 'Keyboard' });
  await expect(keys.getByText('crosshair for the arrow keys', { exact: false })).toBeVisible();
  await picture(workspace, 'keys');
  await keyboard.press('Escape');
  // Closed is not yet gone, and until then the keys are still its.
  await expect(workspace.locator('dialog')).toHaveCount(0);
  await keyboard.press('Escape');
  await expect(workspace.getByTestId('crosshair')).toHaveCount(0);
  await view.getByRole('button', { name: 'Clear' }).press('Enter');
});

test('the row and the column through the pointer are those of the pixels, and the projections of all', async ({
  workspace,
}) => {
  await pause(workspace);
  await workspace.keyboard.press('j');
  const cross = workspace.getByTestId('cross');
  const box = (await workspace.getByTestId('image-pane').locator('.image-canvas').boundingBox())!;
  await workspace.mouse.move(box.x + box.width / 2 + 31, box.y + box.height / 2 - 57);
  await expect(cross.getByText(/^Through \d+, \d+$/)).toBeVisible();
  await expect(cross.locator('.image-plot-place svg').first()).toBeVisible();
  // Each line holds the trace's name, the place and the value.
  const save = async (index: number) => {
    const saving = workspace.waitForEvent('download');
    await cross.getByRole('button', { name: 'CSV' }).nth(index).click();
    const lines = readFileSync(await (await saving).path(), 'utf8')
      .trim()
      .split('\r\n')
      .slice(1);
    // Where there is no value the cell is empty.
    return lines.map((line) => line.split(',').map((cell) => (cell === '' ? NaN : Number(cell))));
  };
  const [x = NaN, y = NaN] =
    ((await cross.getByText(/^Through/).textContent()) ?? '').match(/\d+/g)?.map(Number) ?? [];
  const [row, column] = [await save(0), await save(1)];
  expect([row.length, column.length]).toEqual([4072, 4000]);
  const value = await workspace.evaluate(
    async ([px = 0, py = 0]) => (await window.summitNotebook?.valueAt(px, py))?.value,
    [x, y],
  );
  expect(row[x]?.[2]).toBeCloseTo(value ?? NaN, 3);
  expect(column[y]?.[2]).toBeCloseTo(value ?? NaN, 3);
  await picture(workspace, 'cross');
  await cross.getByLabel('Width').selectOption('whole image');
  await expect(cross.getByText('All rows and columns')).toBeVisible();
  const means = await save(0);
  expect(means).toHaveLength(4072);
  // The mean of the column that was saved above.
  const values = column.map(([, , each = NaN]) => each).filter(Number.isFinite);
  expect(means[x]?.[2]).toBeCloseTo(values.reduce((sum, each) => sum + each, 0) / values.length, 2);
  await workspace.keyboard.press('j');
  await expect(cross).toHaveCount(0);
});

test('the amplifiers of a raw are measured, a noisy one is named', async ({ workspace, site }) => {
  const { exposure, truth } = await openNoisy(workspace, site);
  await workspace.keyboard.press('Shift+A');
  const health = workspace.getByTestId('amplifier-health');
  await expect(health).toHaveAttribute('data-exposure', String(exposure), { timeout: 60_000 });
  await expect(health.getByRole('row')).toHaveCount(17);
  const { name, noise_electron, gain_electron_per_adu } = truth.amplifiers.find(
    (amplifier) => amplifier.name === truth.noisy_amplifier,
  )!;
  const noise = noise_electron / gain_electron_per_adu;
  const finding = health
    .getByRole('list', { name: 'Findings' })
    .getByRole('button', { name: `${name}: noise` });
  await expect(finding).toBeVisible();
  const [, told, factor] = /noise ([\d.]+) adu, ([\d.]+) ×/.exec((await finding.textContent()) ?? '') ?? [];
  expect(Math.abs(Number(told) / noise - 1)).toBeLessThan(0.05);
  expect(Number(factor)).toBeGreaterThan(4);
  await expect(health.locator('tr[data-amplifier]').filter({ hasText: 'far out of range' })).toHaveAttribute(
    'data-amplifier',
    name,
  );
  // Nobody has looked at the others: the service has measured them.
  await health.getByLabel('Map and trend').selectOption('rowNoiseAdu');
  await expect(
    health.getByRole('img', { name: /^Row noise.* of 16 amplifiers over \d+ exposures/ }),
  ).toBeVisible();
  await finding.click();
  await picture(workspace, 'amplifiers');
  const saving = workspace.waitForEvent('download');
  await health.getByRole('button', { name: 'CSV of the amplifiers' }).click();
  const file = await saving;
  expect(file.suggestedFilename()).toBe(`amplifiers-${exposure}.csv`);
  const lines = readFileSync(await file.path(), 'utf8').split('\r\n');
  expect(lines).toHaveLength(18);
  const saved = Number(lines.find((line) => line.startsWith(`${name},`))?.split(',')[2]);
  expect(saved).toBeCloseTo(Number(told), 1);
});

test('the table of all exposures filters, opens and saves', async ({ workspace }) => {
  const newest = await nextLiveExposure(workspace);
  await workspace.keyboard.press('x');
  const table = workspace.getByRole('region', { name: 'Exposure table' });
  const rows = table.getByRole('row');
  await expect(rows.filter({ hasText: String(Math.floor(newest / 100_000)) }).first()).toBeVisible();
  // Measured by the service, a little later than it lands.
  await expect(table.getByText(/^\d+ of \d+ rows$/)).toBeVisible();
  await picture(workspace, 'table');
  await table.getByLabel('Filter all columns').fill('bias');
  // A long run comes round to the beginning of the night again.
  const counts = async () =>
    (await table.getByText(/^\d+ of \d+ rows$/).textContent())?.match(/\d+/g)?.map(Number) ?? [];
  await expect.poll(async () => (await counts())[0]).toBeLessThan(newest % 100_000);
  const [biases = NaN] = await counts();
  expect(biases).toBeGreaterThanOrEqual(2);
  const saving = workspace.waitForEvent('download');
  await table.getByRole('button', { name: 'CSV' }).click();
  const csv = readFileSync(await (await saving).path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(csv).toHaveLength(1 + biases);
  for (const line of csv.slice(1)) expect(line).toContain('bias');
  const bias = rows.filter({ hasText: 'bias' }).first();
  const opened = await bias.getAttribute('data-exposure');
  expect(opened).toMatch(/^\d+$/);
  await bias.click();
  await workspace.keyboard.press('Enter');
  await expect(table).toHaveCount(0);
  await expect(workspace.getByTestId('image-pane')).toHaveAttribute('data-exposure', opened ?? '');
});
