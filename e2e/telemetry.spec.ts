/** The EFD strip against a real InfluxDB: clocks, and a database that hangs for a while. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import type { Site } from './support/site.ts';

const TAI_MINUS_UTC_MS = 37_000;

interface Band {
  readonly exposure: number;
  readonly beginUnixMs: number;
  readonly endUnixMs: number;
}

interface Step {
  readonly exposure: number;
  readonly atUnixMs: number;
}

/** The bumps of the mount that the simulator planted, from its truth files. */
function plantedSteps(site: Site): Step[] {
  const directory = join(site.stateDir, 'truth');
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const truth = JSON.parse(readFileSync(join(directory, name), 'utf8')) as {
        exposure: number;
        mount_step: { tai_ns: number } | null;
      };
      if (truth.mount_step === null) return [];
      return [{ exposure: truth.exposure, atUnixMs: truth.mount_step.tai_ns / 1e6 - TAI_MINUS_UTC_MS }];
    });
}

async function shaded(page: Page): Promise<Band[]> {
  return JSON.parse((await page.getByTestId('telemetry-pane').getAttribute('data-shaded')) ?? '[]') as Band[];
}

async function largestError(page: Page): Promise<{ atUnixMs: number; arcsec: number } | null> {
  const text = await page.getByTestId('telemetry-pane').getAttribute('data-largest-error');
  return JSON.parse(text ?? 'null') as { atUnixMs: number; arcsec: number } | null;
}

function influxdPid(site: Site): number {
  const record = JSON.parse(readFileSync(join(site.stateDir, 'run', 'influxd.json'), 'utf8')) as {
    pid: number;
  };
  return record.pid;
}

test('a step of the mount in mid-exposure is drawn inside its own shutter interval', async ({
  workspace,
  site,
}) => {
  test.setTimeout(360_000);
  const pane = workspace.getByTestId('telemetry-pane');
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });

  // The first exposure with a planted step comes within the night's first minutes.
  await expect
    .poll(async () => (await largestError(workspace))?.arcsec ?? 0, { timeout: 300_000, intervals: [1_000] })
    .toBeGreaterThan(1.5);
  await expect
    .poll(
      async () => {
        const peak = await largestError(workspace);
        const step = plantedSteps(site).find(
          (s) => peak !== null && Math.abs(s.atUnixMs - peak.atUnixMs) < 3_000,
        );
        return step !== undefined && (await shaded(workspace)).some((b) => b.exposure === step.exposure);
      },
      { timeout: 60_000, intervals: [1_000] },
    )
    .toBe(true);

  const peak = await largestError(workspace);
  const at = peak?.atUnixMs ?? 0;
  const step = plantedSteps(site).find((s) => Math.abs(s.atUnixMs - at) < 3_000);
  const band = (await shaded(workspace)).find((b) => b.exposure === step?.exposure);
  if (!step || !band) throw new Error('the strip scrolled past the step');
  // The first sample of each second is drawn: at most a second after the step.
  expect(at - step.atUnixMs).toBeGreaterThanOrEqual(-20);
  expect(at - step.atUnixMs).toBeLessThan(1_100);
  expect(at).toBeGreaterThan(band.beginUnixMs);
  expect(at).toBeLessThan(band.endUnixMs);
  // A stamp whose TAI is taken for UTC would be outside.
  for (const slip of [-TAI_MINUS_UTC_MS, TAI_MINUS_UTC_MS]) {
    expect(at + slip > band.beginUnixMs && at + slip < band.endUnixMs).toBe(false);
  }
});

test('the selected exposure is the strongest band, and a click on a band opens its exposure', async ({
  workspace,
}) => {
  const pane = workspace.getByTestId('telemetry-pane');
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
  await expect.poll(async () => (await shaded(workspace)).length, { timeout: 60_000 }).toBeGreaterThan(1);
  const bands = await shaded(workspace);
  const oldest = bands.reduce((a, b) => (a.beginUnixMs < b.beginUnixMs ? a : b));
  const band = pane.locator(`rect[data-exposure="${oldest.exposure}"]`);
  const box = await band.boundingBox();
  if (!box) throw new Error('no band');
  await workspace.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await expect(workspace.getByTestId('image-pane')).toHaveAttribute('data-exposure', String(oldest.exposure));
  await expect(band).toHaveClass(/selected/);
});

test('an InfluxDB that hangs leaves the last lines with their age, and the strip recovers by itself', async ({
  workspace,
  site,
}) => {
  test.setTimeout(180_000);
  const pane = workspace.getByTestId('telemetry-pane');
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
  const pid = influxdPid(site);
  process.kill(pid, 'SIGSTOP');
  try {
    await expect(pane).toHaveAttribute('data-state', 'stale', { timeout: 60_000 });
    await expect(pane.getByRole('status')).toContainText(/newest row \d+ s old/);
    expect(await pane.locator('path[data-series="elevation"]').getAttribute('d')).toMatch(/^M.*L/);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect(pane).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
});

test('the status line counts down what the camera does', async ({ workspace }) => {
  await expect(workspace.locator('body')).toContainText(/exposing|reading out/i, { timeout: 60_000 });
});
