/** Figures that need a browser: real Chromium, a signed-in user, the site that bench/site.mjs started. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { CHROMIUM_ARGUMENTS } from './chromiumArguments.mjs';

export const VIEWPORT = { width: 1600, height: 1000 };
export const READY = '[data-testid="image-pane"][data-state="ready"]';
const LIVE_EXPOSURES = 20;
const CONFIRMED_BY_SCREENSHOT = 3;
const PAINTED_MARK = 'summit-bench-painted';

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** With the form, as a person does; ends when an image is painted. */
export async function signIn(page, site) {
  await page.goto(site.url);
  await page.fill('input[name="username"]', site.user);
  await page.fill('input[name="password"]', site.password);
  await page.click('#login_submit');
  // A new site makes its master calibs before it takes the first image.
  await page.waitForSelector(READY, { timeout: 180_000 });
}

/** Signs in once and gives the cookies to the measurements. */
export async function signedInState(site, browser) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await signIn(page, site);
  const state = await context.storageState();
  await context.close();
  return state;
}

/** One sign-in for all visits: each would leave the machine busy with a notebook server's start. */
export async function signedInCookies(site, executablePath) {
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
  const { cookies } = await signedInState(site, browser);
  await browser.close();
  await settle();
  return cookies;
}

/** A browser that was just started, or a server, is still busy with itself. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 5000));

/** The night has so many exposures. */
export const untilTaken = (page, least) =>
  page.waitForFunction((count) => globalThis.summitNotebook.getState().exposureCount >= count, least, {
    timeout: 300_000,
  });

/** A page of a signed-in user, in a browser that ends with `act`. */
export async function withSignedInPage(site, { chromium: executablePath }, act) {
  const cookies = await signedInCookies(site, executablePath);
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
  try {
    const context = await browser.newContext({ viewport: VIEWPORT });
    await context.addCookies(cookies);
    return await act(await context.newPage(), browser);
  } finally {
    await browser.close();
  }
}

