/** How an image is looked at: stretch, limits, turns, steps switched while one looks, its header, its address. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { coloursAt, greyAt } from './support/colours.ts';
import { expect, test } from './support/fixtures.ts';
import { pause, picture, python, shownExposure, waitForExposure } from './support/pane.ts';

const api = {
  setStretch: (page: Page, settings: object) =>
    page.evaluate((given) => window.summitNotebook?.setStretch(given), settings),
  setView: (page: Page, x: number, y: number, scale: number) =>
    page.evaluate(
      ([cx = 0, cy = 0, s = 1]) => window.summitNotebook?.setView({ centre: { x: cx, y: cy }, scale: s }),
      [x, y, scale],
    ),
  value: (page: Page, x: number, y: number) =>
    page.evaluate(([px = 0, py = 0]) => window.summitNotebook?.valueAt(px, py), [x, y]),
  state: (page: Page) => page.evaluate(() => window.summitNotebook?.getState()),
};

const CENTRE = [[0.5, 0.5]] as const;

/** Steepness as in DS9. */
const STRETCHES: Readonly<Record<string, (t: number) => number>> = {
  linear: (t) => t,
  log: (t) => Math.log(1 + 1000 * t) / Math.log(1001),
  sqrt: Math.sqrt,
  asinh: (t) => Math.asinh(10 * t) / Math.asinh(10),
  power: (t) => (1000 ** t - 1) / 999,
};

test('brightness on the screen follows the value by each stretch, invert and colour map', async ({
  workspace,
}) => {
  await pause(workspace);
  // Large pixels: the middle of the pane is inside of one, whatever the pane's size.
  await api.setView(workspace, 700, 1200, 32);
  const { value = NaN } = (await api.value(workspace, 700, 1200)) ?? {};
  const limits = [value - 30, value + 70];
  for (const [stretch, curve] of Object.entries(STRETCHES)) {
    await api.setStretch(workspace, { stretch, limits });
    const [grey = NaN] = await greyAt(workspace, CENTRE);
    expect(Math.abs(grey - 255 * curve(0.3)), stretch).toBeLessThanOrEqual(1);
  }
  await api.setStretch(workspace, { stretch: 'linear', invert: true });
  expect(Math.abs((await greyAt(workspace, CENTRE))[0]! - 255 * 0.7)).toBeLessThanOrEqual(1);
  await api.setStretch(workspace, { invert: false, colourMap: 'viridis', limits: [value, value + 1] });
  // The lower end of viridis.
  expect((await coloursAt(workspace, CENTRE))[0]).toEqual([68, 1, 84, 255]);
  await workspace.keyboard.press('z');
  await expect
    .poll(async () => (await api.state(workspace))?.image.display.limits)
    .toEqual({ rule: 'zscale' });
});

test('turned and mirrored, the pixels lie where they should', async ({ workspace }) => {
  await pause(workspace);
  await api.setView(workspace, 700, 1200, 32);
  const neighbours = { right: [701, 1200], left: [699, 1200], up: [700, 1201], down: [700, 1199] } as const;
  const values = new Map<string, number>();
  for (const [name, [x, y]] of Object.entries(neighbours)) {
    values.set(name, (await api.value(workspace, x, y))?.value ?? NaN);
  }
  const all = [...values.values()];
  const [low, high] = [Math.min(...all) - 20, Math.max(...all) + 20];
  await api.setStretch(workspace, { stretch: 'linear', limits: [low, high] });
  /** One detector pixel to the right of the middle of the pane, and one above it. */
  const beside = async () => {
    const canvas = await workspace.evaluate(() => {
      const { width, height } = document.querySelector<HTMLCanvasElement>('.image-canvas')!;
      return { width, height };
    });
    return greyAt(workspace, [
      [0.5 + 32 / canvas.width, 0.5],
      [0.5, 0.5 - 32 / canvas.height],
    ]);
  };
  const grey = (name: string) => Math.round((255 * (values.get(name)! - low)) / (high - low));
  const expectBeside = async (right: string, above: string, how: string) => {
    await workspace.evaluate(() => window.summitNotebook?.setStretch({}));
    const [seenRight = NaN, seenAbove = NaN] = await beside();
    expect(Math.abs(seenRight - grey(right)), `right of the middle, ${how}`).toBeLessThanOrEqual(1);
    expect(Math.abs(seenAbove - grey(above)), `above the middle, ${how}`).toBeLessThanOrEqual(1);
  };
  await expectBeside('right', 'up', 'as it is');
  await workspace.keyboard.press(',');
  await expectBeside('down', 'right', 'turned by 90 degrees');
  await workspace.keyboard.press('.');
  await workspace.keyboard.press('f');
  await expectBeside('left', 'up', 'mirrored');
  await workspace.getByRole('button', { name: 'view ▾' }).click();
  await workspace.getByLabel('Orientation').selectOption('raw');
  await workspace.keyboard.press('Escape');
  await expectBeside('right', 'down', 'as the raw’s header has it');
});

