/** No image where one was due: a visible alarm names the stage that stopped, and a key acknowledges it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './support/fixtures.ts';
import { nextLiveExposure, shownExposure } from './support/pane.ts';

test('a camera whose files no longer land raises an alarm that ends with the next image', async ({
  workspace,
  site,
}) => {
  test.setTimeout(240_000);
  await shownExposure(workspace);
  await expect(workspace.getByTestId('camera-state')).toHaveAttribute('data-phase', /exposing|reading|idle/, {
    timeout: 60_000,
  });
  const { pid } = JSON.parse(readFileSync(join(site.stateDir, 'run/simulator.json'), 'utf8')) as {
    pid: number;
  };
  // The shutter goes on, as its events in the EFD say; only the files stop.
  process.kill(pid, 'SIGSTOP');
  try {
    const alarm = workspace.getByTestId('alarm');
    await expect(alarm).toBeVisible({ timeout: 90_000 });
    await expect(alarm).toHaveAttribute('data-stage', 'landing');
    await workspace.keyboard.press('a');
    await expect(workspace.getByTestId('alarm-acknowledged')).toBeVisible();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await nextLiveExposure(workspace);
  await expect(workspace.getByTestId('alarm')).toHaveCount(0, { timeout: 60_000 });
});
