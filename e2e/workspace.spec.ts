/** An observer's first minutes: exposures arrive, reduced, and answer to a few keys. */
import { expect, test } from './support/fixtures.ts';
import { nextLiveExposure, python, rawFile, shownExposure, waitForExposure } from './support/pane.ts';

interface ExpectedPixel {
  readonly x: number;
  readonly y: number;
  readonly raw_adu: number;
  readonly value_adu: number;
}

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
  const exposure = await shownExposure(workspace);
  await workspace.keyboard.press('p');
  const points = [
    '100,3900',
    '1500,2500',
    '2036,1999',
    '2036,2000',
    '4000,10',
    '700,120',
    '0,0',
    '4071,3999',
  ];
  const expected = JSON.parse(
    python(
      'expected_pixels.py',
      ...[
        '--raw',
        rawFile(site, exposure),
        '--masters',
        `${site.stateDir}/masters`,
        '--points',
        points.join(';'),
      ],
    ),
  ) as ExpectedPixel[];
  for (const pixel of expected) {
    const shown = await workspace.evaluate(({ x, y }) => window.summitNotebook?.valueAt(x, y), pixel);
    expect(shown?.rawAdu, `raw at ${pixel.x},${pixel.y}`).toBe(pixel.raw_adu);
    // Half an adu of leeway for the overscan's median, then float32.
    expect(
      Math.abs((shown?.valueAdu ?? NaN) - pixel.value_adu),
      `value at ${pixel.x},${pixel.y}`,
    ).toBeLessThan(0.7);
  }
});

test('the ISR steps and their calibs are on the screen', async ({ workspace }) => {
  await shownExposure(workspace);
  const steps = workspace.getByTestId('isr-steps');
  for (const step of ['overscan', 'assembly', 'bias', 'dark', 'flat'])
    await expect(steps).toContainText(new RegExp(step, 'i'));
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
  const exposure = await shownExposure(workspace);
  await workspace.keyboard.press('y');
  const copied = await workspace.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('"instrument": "LATISS"');
  expect(copied).toContain(`"exposure": ${exposure}`);
  expect(copied).toContain('butler.get("raw"');
});

test('the readout follows the cursor', async ({ workspace }) => {
  await shownExposure(workspace);
  const box = await workspace.getByTestId('image-pane').boundingBox();
  if (!box) throw new Error('the image pane has no box');
  await workspace.mouse.move(box.x + box.width / 2 + 20, box.y + box.height / 2 - 20);
  const readout = workspace.getByTestId('readout');
  await expect(readout).toContainText(/C1[34]/);
  await expect(readout).toContainText(/adu/i);
});

test('the latency ledger tells every stage', async ({ workspace }) => {
  await nextLiveExposure(workspace);
  const ledger = await workspace.evaluate(() => window.summitNotebook?.ledger());
  expect(ledger?.entries.map((entry) => entry.stage)).toEqual([
    'shutterClosed',
    'landed',
    'registered',
    'seen',
    'fetched',
    'decoded',
    'reduced',
    'painted',
  ]);
  expect(ledger?.landedToPaintedMs).toBeGreaterThan(0);
  expect(ledger?.entries.some((entry) => entry.clockFault)).toBe(false);
});