/** Values of the pixels about one, `radius` to each side, from the lowest row. */
async function valuesAbout(page: Page, x: number, y: number, radius: number): Promise<number[][]> {
  return page.evaluate(
    async ([cx = 0, cy = 0, r = 0]) => {
      const side = Array.from({ length: 2 * r + 1 }, (_, i) => i - r);
      const value = async (px: number, py: number) =>
        (await window.summitNotebook?.valueAt(px, py))?.value ?? Number.NaN;
      return Promise.all(side.map((dy) => Promise.all(side.map((dx) => value(cx + dx, cy + dy)))));
    },
    [x, y, radius],
  );
}

test('smoothing, binning, overview, magnifier and lines show what they say, and the readout stays', async ({
  workspace,
}) => {
  await pause(workspace);
  await api.setView(workspace, 700, 1200, 32);
  const values = await valuesAbout(workspace, 700, 1200, 7);
  // By the definition in two dimensions, cut at four sigma.
  const smooth = (dx: number, dy: number) => {
    let [sum, weights] = [0, 0];
    for (let j = -4; j <= 4; j++) {
      for (let i = -4; i <= 4; i++) {
        const weight = Math.exp(-(i * i + j * j) / 2);
        weights += weight;
        sum += weight * (values[7 + dy + j]?.[7 + dx + i] ?? NaN);
      }
    }
    return sum / weights;
  };
  // The pixel of these that the noise has taken farthest away.
  const near = [-3, -2, -1, 0, 1, 2, 3];
  const [dx, dy] = near
    .flatMap((j) => near.map((i) => [i, j] as const))
    .toSorted((a, b) => away(b) - away(a))[0]!;
  function away([i, j]: readonly [number, number]) {
    return Math.abs((values[7 + j]?.[7 + i] ?? NaN) - smooth(i, j));
  }
  const [x, y] = [700 + dx, 1200 + dy];
  const value = values[7 + dy]?.[7 + dx] ?? NaN;
  const limits = [smooth(dx, dy) - 60, smooth(dx, dy) + 60] as const;
  const greyOf = (v: number) => 255 * Math.min(1, Math.max(0, (v - limits[0]) / 120));
  const expectGrey = async (v: number, how: string) => {
    await workspace.evaluate(() => window.summitNotebook?.setStretch({}));
    const [grey = NaN] = await greyAt(workspace, CENTRE);
    expect(Math.abs(grey - greyOf(v)), how).toBeLessThanOrEqual(1);
  };
  expect(Math.abs(greyOf(value) - greyOf(smooth(dx, dy)))).toBeGreaterThan(10);
  await api.setView(workspace, x, y, 32);
  await api.setStretch(workspace, { stretch: 'linear', limits, smooth: 1 });
  await expectGrey(smooth(dx, dy), 'smoothed');
  expect((await api.value(workspace, x, y))?.value).toBe(value);
  await expect(workspace.getByTestId('view-note')).toHaveText('smoothed view, σ 1 px');
  await workspace.keyboard.press('S');
  await expectGrey(value, 'as it is');
  await expect(workspace.getByTestId('view-note')).toHaveCount(0);

  await workspace.getByRole('button', { name: 'view ▾' }).click();
  const menu = workspace.getByTestId('view-menu');
  await menu.getByRole('button', { name: '2', exact: true }).click();
  await workspace.keyboard.press('Escape');
  const [left, bottom] = [x - (x % 2) - 700 + 7, y - (y % 2) - 1200 + 7];
  const cell = [0, 1].flatMap((j) => [0, 1].map((i) => values[bottom + j]?.[left + i] ?? NaN));
  await expectGrey(
    cell.reduce((sum, v) => sum + v / 4, 0),
    'binned',
  );
  await expect(workspace.getByTestId('view-note')).toHaveText('binned 2×2 view');
  await api.setStretch(workspace, { bin: 1 });

  await expect(workspace.locator('.image-pixel-grid')).toHaveCount(1);
  await workspace.keyboard.press('#');
  await expect(workspace.locator('.image-pixel-grid')).toHaveCount(0);

  await api.setView(workspace, 1500, 1500, 1);
  const panner = (await workspace.getByTestId('panner').boundingBox())!;
  const middle = { x: panner.x + panner.width / 2, y: panner.y + panner.height / 2 };
  // The frame of 4072 pixels fills the overview's width.
  const pixelsPer = 4072 / panner.width;
  const at = { x: middle.x + (1500 - 2035.5) / pixelsPer, y: middle.y - (1500 - 1999.5) / pixelsPer };
  await workspace.mouse.move(at.x, at.y);
  await workspace.mouse.down();
  await workspace.mouse.move(at.x + 30, at.y - 20, { steps: 3 });
  await workspace.mouse.up();
  const moved = (await api.state(workspace))?.image.view;
  if (!moved || moved === 'fit') throw new Error('The drag of the overview did not pan.');
  expect(Math.abs(moved.centre.x - (1500 + 30 * pixelsPer))).toBeLessThan(pixelsPer);
  expect(Math.abs(moved.centre.y - (1500 + 20 * pixelsPer))).toBeLessThan(pixelsPer);

  await workspace.keyboard.press('u');
  const box = (await workspace.locator('.image-canvas').boundingBox())!;
  await workspace.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.4);
  const magnifier = workspace.getByTestId('magnifier');
  await expect(magnifier).toBeVisible();
  const shown = async () => [
    Number(await magnifier.getAttribute('data-x')),
    Number(await magnifier.getAttribute('data-y')),
  ];
  const pointed = await workspace.evaluate(() => window.summitNotebook?.getState().image);
  expect(pointed?.overlays).toMatchObject({ magnifier: true, pixelGrid: false });
  await workspace.waitForTimeout(300);
  const [mx = NaN, my = NaN] = await shown();
  const under = (await api.value(workspace, mx, my))?.value ?? NaN;
  const [[red = NaN] = []] = await coloursAt(workspace, CENTRE, '[data-testid="magnifier"] canvas');
  expect(Math.abs(red - greyOf(under))).toBeLessThanOrEqual(1);
  await picture(workspace, 'magnifier');
  await workspace.keyboard.press('0');
  await expect(workspace.getByTestId('panner')).toHaveCount(0);
});

