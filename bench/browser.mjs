/** Figures that need a browser: real Chromium, a signed-in user, the site that bench/site.mjs started. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';

const ARGUMENTS = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const VIEWPORT = { width: 1600, height: 1000 };
const READY = '[data-testid="image-pane"][data-state="ready"]';
const LIVE_EXPOSURES = 20;
const CONFIRMED_BY_SCREENSHOT = 3;
const PAINTED_MARK = 'summit-bench-painted';

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Signs in once with a form, as a person does, and gives the cookies to the measurements. */
async function signedInState(site, browser) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.goto(site.url);
  await page.fill('input[name="username"]', site.user);
  await page.fill('input[name="password"]', site.password);
  await page.click('#login_submit');
  await page.waitForSelector(READY, { timeout: 60_000 });
  const state = await context.storageState();
  await context.close();
  return state;
}

/** One sign-in for all visits: each would leave the machine busy with a notebook server's start. */
async function signedInCookies(site, executablePath) {
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  const { cookies } = await signedInState(site, browser);
  await browser.close();
  await settle();
  return cookies;
}

/** A browser that was just started, or a server, is still busy with itself. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5000));

/** A fresh profile on disk per visit, so that no cache, memory or disk, is warm. */
async function withFreshProfile(cookies, executablePath, act) {
  const folder = await mkdtemp(join(tmpdir(), 'summit-bench-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    args: ARGUMENTS,
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

/** gzip bytes of every script and worker that a surface fetches until its first image is painted. */
async function scriptsBeforeFirstImage(context, page, url) {
  const sizes = [];
  const collect = async (response) => {
    if (/\.m?js(\?|$)/.test(new URL(response.url()).pathname))
      sizes.push(gzipSync(await response.body(), { level: 9 }).length);
  };
  const pending = [];
  const onResponse = (response) => pending.push(collect(response));
  context.on('response', onResponse);
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForSelector(READY, { timeout: 60_000 });
  context.off('response', onResponse);
  // A script whose body cannot be read would be missing in the sum: no figure then.
  await Promise.all(pending);
  if (sizes.length === 0) throw new Error(`No script was seen at ${url}.`);
  return sizes.reduce((sum, size) => sum + size, 0) / 1000;
}

export async function measureInitialScripts(site, tools) {
  const cookies = await signedInCookies(site, tools.chromium);
  return withFreshProfile(cookies, tools.chromium, async (context, page) => {
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
        peer: null,
        peerName: null,
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
  return [
    { name: 'first-visit-to-painted', unit: 's', better: 'lower', ours, peer: null, peerName: null, samples },
  ];
}

/**
 * The longest task of the page's main thread in a trace, in ms, for each image: from the mark of the one before to its
 * own. The marks also tell which of the browser's many main threads is the page's.
 */
export function longestTasks(events, images) {
  const inOrder = events.filter((e) => e.name === PAINTED_MARK).toSorted((a, b) => a.ts - b.ts);
  const marks = inOrder.slice(0, images);
  if (marks.length < images)
    throw new Error(`The trace holds ${marks.length} of ${images} images: it is not whole.`);
  const { pid, tid } = marks[0];
  const longest = new Array(images).fill(0);
  for (const task of events) {
    if (task.ph !== 'X' || !task.name.endsWith('RunTask') || task.pid !== pid || task.tid !== tid) continue;
    const image = marks.findIndex((mark) => task.ts <= mark.ts);
    // What follows the last image is the end of the measurement itself.
    if (image >= 0) longest[image] = Math.max(longest[image], (task.dur ?? 0) / 1000);
  }
  if (longest.includes(0)) throw new Error(`The trace holds no task of the page's main thread.`);
  return longest;
}

async function withTrace(context, page, act) {
  const cdp = await context.newCDPSession(page);
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await cdp.send('Tracing.start', {
    traceConfig: { includedCategories: ['toplevel', 'blink.user_timing'] },
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
    return { name, unit: 'ms', better: 'lower', ours, peer: null, peerName: null, samples };
  } catch (error) {
    return { name, error };
  }
}

export async function measureLiveLatency(site, tools, exposures = LIVE_EXPOSURES) {
  const browser = await chromium.launch({ executablePath: tools.chromium, args: ARGUMENTS });
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
    let changedScreenshots = 0;
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
        const before = samples.length < CONFIRMED_BY_SCREENSHOT ? await pane.screenshot() : null;
        await page.waitForFunction((n) => globalThis.paintedExposures.length > n, samples.length, {
          timeout: 120_000,
        });
        const { exposure, ledger } = await page.evaluate(
          (n) => globalThis.paintedExposures[n],
          samples.length,
        );
        if (before && !before.equals(await pane.screenshot())) changedScreenshots++;
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
      `  confirmed by a changed screenshot: ${changedScreenshots} of ${CONFIRMED_BY_SCREENSHOT} images`,
    );
    if (changedScreenshots < CONFIRMED_BY_SCREENSHOT)
      throw new Error('A screenshot did not change when an image was reported painted.');
    const figure = (name, ours) => ({
      name,
      unit: 's',
      better: 'lower',
      ours,
      peer: null,
      peerName: null,
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
