/** What goes wrong on a real night. Each time the app says what happened and to which exposure, keeps the last good image
 * and goes on by itself when the cause is gone. On a site of its own without a simulator: these tests are its camera, also
 * for the kinds of frames that a simulated night takes only later. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { expect, signIn, test } from './support/fixtures.ts';
import {
  expectPixels,
  expectSteps,
  nextLiveExposure,
  paintedLedger,
  PYTHON,
  python,
  rawFile,
  shownExposure,
  waitForExposure,
} from './support/pane.ts';
import { type RunningSite, type Site, startSite } from './support/site.ts';

test.describe.configure({ mode: 'serial' });

let running: RunningSite;
let page: Page;
let source: string;
let seqNum = 0;

const recordOf = (site: Site, name: string) => join(site.stateDir, 'run', `${name}.json`);

function processId(site: Site, name: string): number {
  return (JSON.parse(readFileSync(recordOf(site, name), 'utf8')) as { pid: number }).pid;
}

/** Lands a raw now; returns its exposure id. */
function land(...damage: string[]): number {
  seqNum += 1;
  const staging = join(running.site.stateDir, 'staging');
  const made = python(
    'raws.py',
    '--source',
    source,
    '--staging',
    staging,
    '--seq',
    String(seqNum),
    ...damage,
  ).trim();
  const dayObs = Number(/^AT_O_(\d{8})_/.exec(made)?.[1]);
  return dayObs * 100_000 + seqNum;
}

const pane = () => page.getByTestId('image-pane');

async function openBySeqNum(exposure: number): Promise<void> {
  await page.keyboard.type(String(exposure % 100_000));
  await page.keyboard.press('Enter');
}

test.beforeAll(async ({ browser, site, signedIn }) => {
  test.setTimeout(300_000);
  // A science frame of the shared site is the pattern; its number and time are rewritten for each landing.
  const context = await browser.newContext({ storageState: signedIn });
  const live = await context.newPage();
  await live.goto(site.url);
  const any = await shownExposure(live);
  source = join(resolve(site.stateDir, '..'), 'fault-source.fits.fz');
  cpSync(rawFile(site, any), source);
  await context.close();

  running = await startSite({ stateDir: '.local/e2e-faults', options: ['--fresh', '--no-simulator'] });
  page = await (await browser.newContext()).newPage();
  await page.goto(running.site.url);
  await signIn(page, running.site);
});

test.afterAll(async () => {
  await page?.context().close();
  await running?.stop();
});

test('an empty OODS says that it waits', async () => {
  await expect(page.getByText(/waiting for the first/i)).toBeVisible();
  const first = land();
  await waitForExposure(page, first);
});

test('a truncated raw is named, the last good image stays, the next good one takes over', async () => {
  const good = await shownExposure(page);
  const bad = land('--keep-fraction', '0.4');
  await expect(page.getByText(/truncated|ends before|incomplete/i).first()).toBeVisible({ timeout: 60_000 });
  await expect(pane()).toHaveAttribute('data-exposure', String(good));
  await expect(pane()).toHaveAttribute('data-state', /stale|failed/);
  await expect(
    pane()
      .getByText(new RegExp(`\\b${bad % 100_000}\\b`))
      .first(),
  ).toBeVisible();
  await waitForExposure(page, land());
});

test('a bad RICE tile is named with its HDU', async () => {
  const good = await shownExposure(page);
  land('--garble-hdu', '5');
  await expect(page.getByText(/Segment14|HDU 5/).first()).toBeVisible({ timeout: 60_000 });
  await expect(pane()).toHaveAttribute('data-exposure', String(good));
  await waitForExposure(page, land());
});