test('a step that is switched off changes the pixels at once, and the readout tells both', async ({
  workspace,
}) => {
  await pause(workspace);
  const before = await api.value(workspace, 700, 1200);
  const steps = workspace.getByTestId('isr-steps');
  // Either of the two takes the bias level away.
  for (const step of ['serial-overscan', 'parallel-overscan']) {
    await steps.locator(`[data-step="${step}"] input`).uncheck();
    await expect(steps.locator(`[data-step="${step}"]`)).toHaveAttribute('data-done', 'false');
  }
  await expect(steps).toHaveAttribute('data-settled', 'true');
  const without = await api.value(workspace, 700, 1200);
  // The bias level of an amplifier is thousands of adu.
  expect((without?.value ?? 0) - (before?.value ?? 0)).toBeGreaterThan(1000);
  expect(without?.rawAdu).toBe(before?.rawAdu);
  await workspace.keyboard.press('w');
  await expect(steps.locator('[data-done="true"]')).toHaveCount(1);
  await expect.poll(async () => (await api.value(workspace, 700, 1200))?.value).toBe(before?.rawAdu);
  await picture(workspace, 'isr');
  await steps.getByRole('button', { name: 'Reset' }).click();
  await expect.poll(async () => (await api.value(workspace, 700, 1200))?.value).toBe(before?.value);
  await steps.locator('[data-step="gain"] input').check();
  await expect.poll(async () => (await api.value(workspace, 700, 1200))?.unit).toBe('electron');
  const electrons = await api.value(workspace, 700, 1200);
  expect(electrons?.valueAdu ?? NaN).toBeCloseTo(before?.value ?? NaN, 2);
});

