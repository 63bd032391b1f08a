/** What the specs ask of an image pane on any surface. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, type Page } from '@playwright/test';
import type {} from '../../src/surfaces/publicApi.ts';
import type { Site } from './site.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const PYTHON = join(ROOT, '.local/python/bin/python');

/** The exposure that is painted now. */
export async function shownExposure(page: Page): Promise<number> {
  const pane = page.getByTestId('image-pane');
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
  return Number(await pane.getAttribute('data-exposure'));
}

export async function waitForExposure(page: Page, exposure: number): Promise<void> {
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
  return execFileSync(PYTHON, [join(import.meta.dirname, script), ...args], { encoding: 'utf8', cwd: ROOT });
}