test('a file that is not FITS is named', async () => {
  const exposure = land();
  await waitForExposure(page, exposure);
  const other = land();
  await waitForExposure(page, other);
  // As when a disk fails after the ingest: the registered file's bytes are no longer an image.
  const path = rawFile(running.site, exposure);
  writeFileSync(`${path}.new`, 'this is not FITS\n'.repeat(1000));
  renameSync(`${path}.new`, path);
  await openBySeqNum(exposure);
  await expect(page.getByText(/not (a )?FITS/i).first()).toBeVisible({ timeout: 60_000 });
  await expect(pane()).toHaveAttribute('data-exposure', String(other));
  await page.keyboard.press('l');
  await waitForExposure(page, other);
});

/** Of a header's matrix whose rows are alike. */
const SINGULAR_MATRIX = ['CD1_1', 'CD1_2', 'CD2_1', 'CD2_2'].flatMap((name) => ['--card', `${name}=0.1`]);

test('a raw without images is named; one without a value in any pixel and without a WCS is shown, and says so', async () => {
  const good = await shownExposure(page);
  land('--without-images');
  await expect(pane().getByText(/no HDU is named Segment00 to Segment17/)).toBeVisible({ timeout: 60_000 });
  await expect(pane()).toHaveAttribute('data-exposure', String(good));
  // A dark has no pointing, either, that could stand in for its header's coordinates.
  const blank = land('--blank', '--image-type', 'DARK', ...SINGULAR_MATRIX);
  await waitForExposure(page, blank);
  const box = (await pane().locator('.image-canvas').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const readout = page.getByTestId('readout');
  await expect(readout.locator('[data-field="value"]')).toContainText('no value');
  await expect(readout.locator('[data-field="mask"]')).not.toHaveText('none');
  const why =
    /^no WCS: .*the matrix of pixels to degrees cannot be inverted.*; a DARK frame does not look at the sky/;
  await expect(page.locator('.image-readout-note')).toHaveText(why);
  for (const key of ['n', 'Shift+G']) {
    await page.keyboard.press('y');
    await expect(page.getByTestId('notice')).not.toHaveText(why);
    await page.keyboard.press(key);
    await expect(page.getByTestId('notice')).toHaveText(why);
  }
  await expect(page.getByText('No pixel of this image has a value')).toBeVisible();
  const saving = page.waitForEvent('download');
  await page.getByTestId('save-menu').getByRole('button', { name: 'PNG' }).click();
  expect((await saving).suggestedFilename()).toMatch(/\.png$/);
  // What measures the image has nothing to measure, and the keys go on working.
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.keyboard.press('e');
  await expect(page.getByText('the cutout has only 0 usable pixels')).toBeVisible();
  await page.keyboard.press('Shift+A');
  await expect(page.getByText('All amplifiers: no overscan to measure bias and noise by')).toBeVisible();
  await page.keyboard.press('m');
  await page.keyboard.press('z');
  await expect(pane()).toHaveAttribute('data-state', 'ready');
  await page.keyboard.press('r');
  await waitForExposure(page, land());
});

test('a row whose file is gone is called expired', async () => {
  const exposure = land();
  await waitForExposure(page, exposure);
  const newest = land();
  await waitForExposure(page, newest);
  rmSync(rawFile(running.site, exposure));
  await openBySeqNum(exposure);
  await expect(page.getByText(/has left OODS/i).first()).toBeVisible({ timeout: 60_000 });
  await expect(pane()).toHaveAttribute('data-exposure', String(newest));
  await page.keyboard.press('l');
});

test('a dark is reduced without dark and flat, a flat without flat, a frame of the sky with all', async () => {
  for (const [type, taken] of [
    ['DARK', ['bias']],
    ['FLAT', ['bias', 'dark']],
    ['OBJECT', ['bias', 'dark', 'flat']],
  ] as const) {
    const exposure = land('--image-type', type, '--physical-filter', 'empty~empty');
    await waitForExposure(page, exposure);
    await expectSteps(page, running.site, exposure, taken);
    await expectPixels(page, running.site, exposure);
  }
});

test('a calib that does not exist is skipped by name', async () => {
  const exposure = land('--physical-filter', 'SDSSr_65mm~blue300lpmm_qn1');
  await waitForExposure(page, exposure);
  await expectSteps(page, running.site, exposure, ['bias', 'dark']);
  await expect(page.getByTestId('isr-steps').locator('[data-step="flat"]')).toContainText(
    /no flat.*SDSSr_65mm~blue300lpmm_qn1/i,
  );
  await expectPixels(page, running.site, exposure);
});

/** "for 12 s" or "3 min 20 s old", in seconds. */
function ageIn(text: string | null): number {
  const [, minutes, seconds] = /(?:(\d+) min )?(\d+) s\b/.exec(text ?? '') ?? [];
  return Number(minutes ?? 0) * 60 + Number(seconds ?? NaN);
}

/** The app's REGISTRY_ALLOWANCE_MS, after which a silent registry is an alarm. */
const REGISTRY_ALLOWANCE_S = 10;

test('a registry under a long write raises an alarm with its age, and catches up', async () => {
  test.setTimeout(180_000);
  const good = await shownExposure(page);
  // Its pages go to the file before the commit, as those of every write that is larger than SQLite's cache.
  const lock = `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
db.execute("PRAGMA cache_size = 10")
db.execute("BEGIN EXCLUSIVE")
db.execute("CREATE TABLE bulk (bytes BLOB)")
db.executemany("INSERT INTO bulk VALUES (zeroblob(3000))", [()] * 500)
print("locked", flush=True)
sys.stdin.readline()
db.execute("DROP TABLE bulk")
db.execute("COMMIT")`;
  const writer = spawn(PYTHON, ['-c', lock, join(running.site.stateDir, 'oods/gen3.sqlite3')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => writer.once('exit', done));
  const badge = page.locator('[data-testid="source-badge"][data-source="OODS"]');
  const alarm = page.locator('[data-testid="alarm"][data-stage="registry"]');
  try {
    await new Promise((locked) => writer.stdout.once('data', locked));
    land();
    await expect(alarm).toBeVisible({ timeout: 60_000 });
    expect(ageIn(await alarm.textContent())).toBeGreaterThanOrEqual(REGISTRY_ALLOWANCE_S);
    await expect(alarm).toContainText(/OODS/);
    await expect(badge).toHaveAttribute('data-state', /warn|bad/);
    await expect(badge).toContainText(/registry busy/i);
    const first = ageIn(await badge.textContent());
    // It counts from the answer that told of the lock, the alarm from the same moment.
    expect(first).toBeGreaterThanOrEqual(REGISTRY_ALLOWANCE_S - 2);
    await expect.poll(async () => ageIn(await badge.textContent())).toBeGreaterThan(first);
    await expect(pane()).toHaveAttribute('data-exposure', String(good));
  } finally {
    writer.stdin.end('\n');
    await ended;
  }
  await waitForExposure(page, good + 1);
  await expect(alarm).toHaveCount(0);
  await expect(badge).toHaveAttribute('data-state', 'good');
});

test('influxd down: the strip keeps its data with their age and the reason, and recovers', async () => {
  test.setTimeout(240_000);
  const telemetry = page.getByTestId('telemetry-pane');
  await expect(telemetry).toHaveAttribute('data-state', 'ready', { timeout: 60_000 });
  const drawn = async () => (await telemetry.locator('path[data-series="azimuth"]').getAttribute('d')) ?? '';
  const why = telemetry.getByRole('paragraph').filter({ hasText: 'Stale:' });
  let kept = '';
  const influxd = processId(running.site, 'influxd');
  // Stopped, not killed: the launcher would bring a dead one back before anyone noticed.
  process.kill(influxd, 'SIGSTOP');
  try {
    await expect(telemetry).toHaveAttribute('data-state', 'stale', { timeout: 90_000 });
    await expect(why).toContainText(/row .* old.*(EFD|InfluxDB) does not answer/, { timeout: 60_000 });
    const age = ageIn(await why.textContent());
    kept = await drawn();
    expect(kept.match(/[ML]/g)?.length, 'points of the line').toBeGreaterThan(10);
    // Through some more questions without an answer.
    await expect
      .poll(async () => ageIn(await why.textContent()), { timeout: 60_000 })
      .toBeGreaterThan(age + 5);
    expect(await drawn()).toBe(kept);
  } finally {
    process.kill(influxd, 'SIGCONT');
  }
  await expect(telemetry).toHaveAttribute('data-state', 'ready', { timeout: 90_000 });
  await expect(why).toHaveCount(0);
  await expect.poll(drawn).not.toBe(kept);
});

/** Page and workers of the context live this far from the machine's time. */
async function shiftClock(context: BrowserContext, byMs: number): Promise<void> {
  const shift = `{ const now = Date.now.bind(Date); Date.now = () => now() + ${byMs};
    Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + ${byMs} }); }\n`;
  await context.addInitScript(shift);
  // Workers take no init script: theirs is put before their own code.
  await context.route(/assets\/worker-.*\.js$/, async (route) => {
    try {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: shift + (await answer.text()) });
    } catch {
      // The Hub or the page went away meanwhile: the page asks again, as it would without this route.
      await route.abort().catch(() => undefined);
    }
  });
}