test('raws are drawn between limits of each amplifier', async ({ workspace }) => {
  await pause(workspace);
  await workspace.keyboard.press('w');
  await expect(workspace.getByTestId('isr-steps').locator('[data-done="true"]')).toHaveCount(1);
  const spread = async () => {
    await workspace.evaluate(() => window.summitNotebook?.setStretch({}));
    // The middle of each amplifier, in the fitted square of the detector.
    const { width, height } = (await workspace.locator('.image-canvas').boundingBox())!;
    const side = Math.min(width / 4072, height / 4000);
    const places = Array.from({ length: 16 }, (_, i) => {
      const x = ((i % 8) + 0.5) * 509 - 2036;
      const y = i < 8 ? 1000 : -1000;
      return [0.5 + (x * side) / width, 0.5 - (y * side) / height] as const;
    });
    const greys = await greyAt(workspace, places);
    return Math.max(...greys) - Math.min(...greys);
  };
  await api.setStretch(workspace, { limits: 'p90' });
  expect(await spread()).toBeGreaterThan(200);
  await workspace.keyboard.press('b');
  expect(await spread()).toBeLessThan(160);
  // No number would be true of all of them.
  await expect(workspace.getByTestId('colour-bar')).toHaveText('each amplifier between its own limits');
  await workspace.keyboard.press('g');
  await picture(workspace, 'per-amplifier');
});

test('the header is searched, compared and copied', async ({ workspace, site }) => {
  await workspace
    .context()
    .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site.url).origin });
  const exposure = await pause(workspace);
  await workspace.keyboard.press('h');
  const header = workspace.getByTestId('header-view');
  await header.getByLabel('Search the header').fill('OBSID');
  const seqNum = String(exposure % 100_000).padStart(6, '0');
  await expect(header.getByRole('row').filter({ hasText: seqNum })).toHaveCount(1);
  await header.getByRole('button', { name: 'OBSID' }).click();
  expect(await workspace.evaluate(() => navigator.clipboard.readText())).toMatch(
    new RegExp(`^OBSID   = AT_O_\\d{8}_${seqNum}`),
  );
  await header.getByLabel('Search the header').fill('');
  await header.getByLabel('HDU').selectOption({ index: 5 });
  await expect(header.getByText('DATASEC')).toBeVisible();
  await header.getByLabel('HDU').selectOption({ index: 0 });
  await picture(workspace, 'header');
  await header.getByRole('button', { name: 'Compare with this' }).click();
  const other = workspace.locator(`[data-testid="exposure-row"]:not([data-exposure="${exposure}"])`);
  await other.first().click();
  await expect(workspace.getByTestId('image-pane')).not.toHaveAttribute('data-exposure', String(exposure));
  await header.getByLabel('differences only').check();
  await expect(header.getByRole('row').filter({ hasText: 'OBSID' })).toContainText(seqNum);
  await expect(header.getByRole('row').filter({ hasText: 'INSTRUME' })).toHaveCount(0);
});

test('the address is the whole state: it opens alike elsewhere, and what it cannot mean is named', async ({
  workspace,
  site,
}) => {
  const exposure = await pause(workspace);
  await api.setStretch(workspace, { stretch: 'asinh', limits: [-20, 300], colourMap: 'cividis' });
  await api.setView(workspace, 1234, 2345, 0.75);
  await workspace.getByTestId('isr-steps').locator('[data-step="dark"] input').click();
  await workspace.keyboard.press('g');
  await expect.poll(() => new URL(workspace.url()).search).toMatch(/stretch=asinh.*over=amp/);
  const url = new URL(workspace.url());
  url.searchParams.set('exposure', String(exposure));
  const expected = (await api.state(workspace))?.image;
  for (const surface of ['', 'panel', 'kiosk']) {
    const page = await workspace.context().newPage();
    await page.setViewportSize({ width: 1600, height: 1000 });
    await page.goto(new URL(surface, site.url).href + url.search);
    await waitForExposure(page, exposure);
    const opened = await api.state(page);
    expect(opened?.image).toEqual(expected);
    expect(await api.value(page, 1234, 2345)).toEqual(await api.value(workspace, 1234, 2345));
    await page.close();
  }
  const hostile = `${site.url}?exposure=${exposure}&map=${encodeURIComponent('<img src=x onerror=alert(1)>')}&stretch=log`;
  await workspace.goto(hostile);
  expect(await shownExposure(workspace)).toBe(exposure);
  await expect(workspace.getByText(/map=<img src=x.* is not known and was left out/)).toBeVisible();
  expect((await api.state(workspace))?.image.display).toMatchObject({ stretch: 'log', colourMap: 'grey' });
});

