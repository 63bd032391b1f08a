/** An observer's first minutes: exposures arrive, reduced, and answer to a few keys. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import {
  expectPixels,
  expectSteps,
  nextLiveExposure,
  openOldestOf,
  paintedLedger,
  pause,
  picture,
  shownExposure,
  waitForExposure,
} from './support/pane.ts';

test('the newest exposure appears by itself and replaces the one before', async ({ workspace }) => {
  const first = await shownExposure(workspace);
  const pane = workspace.getByTestId('image-pane');
  const before = await pane.screenshot();
  const second = await nextLiveExposure(workspace);
  expect(second).toBeGreaterThan(first);
  expect(before.equals(await pane.screenshot())).toBe(false);
  const newestRow = workspace.getByTestId('exposure-row').first();
  await expect(newestRow).toHaveAttribute('data-exposure', String(second));
});

test('pixels are the reduced ones, checked against astropy and numpy', async ({ workspace, site }) => {
  await expectPixels(workspace, site, await pause(workspace));
});

test('the steps and calibs of a bias and of a frame of the sky are on the screen, and in its pixels', async ({
  workspace,
  site,
}) => {
  await shownExposure(workspace);
  const recipes = [
    [['bias'], []],
    // The night begins in white light, for which there is a flat.
    [
      ['acq', 'science'],
      ['bias', 'dark', 'flat'],
    ],
  ] as const;
  for (const [types, taken] of recipes) {
    const exposure = await openOldestOf(workspace, site, types);
    await expectSteps(workspace, site, exposure, taken);
    await expectPixels(workspace, site, exposure);
  }
});

test('arrow keys step through the night, a badge counts newer ones, one key returns to live', async ({
  workspace,
}) => {
  await nextLiveExposure(workspace);
  const newest = await nextLiveExposure(workspace);
  await workspace.keyboard.press('ArrowDown');
  await waitForExposure(workspace, newest - 1);
  expect(await workspace.evaluate(() => window.summitNotebook?.getState().following)).toBe(false);
  await expect(workspace.getByText(/[1-9]\d* newer/)).toBeVisible();
  await workspace.keyboard.press('l');
  expect(await workspace.evaluate(() => window.summitNotebook?.getState().following)).toBe(true);
  expect(await shownExposure(workspace)).toBeGreaterThanOrEqual(newest);
});

test('a typed number opens that exposure; an unknown one gets a sentence', async ({ workspace }) => {
  const newest = await nextLiveExposure(workspace);
  const [dayObs, seqNum] = [Math.floor(newest / 100_000), newest % 100_000];
  await workspace.keyboard.type(String(seqNum - 1));
  await workspace.keyboard.press('Enter');
  await waitForExposure(workspace, newest - 1);
  await workspace.keyboard.type(`${dayObs} ${seqNum}`);
  await workspace.keyboard.press('Enter');
  await waitForExposure(workspace, newest);
  await workspace.keyboard.type('99999');
  await workspace.keyboard.press('Enter');
  await expect(workspace.getByText(/no .*99999|99999 .*(not|no)/i)).toBeVisible();
});

test('an address opens its exposure; one that there is not is named, with a way back', async ({
  workspace,
  site,
}) => {
  const exposure = await shownExposure(workspace);
  await workspace.goto(`${site.url}?exposure=${exposure}`);
  await waitForExposure(workspace, exposure);
  await workspace.goto(`${site.url}?exposure=2019010100001`);
  const missing = workspace.getByTestId('missing-exposure');
  await expect(missing).toContainText('OODS has no exposure 2019010100001');
  await missing.getByRole('button', { name: /newest/i }).click();
  await shownExposure(workspace);
  await expect(missing).toHaveCount(0);
  expect(new URL(workspace.url()).search).toBe('');
});

test('one key copies the data id and a butler line', async ({ workspace, site }) => {
  await workspace
    .context()
    .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site.url).origin });
  const exposure = await pause(workspace);
  await workspace.keyboard.press('y');
  const copied = await workspace.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('"instrument": "LATISS"');
  expect(copied).toContain(`"exposure": ${exposure}`);
  expect(copied).toContain('butler.get("raw"');
});

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Of LATISS, written out here, so that a wrong table in the app cannot hide. */
const DETECTOR = { width: 4072, height: 4000, amplifierWidth: 509, amplifierHeight: 2000 };

function amplifierOf({ x, y }: Place): string {
  return `C${y < DETECTOR.amplifierHeight ? 0 : 1}${Math.floor(x / DETECTOR.amplifierWidth)}`;
}

/** The fitted image fills the canvas in one direction and is in its middle; pixel centres are whole numbers. */
function fitted(box: { x: number; y: number; width: number; height: number }) {
  const scale = Math.min(box.width / DETECTOR.width, box.height / DETECTOR.height);
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const centre = { x: (DETECTOR.width - 1) / 2, y: (DETECTOR.height - 1) / 2 };
  return {
    scale,
    /** The mouse goes to whole pixels of the screen. */
    place: (at: Place): Place => ({
      x: Math.round(middle.x + (at.x - centre.x) * scale),
      y: Math.round(middle.y - (at.y - centre.y) * scale),
    }),
    pixel: (at: Place): Place => ({
      x: centre.x + (at.x - middle.x) / scale,
      y: centre.y - (at.y - middle.y) / scale,
    }),
  };
}

