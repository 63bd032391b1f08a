/** What the specs ask of an image pane on any surface. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, type FrameLocator, type Page } from '@playwright/test';
import type { Ledger } from '../../src/core/ledger.ts';
import type {} from '../../src/surfaces/publicApi.ts';
import type { Site } from './site.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const PYTHON = join(ROOT, '.local/python/bin/python');

/** For the documentation, where that is asked for: `SUMMIT_NOTEBOOK_PICTURES` is the folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['SUMMIT_NOTEBOOK_PICTURES'];
  if (folder) await page.screenshot({ path: join(ROOT, folder, `${name}.jpg`), type: 'jpeg', quality: 72 });
}

/** The exposure that is painted now. */
export async function shownExposure(page: Page | FrameLocator): Promise<number> {
  const pane = page.getByTestId('image-pane');
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
  return Number(await pane.getAttribute('data-exposure'));
}

export async function waitForExposure(page: Page | FrameLocator, exposure: number): Promise<void> {
  const pane = page.getByTestId('image-pane');
  await expect(pane).toHaveAttribute('data-exposure', String(exposure), { timeout: 60_000 });
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
}

/** The first exposure that is painted after this moment. */
export async function nextLiveExposure(page: Page): Promise<number> {
  const before = await shownExposure(page);
  const pane = page.getByTestId('image-pane');
  await expect(pane).not.toHaveAttribute('data-exposure', String(before), { timeout: 60_000 });
  return shownExposure(page);
}

/** That can be shown, as the service lists them. */
export async function exposuresWithRaw(page: Page, site: Site): Promise<number[]> {
  const url = new URL('api/repositories/OODS/exposures', site.url).href;
  const { upserted } = (await (await page.request.get(url)).json()) as {
    upserted: { exposure: number; raws: unknown[] }[];
  };
  return upserted.filter(({ raws }) => raws.length > 0).map(({ exposure }) => exposure);
}

/** Opens the oldest exposure that is one of these types. */
export async function openOldestOf(page: Page, site: Site, types: readonly string[]): Promise<number> {
  const url = new URL('api/repositories/OODS/exposures', site.url).href;
  const oldest = async () => {
    const { upserted } = (await (await page.request.get(url)).json()) as {
      upserted: { exposure: number; observationType: string }[];
    };
    return Math.min(
      ...upserted
        .filter(({ observationType }) => types.includes(observationType))
        .map(({ exposure }) => exposure),
    );
  };
  await expect.poll(oldest, { timeout: 60_000 }).toBeLessThan(Infinity);
  const exposure = await oldest();
  // With its night: the newest may have begun a minute ago.
  await page.keyboard.type(`${Math.floor(exposure / 100_000)} ${exposure % 100_000}`);
  await page.keyboard.press('Enter');
  await waitForExposure(page, exposure);
  return exposure;
}

/** Stops following; returns the exposure that stays, once nothing else is on its way. */
export async function pause(page: Page): Promise<number> {
  await shownExposure(page);
  await page.keyboard.press('p');
  const state = () => page.evaluate(() => window.summitNotebook?.getState());
  await expect
    .poll(async () => {
      const now = await state();
      return now?.following === false && now.imageState === 'ready' && now.shown === now['selected'];
    })
    .toBe(true);
  return shownExposure(page);
}

/** The ledger of the exposure on the screen, once it is whole: two animation frames after the pixels are there. */
export async function paintedLedger(page: Page): Promise<Ledger> {
  const read = () => page.evaluate(() => window.summitNotebook?.ledger() ?? null);
  await expect.poll(async () => (await read())?.entries.at(-1)?.stage).toBe('painted');
  const ledger = await read();
  if (!ledger) throw new Error('There is no image, and so no ledger.');
  return ledger;
}

/** The raw of an exposure of the simulated site, whose ids are day_obs * 100000 + seq_num. */
export function rawFile(site: Site, exposure: number): string {
  const obsId = `AT_O_${Math.floor(exposure / 100_000)}_${String(exposure % 100_000).padStart(6, '0')}`;
  const folder = join(site.stateDir, 'oods');
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.includes(`${obsId}_R00_S00`),
  );
  if (name === undefined) throw new Error(`The raw of ${obsId} is not in ${folder}.`);
  return join(folder, name);
}

/** Runs one of the Python scripts beside this file and gives its standard output. */
export function python(script: string, ...args: string[]): string {
  return execFileSync(PYTHON, [join(import.meta.dirname, script), ...args], {
    encoding: 'utf8',
    cwd: ROOT,
    env: { ...process.env, PYTHONPATH: join(ROOT, 'python') },
  });
}

const CALIBS = ['bias', 'dark', 'flat'] as const;
const STEPS = ['saturation', 'serial-overscan', 'parallel-overscan', 'assemble', ...CALIBS] as const;
export type Calib = 'bias' | 'dark' | 'flat';

/** The list says which steps were done, and names the very calibs that are certified for the exposure. */
export async function expectSteps(
  page: Page,
  site: Site,
  exposure: number,
  taken: readonly Calib[],
): Promise<void> {
  const list = page.getByTestId('isr-steps');
  await expect(list).toHaveAttribute('data-exposure', String(exposure));
  const url = new URL(`api/repositories/OODS/calibs?exposure=${exposure}&detector=0`, site.url).href;
  const certified = (await (await page.request.get(url)).json()) as Record<
    Calib,
    { datasetId: string } | null
  >;
  // Of the engine's fifteen; what else there is no calib for, or is off unless it is asked for.
  await expect(list.locator('[data-done="true"]')).toHaveCount(STEPS.length - CALIBS.length + taken.length);
  for (const name of STEPS) {
    const step = list.locator(`[data-step="${name}"]`);
    const calib = CALIBS.find((each) => each === name);
    const done = !calib || taken.includes(calib);
    await expect(step, `${name} of ${exposure}`).toHaveAttribute('data-done', String(done));
    if (!calib) continue;
    // The dataset's id is in the tooltip.
    const told = await step.evaluate((element) => element.outerHTML);
    const id = certified[calib]?.datasetId;
    if (done) expect(told, `${name} of ${exposure}`).toContain(id ?? 'a certified calib');
    else if (id) expect(told, `${name} of ${exposure}`).not.toContain(id);
  }
}

interface ExpectedPixel {
  readonly x: number;
  readonly y: number;
  readonly raw_adu: number;
  readonly value_adu: number;
}

/** In both halves of the detector, at seams between amplifiers and at two corners. */
const POINTS = '100,3900;1500,2500;2036,1999;2036,2000;4000,10;700,120;0,0;4071,3999';

/** The pixels on the screen are those that numpy and astropy work out from the same raw and masters. */
export async function expectPixels(page: Page, site: Site, exposure: number): Promise<void> {
  const expected = JSON.parse(
    python(
      'expected_pixels.py',
      '--raw',
      rawFile(site, exposure),
      '--masters',
      join(site.stateDir, 'masters'),
      '--points',
      POINTS,
    ),
  ) as ExpectedPixel[];
  expect(await shownExposure(page)).toBe(exposure);
  for (const pixel of expected) {
    const at = `${pixel.x},${pixel.y} of ${exposure}`;
    const shown = await page.evaluate(({ x, y }) => window.summitNotebook?.valueAt(x, y), pixel);
    expect(shown?.rawAdu, `raw at ${at}`).toBe(pixel.raw_adu);
    // Half an adu of leeway for the overscan's median, then float32.
    expect(Math.abs((shown?.valueAdu ?? NaN) - pixel.value_adu), `value at ${at}`).toBeLessThan(0.7);
  }
}
