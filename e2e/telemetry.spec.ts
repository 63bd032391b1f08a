/** Telemetry under the image: what the mount did while the shutter was open, on the right clock. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { shownExposure } from './support/pane.ts';
import type { Site } from './support/site.ts';

interface Interval {
  readonly exposure: number;
  readonly beginUnixMs: number;
  readonly endUnixMs: number;
}

interface Truth {
  readonly exposure: number;
  readonly mount_step: { readonly tai_ns: number } | null;
}

/** TAI - UTC since 2017; written out here, so that a wrong table in the app cannot hide. */
const TAI_MINUS_UTC_MS = 37_000;

/** Exposures of the simulated night in whose middle the mount was bumped, with the UTC of the bump. */
function bumps(site: Site): Map<number, number> {
  const folder = join(site.stateDir, 'truth');
  const truths = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Truth,
  );
  return new Map(
    truths.flatMap(({ exposure, mount_step }) =>
      mount_step ? [[exposure, mount_step.tai_ns / 1e6 - TAI_MINUS_UTC_MS]] : [],
    ),
  );
}

async function attribute<T>(pane: Locator, name: string): Promise<T> {
  return JSON.parse((await pane.getAttribute(name)) ?? 'null') as T;
}

test('a bump of the mount lies inside the shutter interval of its exposure', async ({ workspace, site }) => {
  test.setTimeout(240_000);
  await shownExposure(workspace);
  const pane = workspace.getByTestId('telemetry-pane');
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
  const inside = (at: number, { beginUnixMs, endUnixMs }: Interval) => at > beginUnixMs && at < endUnixMs;
  await expect
    .poll(
      async () => {
        const known = bumps(site);
        const shaded = await attribute<Interval[]>(pane, 'data-shaded');
        return shaded.some(({ exposure }) => known.has(exposure));
      },
      { timeout: 180_000 },
    )
    .toBe(true);
  const known = bumps(site);
  const shaded = (await attribute<Interval[]>(pane, 'data-shaded')).filter(({ exposure }) =>
    known.has(exposure),
  );
  for (const interval of shaded) {
    const at = known.get(interval.exposure) ?? NaN;
    expect(inside(at, interval), `truth in ${interval.exposure}`).toBe(true);
    // The exposure and its bump are within a few seconds of its middle: a slip of the leap seconds would show.
    expect(inside(at + TAI_MINUS_UTC_MS, interval)).toBe(false);
    expect(inside(at - TAI_MINUS_UTC_MS, interval)).toBe(false);
  }
  // What the strip drew, through InfluxDB, the service and the worker, peaks at one of the bumps, to the second.
  await expect(async () => {
    const peak = await attribute<{ atUnixMs: number; arcsec: number }>(pane, 'data-largest-error');
    expect(peak.arcsec).toBeGreaterThan(1.5);
    const distances = [...bumps(site).values()].map((at) => Math.abs(at - peak.atUnixMs));
    expect(Math.min(...distances)).toBeLessThan(2500);
  }).toPass({ timeout: 60_000 });
});

test('a click on a shutter interval opens its exposure', async ({ workspace }) => {
  await shownExposure(workspace);
  const pane = workspace.getByTestId('telemetry-pane');
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
  // The leftmost may leave the strip before it is clicked.
  const exposure = await pane.locator('[data-exposure]').nth(1).getAttribute('data-exposure');
  await pane.locator(`[data-exposure="${exposure}"]`).click();
  await expect(workspace.getByTestId('image-pane')).toHaveAttribute('data-exposure', exposure ?? '', {
    timeout: 60_000,
  });
});

test('the status line tells what the camera does', async ({ workspace }) => {
  await shownExposure(workspace);
  await expect(workspace.getByText(/exposing [\d.]+\s*s left/)).toBeVisible({ timeout: 60_000 });
  await expect(workspace.getByText(/reading out [\d.]+\s*s left/)).toBeVisible({ timeout: 60_000 });
});
