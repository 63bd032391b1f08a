/** Images beside, over and taken from each other, in one view and between one pair of limits. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { coloursAt } from './support/colours.ts';
import { expect, test } from './support/fixtures.ts';
import { pause, picture, waitForExposure } from './support/pane.ts';
import type { Site } from './support/site.ts';

interface Row {
  readonly exposure: number;
  readonly targetName: string;
  readonly physicalFilter: string;
  readonly observationType: string;
  readonly raws: readonly unknown[];
}

/** The exposures whose raws are there, newest first. */
async function listed(page: Page): Promise<Row[]> {
  const rows = await page.evaluate(async () => {
    const answer = await fetch('api/repositories/OODS/exposures');
    return ((await answer.json()) as { upserted: Row[] }).upserted;
  });
  return rows.filter(({ raws }) => raws.length > 0);
}

function isAlike(a: Row, b: Row): boolean {
  return (
    a.targetName === b.targetName &&
    a.physicalFilter === b.physicalFilter &&
    a.observationType === b.observationType
  );
}

/** Typed into the histogram's field; the keys are the image's again then. */
async function setUpperLimit(page: Page, value: string): Promise<void> {
  const field = page.getByTestId('histogram').getByRole('textbox', { name: 'Upper limit' });
  await field.fill(value);
  await field.blur();
}

/** Two exposures of one target and filter in a row: the second of them is on the screen. */
async function openOneThatHasAPrevious(page: Page): Promise<{ shown: number; previous: number }> {
  await pause(page);
  const find = async () => {
    // Of the sky, which has moved in between.
    const rows = (await listed(page)).filter(({ observationType }) =>
      ['acq', 'science'].includes(observationType),
    );
    const at = rows.findIndex((row, i) => rows[i + 1] && isAlike(rows[i + 1]!, row));
    return at < 0 ? null : { shown: rows[at]!.exposure, previous: rows[at + 1]!.exposure };
  };
  let pair: Awaited<ReturnType<typeof find>> = null;
  await expect(async () => {
    pair = await find();
    expect(pair, 'two exposures alike, one after the other').not.toBeNull();
  }).toPass({ timeout: 60_000 });
  const { shown, previous } = pair!;
  await page.evaluate((exposure) => window.summitNotebook?.open({ exposure }), shown);
  await waitForExposure(page, shown);
  return { shown, previous };
}

const valueAt = (page: Page, x: number, y: number) =>
  page.evaluate(async ([px = 0, py = 0]) => (await window.summitNotebook?.valueAt(px, py))?.value, [x, y]);

/** The saved picture: its size, and its colours at places of a canvas whose left end is so many pixels into it. */
async function savedPng(page: Page, places: readonly (readonly [number, number])[]) {
  const saving = page.waitForEvent('download');
  await page.getByTestId('save-menu').getByRole('button', { name: 'PNG' }).click();
  const download = await saving;
  const file = readFileSync(await download.path()).toString('base64');
  const picture = await page.evaluate(
    async ({ base64, at }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0) ?? 0);
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
      context.drawImage(bitmap, 0, 0);
      const colours = at.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data]);
      return { width: bitmap.width, height: bitmap.height, colours };
    },
    { base64: file, at: places },
  );
  return { ...picture, name: download.suggestedFilename() };
}

const canvasSize = (page: Page, testId: string) =>
  page
    .getByTestId(testId)
    .locator('.image-canvas')
    .evaluate((canvas: HTMLCanvasElement) => ({ width: canvas.width, height: canvas.height }));