test('a right drag changes contrast and bias as in DS9, and one key takes that back', async ({
  workspace,
}) => {
  await pause(workspace);
  const box = (await workspace.locator('.image-canvas').boundingBox())!;
  await workspace.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await workspace.mouse.down({ button: 'right' });
  await workspace.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.75, { steps: 4 });
  await workspace.mouse.up({ button: 'right' });
  const changed = (await api.state(workspace))?.image.display.contrast;
  expect(changed?.bias).toBeCloseTo(0.25, 2);
  expect(changed?.contrast).toBeCloseTo(10 ** 0.5, 1);
  await workspace.keyboard.press('Shift+C');
  expect((await api.state(workspace))?.image.display.contrast).toEqual({ bias: 0.5, contrast: 1 });
});

test('the limits of the histogram are dragged, typed and stepped by keys', async ({ workspace }) => {
  await pause(workspace);
  const histogram = workspace.getByTestId('histogram');
  const upper = histogram.getByRole('slider', { name: 'Upper limit' });
  await upper.focus();
  const before = Number(await upper.getAttribute('aria-valuenow'));
  await workspace.keyboard.press('ArrowLeft');
  await expect.poll(async () => Number(await upper.getAttribute('aria-valuenow'))).toBeLessThan(before);
  await histogram.getByLabel('Lower limit').last().fill('-12.5');
  await workspace.keyboard.press('Enter');
  await expect
    .poll(async () => (await api.state(workspace))?.image.display.limits)
    .toMatchObject({ rule: 'manual' });
  const limits = (await api.state(workspace))?.image.display.limits;
  expect(limits?.rule === 'manual' && limits.limits[0]).toBe(-12.5);
});

interface ExportedFits {
  readonly obsId: string;
  readonly unit: string;
  readonly history: readonly string[];
  readonly value: number;
  readonly variance: number;
  readonly planes: Readonly<Record<string, number>>;
  readonly cosmicRay: readonly [number, number] | null;
  readonly cosmicRayBits: number;
}

test('the saved FITS file is what is on the screen, and its mask is drawn in its colours', async ({
  workspace,
}, info) => {
  const exposure = await pause(workspace);
  const steps = workspace.getByTestId('isr-steps');
  await steps.locator('[data-step="cosmic-rays"] input').check();
  await expect(steps.locator('[data-step="cosmic-rays"]')).toHaveAttribute('data-done', 'true');
  const file = info.outputPath('saved.fits.fz');
  const saving = workspace.waitForEvent('download');
  await workspace.getByTestId('save-menu').getByRole('button', { name: 'FITS' }).click();
  await (await saving).saveAs(file);
  const read = JSON.parse(
    python('exported_fits.py', '--file', file, '--x', '700', '--y', '1200'),
  ) as ExportedFits;
  expect(read.obsId).toContain(String(exposure % 100_000));
  expect(read.unit).toBe('adu');
  expect(read.value).toBe((await api.value(workspace, 700, 1200))?.value);
  expect(read.variance).toBeGreaterThan(0);
  expect(read.history.join('\n')).toMatch(/ISR cosmic-rays: done/);
  if (!read.cosmicRay) throw new Error('No cosmic ray in the middle of the frame.');

  const [x, y] = read.cosmicRay;
  expect((await api.value(workspace, x, y))?.mask).toContain('CR');
  await api.setView(workspace, x, y, 32);
  const bare = (await coloursAt(workspace, CENTRE))[0] ?? [];
  await workspace.keyboard.press('q');
  const controls = workspace.getByTestId('mask-controls');
  for (const name of Object.keys(read.planes)) {
    if (name !== 'CR') await controls.getByLabel(name, { exact: true }).uncheck();
  }
  await controls.getByLabel('Opacity of CR', { exact: true }).fill('0.5');
  await api.setStretch(workspace, {});
  const over = (await coloursAt(workspace, CENTRE))[0] ?? [];
  // Half of #ff66ff, half of what was there.
  for (const [i, channel] of [255, 102, 255].entries()) {
    expect(Math.abs((over[i] ?? NaN) - ((bare[i] ?? NaN) + channel) / 2)).toBeLessThanOrEqual(2);
  }
  await picture(workspace, 'mask');
});