/** A fresh profile on disk per visit, so that no cache, memory or disk, is warm. */
export async function withFreshProfile(cookies, executablePath, act) {
  const folder = await mkdtemp(join(tmpdir(), 'summit-bench-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    args: CHROMIUM_ARGUMENTS,
    viewport: VIEWPORT,
  });
  try {
    await context.addCookies(cookies);
    await settle();
    return await act(context, context.pages()[0]);
  } finally {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs in the page before the app: keeps the moment of the first painted image. */
function keepFirstPaint() {
  let api;
  Object.defineProperty(globalThis, 'summitNotebook', {
    get: () => api,
    set(given) {
      api = given;
      api.on('painted', () => (globalThis.firstPaintUnixMs ??= Date.now()));
    },
  });
}

/**
 * gzip bytes of every script and worker that a surface asks for until its first image is painted. By the page's own
 * clock: the rest of the workspace is loaded right after it, before anybody outside can look.
 */
async function scriptsBeforeFirstImage(context, page, url) {
  const scripts = [];
  const collect = async (response) => {
    if (!/\.m?js(\?|$)/.test(new URL(response.url()).pathname)) return;
    const bytes = gzipSync(await response.body(), { level: 9 }).length;
    scripts.push({ bytes, startUnixMs: response.request().timing().startTime });
  };
  const pending = [];
  const onResponse = (response) => {
    const reading = collect(response);
    reading.catch(() => {}); // told below, by Promise.all
    pending.push(reading);
  };
  // What the surface before still loads is none of this one's.
  await page.goto('about:blank');
  context.on('response', onResponse);
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForSelector(READY, { timeout: 60_000 });
  const painted = await page.waitForFunction(() => globalThis.firstPaintUnixMs, null, { timeout: 60_000 });
  const paintedUnixMs = await painted.jsonValue();
  context.off('response', onResponse);
  // A script whose body cannot be read would be missing in the sum: no figure then.
  await Promise.all(pending);
  const before = scripts.filter(({ startUnixMs }) => startUnixMs <= paintedUnixMs);
  if (before.length === 0) throw new Error(`No script was seen at ${url}.`);
  return before.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
}

export async function measureInitialScripts(site, tools) {
  const cookies = await signedInCookies(site, tools.chromium);
  return withFreshProfile(cookies, tools.chromium, async (context, page) => {
    await context.addInitScript(keepFirstPaint);
    const workspace = await scriptsBeforeFirstImage(context, page, site.url);
    for (const surface of ['kiosk', 'panel']) {
      const kB = await scriptsBeforeFirstImage(context, page, new URL(surface, site.url).href);
      console.log(`  initial-js-gzip in ${surface}: ${kB.toFixed(1)} kB`);
    }
    return [
      {
        name: 'initial-js-gzip',
        unit: 'kB',
        better: 'lower',
        ours: workspace,
        samples: [workspace],
      },
    ];
  });
}

export async function measureFirstVisit(site, tools) {
  const samples = [];
  const cookies = await signedInCookies(site, tools.chromium);
  for (let visit = 0; visit < 5; visit++) {
    const seconds = await withFreshProfile(cookies, tools.chromium, async (_context, page) => {
      const start = performance.now();
      await page.goto(site.url, { waitUntil: 'commit' });
      await page.waitForSelector(READY, { timeout: 60_000 });
      return (performance.now() - start) / 1000;
    });
    samples.push(seconds);
    console.log(`  visit ${visit + 1}: ${seconds.toFixed(2)} s`);
  }
  const ours = median(samples);
  return [{ name: 'first-visit-to-painted', unit: 's', better: 'lower', ours, samples }];
}

/**
 * The longest task of the page's main thread in a trace, in ms, for each image: from the mark of the one before to its
 * own. The marks also tell which of the browser's many main threads is the page's.
 */
function longestTasks(events, images) {
  const inOrder = events.filter((e) => e.name === PAINTED_MARK).toSorted((a, b) => a.ts - b.ts);
  const marks = inOrder.slice(0, images);
  if (marks.length < images)
    throw new Error(`The trace holds ${marks.length} of ${images} images: it is not whole.`);
  const { pid, tid } = marks[0];
  const longest = new Array(images).fill(0);
  let longestCpu = 0;
  for (const task of events) {
    if (task.ph !== 'X' || !task.name.endsWith('RunTask') || task.pid !== pid || task.tid !== tid) continue;
    const image = marks.findIndex((mark) => task.ts <= mark.ts);
    // What follows the last image is the end of the measurement itself.
    if (image < 0) continue;
    longest[image] = Math.max(longest[image], (task.dur ?? 0) / 1000);
    longestCpu = Math.max(longestCpu, (task.tdur ?? 0) / 1000);
  }
  if (longest.includes(0)) throw new Error(`The trace holds no task of the page's main thread.`);
  // A task also lasts while other programs have the processor: the difference tells how busy the machine was.
  console.log(
    `  longest main-thread task: ${Math.max(...longest).toFixed(1)} ms; the most processor time of one: ${longestCpu.toFixed(1)} ms`,
  );
  return longest;
}

/** The trace of what `act` does. */
export async function withTrace(context, page, act, moreCategories = []) {
  const cdp = await context.newCDPSession(page);
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await cdp.send('Tracing.start', {
    traceConfig: { includedCategories: ['toplevel', 'blink.user_timing', ...moreCategories] },
    transferMode: 'ReportEvents',
  });
  await act();
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
  await cdp.send('Tracing.end');
  const { dataLossOccurred } = await complete;
  return { events, dataLossOccurred };
}

/** The longest task is a figure of its own: when the trace has a fault, the latencies still hold. */
function mainThreadFigure({ events, dataLossOccurred }, images) {
  const name = 'main-thread-longest-task';
  try {
    if (dataLossOccurred) throw new Error('The browser lost a part of the trace.');
    const samples = longestTasks(events, images);
    const ours = Math.max(...samples);
    return { name, unit: 'ms', better: 'lower', ours, samples };
  } catch (error) {
    return { name, error };
  }
}

export async function measureLiveLatency(site, tools, exposures = LIVE_EXPOSURES) {
  const browser = await chromium.launch({ executablePath: tools.chromium, args: CHROMIUM_ARGUMENTS });
  try {
    const context = await browser.newContext({
      viewport: VIEWPORT,
      storageState: await signedInState(site, browser),
    });
    const page = await context.newPage();
    await page.goto(site.url);
    await page.waitForSelector(READY, { timeout: 60_000 });
    // All panes are there and at rest: what follows is a night's steady state.
    await page.waitForSelector('[data-testid="notebook-pane"][data-state="ready"]', { timeout: 120_000 });
    await settle();
    const pane = page.getByTestId('image-pane');
    const samples = [];
    let compared = 0;
    let changed = 0;
    let previous = null;
    const trace = await withTrace(context, page, async () => {
      // Not earlier: an image that is painted before the trace begins has no mark in it.
      await page.evaluate((mark) => {
        globalThis.paintedExposures = [];
        globalThis.summitNotebook.on('painted', (painted) => {
          performance.mark(mark);
          globalThis.paintedExposures.push(painted);
        });
      }, PAINTED_MARK);
      while (samples.length < exposures) {
        const before = compared < CONFIRMED_BY_SCREENSHOT ? await pane.screenshot() : null;
        // On a busy machine the next image may be there before the picture is taken; the one after it is then compared.
        const inTime =
          before && (await page.evaluate(() => globalThis.paintedExposures.length)) === samples.length;
        await page.waitForFunction((n) => globalThis.paintedExposures.length > n, samples.length, {
          timeout: 120_000,
        });
        const { exposure, ledger } = await page.evaluate(
          (n) => globalThis.paintedExposures[n],
          samples.length,
        );
        if (inTime) {
          compared++;
          if (!before.equals(await pane.screenshot())) changed++;
        }
        const painted = ledger.entries.find((entry) => entry.stage === 'painted').atUnixMs;
        // The page and this process share one machine clock, so the file's own mtime is an independent start.
        const landed = (await stat(await rawOf(site, exposure))).mtimeMs;
        samples.push((painted - landed) / 1000);
        console.log(`  ${exposure}: ${samples.at(-1).toFixed(2)} s`);
        if (previous !== null && exposure !== previous + 1) {
          throw new Error(`Exposures between ${previous} and ${exposure} were not painted.`);
        }
        previous = exposure;
      }
    });
    console.log(
      `  confirmed by a changed screenshot: ${changed} of ${compared} images, ${CONFIRMED_BY_SCREENSHOT} wanted`,
    );
    if (changed < CONFIRMED_BY_SCREENSHOT)
      throw new Error(
        compared < CONFIRMED_BY_SCREENSHOT
          ? `Only ${compared} screenshots were in time: the machine is too busy to measure.`
          : 'A screenshot did not change when an image was reported painted.',
      );
    const figure = (name, ours) => ({
      name,
      unit: 's',
      better: 'lower',
      ours,
      samples,
    });
    return [
      figure('landed-to-painted-median', median(samples)),
      figure('landed-to-painted-worst', Math.max(...samples)),
      mainThreadFigure(trace, samples.length),
    ];
  } finally {
    await browser.close();
  }
}

/** The raw's own file in the repository of the simulated site, whose exposure ids are day_obs * 100000 + seq_num. */
async function rawOf(site, exposure) {
  const obsId = `AT_O_${Math.floor(exposure / 100_000)}_${String(exposure % 100_000).padStart(6, '0')}`;
  const folder = join(site.stateDir, 'oods');
  const name = (await readdir(folder, { recursive: true })).find((path) => path.includes(`${obsId}_R00_S00`));
  if (!name) throw new Error(`The raw of ${obsId} is not in ${folder}.`);
  return join(folder, name);
}