test('two keys compare with the previous exposure of the same target, filter and grating', async ({
  workspace,
}) => {
  const { shown, previous } = await openOneThatHasAPrevious(workspace);
  await workspace.keyboard.press('k');
  const other = workspace.getByTestId('compare-pane');
  await expect(other).toHaveAttribute('data-exposure', String(previous));
  await expect(other).toHaveAttribute('data-state', 'ready');
  await picture(workspace, 'tile');

  // One view: what the pointer is over in one image it is over in the other.
  const box = (await workspace.getByTestId('image-pane').boundingBox())!;
  await workspace.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await workspace.mouse.wheel(0, -600);
  const label = workspace.locator('.compare-label').filter({ hasText: String(previous % 100_000) });
  const readout = workspace.getByTestId('readout');
  await expect(readout.locator('[data-field="x"]')).not.toHaveText('–');
  await expect(label.locator('.image-number')).toHaveText(/\d/);
  const tile = await canvasSize(workspace, 'compare-pane');
  const tiles = await savedPng(workspace, []);
  expect(tiles.name).toMatch(/-tile\.png$/);
  expect(Math.abs(tiles.width - 2 * tile.width), 'both, side by side').toBeLessThanOrEqual(3);

  await workspace.keyboard.press('k');
  const turns = new Set<string | null>();
  // Not in step with the blinking, which would show the same turn for ever.
  await expect
    .poll(
      async () => {
        turns.add(await workspace.locator('.compare').getAttribute('data-turn'));
        return turns.size;
      },
      { intervals: [170] },
    )
    .toBe(2);

  await workspace.keyboard.press('k');
  const curtain = workspace.getByRole('slider', { name: 'Curtain' });
  await curtain.focus();
  await workspace.keyboard.press('ArrowRight');
  await expect(curtain).toHaveAttribute('aria-valuenow', '52');
  await picture(workspace, 'curtain');
  const whole = await canvasSize(workspace, 'image-pane');
  const sides = [0.25, 0.75].map((x) => [Math.floor(x * whole.width), Math.floor(whole.height / 2)] as const);
  const halves = await savedPng(workspace, sides);
  const fractions = [0.25, 0.75].map((x) => [x, 0.5] as const);
  expect(halves.colours).toEqual([
    (await coloursAt(workspace, fractions, '[data-testid="image-pane"] .image-canvas'))[0],
    (await coloursAt(workspace, fractions, '[data-testid="compare-pane"] .image-canvas'))[1],
  ]);
  await workspace.getByTestId('image-pane').locator('.image-canvas').focus();

  await workspace.keyboard.press('k');
  const difference = workspace.getByTestId('combined-pane');
  await expect(difference).toHaveAttribute('data-state', 'ready');
  await workspace.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.4);
  // Another pane lies under the pointer now: the readout is empty until it has its pixel.
  for (const field of ['x', 'y']) await expect(readout.locator(`[data-field="${field}"]`)).toHaveText(/\d/);
  const x = Number(await readout.locator('[data-field="x"]').textContent());
  const y = Number(await readout.locator('[data-field="y"]').textContent());
  const here = (await valueAt(workspace, x, y)) ?? NaN;
  const told = workspace.locator('.compare-label').filter({ hasText: '−' }).locator('.image-number');
  await expect(told).toHaveText(/\d/);
  const minus = Number((await told.textContent())?.replace('−', '-').replace('adu', ''));

  // Its limits are its own, about zero, and so are the numbers of its colour bar.
  const limits = workspace.getByLabel('Display limits');
  await expect(limits).toHaveValue('symmetric');
  const ticks = workspace.getByTestId('colour-bar').locator('.image-number');
  const numbers = (await ticks.allTextContents()).map((text) => Number(text.replace('−', '-')));
  expect(numbers).toHaveLength(5);
  expect(numbers[2]).toBeCloseTo(0, 9);
  expect(numbers[0]).toBe(-numbers[4]!);
  await expect(workspace.getByTestId('of-main')).toContainText(String(shown % 100_000));
  await picture(workspace, 'difference');
  await setUpperLimit(workspace, '44');
  await expect(limits).toHaveValue('manual');
  await expect(ticks.last()).toHaveText('44');
  await workspace.keyboard.press('m');
  await expect(limits).toHaveValue('minmax');
  const ofImage = await workspace.evaluate(() => window.summitNotebook?.getState().image.display.limits);
  expect(ofImage).toEqual({ rule: 'zscale' });
  const drawn = '[data-testid="combined-pane"] .image-canvas';
  const { width, height } = await canvasSize(workspace, 'combined-pane');
  const saved = await savedPng(workspace, [[Math.floor(width / 2), Math.floor(height / 2)]]);
  expect(saved.name).toMatch(/-difference\.png$/);
  expect(saved.colours).toEqual(await coloursAt(workspace, [[0.5, 0.5]], drawn));
  await workspace.keyboard.press('Escape');
  await expect(limits).toHaveValue('zscale');
  await workspace.evaluate((exposure) => window.summitNotebook?.open({ exposure }), previous);
  await waitForExposure(workspace, previous);
  const there = (await valueAt(workspace, x, y)) ?? NaN;
  expect(Math.abs(minus - (here - there)), `${shown} minus ${previous} at ${x}, ${y}`).toBeLessThan(0.11);
});

test('what lands goes on with the comparison: each exposure with the one before it, between the same limits', async ({
  workspace,
}) => {
  await openOneThatHasAPrevious(workspace);
  await workspace.keyboard.press('k');
  await workspace.getByRole('button', { name: 'difference', exact: true }).click();
  const difference = workspace.getByTestId('combined-pane');
  await expect(difference).toHaveAttribute('data-state', 'ready');
  await setUpperLimit(workspace, '44');
  const newest = (await listed(workspace))[0]!.exposure;
  await workspace.keyboard.press('l');
  const label = workspace.locator('.compare-label').filter({ hasText: '−' });
  const number = (exposure: number) => `${Math.floor(exposure / 100_000)} ${exposure % 100_000}`;
  await expect(async () => {
    const now = Number(await difference.getAttribute('data-exposure'));
    expect(now, 'what has landed since').toBeGreaterThan(newest);
    const rows = await listed(workspace);
    const row = rows.find(({ exposure }) => exposure === now)!;
    const before = rows.find((older) => older.exposure < now && isAlike(older, row));
    expect(before, 'one before it of the same target, filter and type').toBeDefined();
    await expect(label).toContainText(`${number(now)} − ${number(before!.exposure)}`, { timeout: 3000 });
  }).toPass({ timeout: 90_000 });
  await expect(workspace.getByLabel('Display limits')).toHaveValue('manual');
  await expect(workspace.getByTestId('colour-bar').locator('.image-number').last()).toHaveText('44');
});