test('the picture is saved with a colour bar and a line that says what it is', async ({
  workspace,
}, info) => {
  const exposure = await pause(workspace);
  await workspace.keyboard.press('g');
  const file = info.outputPath('saved.png');
  const saving = workspace.waitForEvent('download');
  await workspace.getByTestId('save-menu').getByRole('button', { name: 'PNG' }).click();
  const download = await saving;
  expect(download.suggestedFilename()).toContain(String(exposure % 100_000));
  await download.saveAs(file);
  const header = readFileSync(file).subarray(0, 24);
  expect(header.subarray(1, 4).toString()).toBe('PNG');
  const canvas = await workspace.evaluate(
    () => document.querySelector<HTMLCanvasElement>('.image-canvas')?.width,
  );
  expect(header.readUInt32BE(16)).toBe(canvas);
});

test('a preview has the values of the pixels that follow on request, and nothing is measured on it', async ({
  workspace,
}) => {
  const count = () => workspace.evaluate(() => window.summitNotebook?.getState()['exposureCount']);
  await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(1);
  await workspace.keyboard.press('l');
  const exposure = await pause(workspace);
  const pixels = async (choice: string) => {
    const menu = workspace.getByRole('button', { name: /^Menu of/ });
    await menu.click();
    await workspace.getByTestId('user-menu').getByLabel('Pixels').selectOption(choice);
    await workspace.keyboard.press('Escape');
    await expect(workspace.getByTestId('user-menu')).toBeHidden();
  };
  const steps = workspace.getByTestId('isr-steps');
  await expect(steps).toHaveAttribute('data-settled', 'true');
  const done = () =>
    steps.locator('[data-done="true"]').evaluateAll((all) => all.map((each) => each.dataset['step']));
  const masters = ['bias', 'dark', 'flat'];
  const withMasters = (await done()).filter((step) => masters.includes(step!));
  await pixels('preview');
  const pane = workspace.getByTestId('image-pane');
  await workspace.keyboard.press('ArrowLeft');
  await expect(pane).not.toHaveAttribute('data-exposure', String(exposure));
  await workspace.keyboard.press('ArrowRight');
  await expect(pane).toHaveAttribute('data-exposure', String(exposure));
  await expect(pane).toHaveAttribute('data-preview', '8 1');
  await expect(workspace.getByTestId('image-preview')).toContainText('Preview 8×8');
  await expect(workspace.getByTestId('byte-meter')).toHaveText(/^\d+(\.\d)? MB/);
  const cell = await api.value(workspace, 1603, 2405);
  expect((await done()).filter((step) => masters.includes(step!))).toEqual(withMasters);
  await workspace.keyboard.press('e');
  await expect(workspace.getByTestId('notice')).toContainText('Only a preview');
  await picture(workspace, 'preview');
  await workspace.keyboard.press('T');
  await expect(pane).not.toHaveAttribute('data-preview', /./);
  await waitForExposure(workspace, exposure);
  const values = await workspace.evaluate(async () => {
    const places = Array.from({ length: 64 }, (_, i) => [1600 + (i % 8), 2400 + (i >> 3)] as const);
    const read = places.map(async ([x, y]) => (await window.summitNotebook?.valueAt(x, y))?.value ?? NaN);
    return Promise.all(read);
  });
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  expect(cell?.value ?? NaN).toBeCloseTo(mean, 2);
  await pixels('auto');
});