/** A screen that was made 60 days ago, as the service's store and the browser's clock have it. */
async function kioskOfSixtyDays(browser: Browser): Promise<Page> {
  const sixtyDays = 60 * 86_400;
  const operator = page.context();
  const xsrf = (await operator.cookies()).find(({ name }) => name === 'summit-xsrf')?.value ?? '';
  const made = await operator.request.post(new URL('api/devices', running.site.url).href, {
    headers: { 'X-XSRFToken': xsrf },
    data: { label: 'Control room, east wall' },
  });
  expect(made.ok()).toBe(true);
  const device = (await operator.cookies()).filter(({ name }) => name === 'summit-device');
  await operator.clearCookies({ name: 'summit-device' });
  const age = `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
changed = db.execute("UPDATE device SET created_s = created_s - ?", (float(sys.argv[2]),)).rowcount
assert changed == 1, changed`;
  const store = join(running.site.stateDir, 'service/sessions.sqlite');
  execFileSync(PYTHON, ['-c', age, store, String(sixtyDays)]);
  const screen = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  await screen.addCookies(device);
  await shiftClock(screen, sixtyDays * 1000);
  const kiosk = await screen.newPage();
  await kiosk.goto(new URL('kiosk', running.site.url).href);
  return kiosk;
}

test('the Hub is killed and comes back: images go on here and on a screen sixty days old, nobody signs in again', async ({
  browser,
}) => {
  test.setTimeout(300_000);
  await shownExposure(page);
  const kiosk = await kioskOfSixtyDays(browser);
  await shownExposure(kiosk);
  const killed = processId(running.site, 'hub');
  process.kill(killed, 'SIGKILL');
  // Until the next Hub has taken over the proxy: it answers for itself.
  await expect
    .poll(() => existsSync(recordOf(running.site, 'hub')) && processId(running.site, 'hub'), {
      timeout: 60_000,
    })
    .not.toBe(killed);
  await expect
    .poll(
      () =>
        page.request.get(new URL('/nb/hub/api/', running.site.url).href).then(
          (answer) => answer.ok(),
          () => false,
        ),
      { timeout: 90_000, intervals: [1000] },
    )
    .toBe(true);
  const exposure = land();
  await waitForExposure(page, exposure);
  expect(new URL(page.url()).pathname).toContain('/services/summit/');
  await waitForExposure(kiosk, exposure);
  expect(new URL(kiosk.url()).pathname).toContain('/kiosk');
  await expect(kiosk.getByRole('alert')).toHaveCount(0);
  // Counted from the service's clock, not from the screen's.
  await expect(kiosk.locator('.kiosk-age')).toHaveText(/^\d+ s$/);
  await kiosk.reload();
  await waitForExposure(kiosk, exposure);
  await kiosk.context().close();
  await page.reload();
  await waitForExposure(page, exposure);
});