/** What the readout says of a place of the screen, once it stands still. */
async function readingAt(workspace: Page, place: Place) {
  await workspace.mouse.move(place.x + 2, place.y + 2);
  await workspace.mouse.move(place.x, place.y);
  const field = (name: string) =>
    workspace.getByTestId('readout').locator(`[data-field="${name}"]`).textContent();
  let before = '';
  await expect
    .poll(
      async () => {
        const now = (await workspace.getByTestId('readout').textContent()) ?? '';
        const settled = now === before && !now.includes('–');
        before = now;
        return settled;
      },
      { intervals: [200] },
    )
    .toBe(true);
  return {
    x: Number(await field('x')),
    y: Number(await field('y')),
    amplifier: await field('amplifier'),
    rawAdu: parseInt((await field('raw')) ?? '', 10),
  };
}

/** Within so many detector pixels in both directions. */
function expectNear(seen: Place, expected: Place, within: number): void {
  expect(Math.abs(seen.x - expected.x), `x ${seen.x}, expected ${expected.x}`).toBeLessThanOrEqual(within);
  expect(Math.abs(seen.y - expected.y), `y ${seen.y}, expected ${expected.y}`).toBeLessThanOrEqual(within);
}

test('the readout tells pixel, amplifier and value under the cursor; the wheel zooms about it, a drag pans', async ({
  workspace,
}) => {
  await pause(workspace);
  const canvas = workspace.getByTestId('image-pane').locator('.image-canvas');
  const box = await canvas.boundingBox();
  if (!box) throw new Error('the image pane has no canvas');
  const fit = fitted(box);
  // Half a pixel of the screen for the canvas's rounded size, one of the detector for the readout's.
  const within = 0.5 / fit.scale + 1;
  for (const target of [
    { x: 1300, y: 3100 },
    { x: 3300, y: 700 },
    { x: 250, y: 1000 },
  ]) {
    const place = fit.place(target);
    const seen = await readingAt(workspace, place);
    expectNear(seen, fit.pixel(place), within);
    expect(seen.amplifier).toBe(amplifierOf(target));
    const value = await workspace.evaluate(({ x, y }) => window.summitNotebook?.valueAt(x, y), seen);
    expect(seen.rawAdu).toBe(value?.rawAdu);
  }

  const held = fit.place({ x: 1300, y: 3100 });
  const beside = { x: held.x + 80, y: held.y + 60 };
  const before = await readingAt(workspace, held);
  await workspace.mouse.wheel(0, -500);
  let scale = fit.scale;
  await expect(async () => {
    const other = await readingAt(workspace, beside);
    const after = await readingAt(workspace, held);
    expectNear(after, before, within);
    const [scaleX, scaleY] = [80 / (other.x - after.x), 60 / (after.y - other.y)];
    expect(scaleX).toBeGreaterThan(1.5 * fit.scale);
    expect(Math.abs(scaleY / scaleX - 1)).toBeLessThan(0.05);
    scale = scaleX;
  }).toPass({ timeout: 20_000 });

  await workspace.mouse.down();
  await workspace.mouse.move(held.x + 50, held.y - 20, { steps: 4 });
  await workspace.mouse.up();
  const dropped = { x: held.x + 50, y: held.y - 20 };
  await expect(async () => {
    expectNear(await readingAt(workspace, dropped), before, within);
    // Where it was is now what lay that far from it.
    const left = { x: before.x - 50 / scale, y: before.y - 20 / scale };
    expectNear(await readingAt(workspace, held), left, within + 2);
  }).toPass({ timeout: 20_000 });

  await canvas.dblclick({ position: { x: held.x - box.x, y: held.y - box.y } });
  await expect(async () => {
    expectNear(await readingAt(workspace, beside), fit.pixel(beside), within);
  }).toPass({ timeout: 20_000 });
});

test('the latency ledger tells every stage', async ({ workspace }) => {
  await nextLiveExposure(workspace);
  const ledger = await paintedLedger(workspace);
  expect(ledger.entries.map((entry) => entry.stage)).toEqual([
    'shutterClosed',
    'landed',
    'registered',
    'seen',
    'fetched',
    'decoded',
    'reduced',
    'painted',
  ]);
  expect(ledger.landedToPaintedMs).toBeGreaterThan(0);
  expect(ledger.entries.some((entry) => entry.clockFault)).toBe(false);

  await workspace.keyboard.press('d');
  const night = workspace.getByTestId('night-latency');
  await expect(night.locator('[data-stage="landed to painted"]')).toContainText(/\d+/);
  const saving = workspace.waitForEvent('download');
  await night.getByRole('button', { name: 'CSV' }).first().click();
  const csv = readFileSync(await (await saving).path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(csv[0]).toMatch(/^exposure,day_obs,seq_num,shutterClosed_utc,landed_utc,/);
  expect(csv.length).toBeGreaterThan(1);

  const plot = night.getByRole('img', { name: /^Distribution:/ });
  await expect(plot.locator('svg .bars path').first()).toBeAttached();
  await expect(plot).toHaveAccessibleName('Distribution: landed to painted');
  await night.getByRole('button', { name: 'decoded' }).click();
  await expect(plot).toHaveAccessibleName('Distribution: decoded');
  await plot.scrollIntoViewIfNeeded();
  await picture(workspace, 'ledger');
  // A reload forgets none of them.
  await workspace.reload();
  await shownExposure(workspace);
  await workspace.keyboard.press('d');
  const counted = /^(\d+) live exposures? of night \d{8}/;
  const text = await night.getByText(counted).textContent();
  expect(Number(counted.exec(text ?? '')?.[1])).toBeGreaterThanOrEqual(csv.length - 1);
});