/** Two exposures of one field between which the telescope has moved, as the simulator knows. */
function movedPair(site: Site): [number, number] | null {
  const folder = join(site.stateDir, 'truth');
  const fields = readdirSync(folder)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Truth)
    .filter(({ stars, planted }) => stars && stars.length > 0 && planted.length === 0);
  for (const one of fields) {
    for (const other of fields) {
      const [a, b] = [one.stars![0]!, other.stars![0]!];
      const movedPx = Math.hypot(a.x_px - b.x_px, a.y_px - b.y_px);
      if (one.target === other.target && movedPx > 15 && movedPx < 900) return [one.exposure, other.exposure];
    }
  }
  return null;
}

interface Truth {
  readonly exposure: number;
  readonly target: string;
  readonly planted: readonly string[];
  readonly stars?: readonly { readonly x_px: number; readonly y_px: number }[];
}

test('locked by the sky, both panes have it at the same places', async ({ newWorkspace: page, site }) => {
  let pair: [number, number] | null = null;
  await expect(() => {
    pair = movedPair(site);
    expect(pair, 'two exposures of one field').not.toBeNull();
  }).toPass({ timeout: 90_000 });
  const [shown, other] = pair!;
  await page.goto(`${site.url}?exposure=${shown}&compare=tile,${other}&over=sky&view=2036,2000,0.5`);
  await expect(page.getByTestId('compare-pane')).toHaveAttribute('data-exposure', String(other));
  const labels = async (pane: string) => {
    const told = await page
      .getByTestId(pane)
      .locator('[data-sky-grid] text')
      .evaluateAll((all) =>
        all.map(
          (each) =>
            [each.textContent!, Number(each.getAttribute('x')), Number(each.getAttribute('y'))] as const,
        ),
      );
    return new Map(told.map(([text, x, y]) => [text, { x, y }]));
  };
  /** Of the labels that both panes have. */
  const apart = async () => {
    const [here, there] = [await labels('image-pane'), await labels('compare-pane')];
    const both = [...here.keys()].filter((text) => there.has(text));
    if (both.length < 2) return NaN;
    return Math.max(
      ...both.map((text) =>
        Math.hypot(here.get(text)!.x - there.get(text)!.x, here.get(text)!.y - there.get(text)!.y),
      ),
    );
  };
  await expect.poll(apart).toBeGreaterThan(3);
  await page.getByLabel('Locked by').selectOption('sky');
  await expect.poll(apart).toBeLessThan(3);
  await expect.poll(() => page.url()).toContain('lock=sky');
});

test('a step’s effect is seen side by side', async ({ workspace }) => {
  const exposure = await pause(workspace);
  await workspace.getByRole('button', { name: 'With and without gain, side by side' }).click();
  const other = workspace.getByTestId('compare-pane');
  await expect(other).toHaveAttribute('data-state', 'ready');
  await expect(other).toHaveAttribute('data-exposure', String(exposure));
  const box = (await workspace.getByTestId('image-pane').boundingBox())!;
  await workspace.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const label = workspace.locator('.compare-label').filter({ hasText: 'gain switched' });
  await expect(label.locator('.image-number')).toHaveText(/\d/);
  const electrons = workspace.getByTestId('readout').locator('[data-field="electron"]');
  const seen = ((await label.locator('.image-number').textContent()) ?? '').trim();
  await expect(electrons).toContainText(seen);
  await picture(workspace, 'step');
  await workspace.keyboard.press('Escape');
  await expect(other).toHaveCount(0);
});

test('an address brings regions, what is compared and the telemetry’s time; a panel shows the regions', async ({
  newWorkspace: page,
  site,
}) => {
  const { shown, previous } = await openOneThatHasAPrevious(page);
  const search = `?exposure=${shown}&regions=c1200,2300,140*red*here;p700,900&compare=tile,prev,${previous},-bias&efd=1h`;
  await page.goto(site.url + search);
  await expect(page.getByTestId('compare-pane')).toHaveCount(3);
  for (const pane of await page.getByTestId('compare-pane').all()) {
    await expect(pane).toHaveAttribute('data-state', 'ready');
  }
  await expect(page.getByTestId('compare-pane').first()).toHaveAttribute('data-exposure', String(previous));
  await expect(page.getByTestId('regions').locator('[data-kind="circle"][data-colour="red"]')).toHaveCount(1);
  await expect(page.getByRole('button', { name: '1 h', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  // What is changed now is in the address at once.
  await page.getByRole('button', { name: 'night', exact: true }).click();
  await page.getByTestId('image-pane').locator('.image-canvas').focus();
  await page.keyboard.press('k');
  await expect
    .poll(() => Object.fromEntries(new URL(page.url()).searchParams))
    .toMatchObject({
      regions: 'c1200,2300,140*red*here;p700,900',
      compare: `blink,prev,${previous},-bias`,
      efd: 'night',
    });

  await page.goto(new URL('panel', site.url).href + search);
  await expect(page.getByTestId('regions').locator('[data-kind]')).toHaveCount(2);
});