const ledgerOf = (of: Page) => of.getByTestId('latency-ledger');

test('a browser clock that is 40 s off is measured, shown and taken out of the ledger', async ({
  browser,
}) => {
  test.setTimeout(180_000);
  const context = await browser.newContext({ storageState: await page.context().storageState() });
  await shiftClock(context, -40_000);
  const shifted = await context.newPage();
  await shifted.goto(running.site.url);
  await shownExposure(shifted);
  const exposure = land();
  await waitForExposure(shifted, exposure);
  const ledger = await paintedLedger(shifted);
  expect(Math.abs((ledger.offset?.offsetMs ?? 0) - 40_000)).toBeLessThan(1000);
  expect(ledger.entries.some((entry) => entry.clockFault)).toBe(false);
  expect(ledger.landedToPaintedMs).toBeLessThan(30_000);

  await shifted.keyboard.press('d');
  await expect(ledgerOf(shifted)).toHaveAttribute('data-clock-fault', 'false');
  const told = (await shifted.getByTestId('clock-offset').textContent()) ?? '';
  const [, offset, error] = /clock: ([\d.]+) ± ([\d.]+) ms/.exec(told) ?? [];
  expect(Number(error), told).toBeGreaterThan(0);
  expect(Number(error), told).toBeLessThan(1000);
  // Both clocks are this machine's, so the shift is the truth; some ms for what the page's own clock has drifted.
  expect(Math.abs(Number(offset) - 40_000), told).toBeLessThan(Number(error) + 20);
  await context.close();
});

test('a camera whose clock is ahead is shown as a clock fault with its size, never hidden', async () => {
  await page.keyboard.press('d');
  const wrong = land('--ended-ago', '-20');
  await waitForExposure(page, wrong);
  await expect(ledgerOf(page)).toHaveAttribute('data-clock-fault', 'true');
  const fault = ledgerOf(page).getByRole('alert');
  await expect(fault).toContainText(/Clock fault: .*camera.* and the server.* clock disagree/);
  const [, ms] = /lies (\d+) ms before/.exec((await fault.textContent()) ?? '') ?? [];
  // Landed right after the raw was made, with an end 20 s later than that.
  expect(Number(ms)).toBeGreaterThan(10_000);
  expect(Number(ms)).toBeLessThan(20_000);
  await expect(ledgerOf(page).locator('tr[data-fault]')).toHaveAttribute('data-stage', 'landed');
  await waitForExposure(page, land());
  await expect(ledgerOf(page)).toHaveAttribute('data-clock-fault', 'false');
  await expect(fault).toHaveCount(0);
  await page.keyboard.press('r');
});

test('files that are no raws are set aside, and the page names them with the reason', async () => {
  const alarm = page.locator('[data-testid="alarm"][data-stage="ingest"]');
  const setAside = (obsId: string) =>
    expect
      .poll(() => readdirSync(join(running.site.stateDir, 'bad')).filter((name) => name.includes(obsId)))
      .not.toHaveLength(0);
  const good = await shownExposure(page);

  const staging = join(running.site.stateDir, 'staging');
  writeFileSync(join(staging, '.junk.part'), 'not a raw');
  renameSync(join(staging, '.junk.part'), join(staging, 'AT_O_20260101_000001_R00_S00.fits'));
  await setAside('AT_O_20260101_000001');
  await expect(alarm).toContainText('AT_O_20260101_000001');
  await expect(alarm).toContainText(/not a FITS file/i);
  await expect(pane()).toHaveAttribute('data-exposure', String(good));

  // A FITS file whose header makes no exposure.
  const wrongCard = land('--card', 'DATE-END=yesterday');
  const obsId = `AT_O_${Math.floor(wrongCard / 100_000)}_${String(wrongCard % 100_000).padStart(6, '0')}`;
  await setAside(obsId);
  await expect(alarm).toContainText(obsId);
  await expect(alarm).toContainText(/DATE-END.*yesterday/);

  // The queue goes on behind them.
  await waitForExposure(page, land());
  await expect(alarm).toHaveCount(0);
});

test('the live site was not disturbed', async ({ workspace }) => {
  await nextLiveExposure(workspace);
});
