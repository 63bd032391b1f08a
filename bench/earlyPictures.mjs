/** Figures of pictures that come before the pixels: of a raw that is on its way, and over a thin link. */
import { median, READY, settle, untilTaken, withSignedInPage } from './browser.mjs';
import { startThinProxy } from './thinProxy.mjs';

const OPENED = 16;
/** Between two opens. */
const PAUSE_MS = 1500;
const CLICKS = 6;
const THIN = { bitsPerS: 20e6, roundTripMs: 180 };
/** A picture of the exposure, of whatever kind, is there by then. */
const AT_MOST_MS = 60_000;
/** The raw has come by then; the masters of another filter, 40 MB, have not. */
const RAW_MS = 15_000;

/** Runs in the page: every change of the pane is kept with its time. */
function watchPane() {
  const pane = document.querySelector('[data-testid="image-pane"]');
  globalThis.paneStates = [];
  new MutationObserver(() => {
    const { exposure, state, preview } = pane.dataset;
    globalThis.paneStates.push({ at: Date.now(), exposure, state, preview: preview ?? null });
  }).observe(pane, { attributes: true });
}

/** A workspace that has been there for a while, paused at the last of some exposures. */
const withWorkspace = (site, tools, url, act) =>
  withSignedInPage(site, tools, async (page) => {
    await page.goto(url);
    await page.waitForSelector(READY, { timeout: 60_000 });
    await page.waitForSelector('[data-testid="notebook-pane"][data-state="ready"]', { timeout: 120_000 });
    await untilTaken(page, CLICKS + 2);
    await page.keyboard.press('p');
    await page.evaluate(watchPane);
    await settle();
    return act(page);
  });

/** Opens the neighbour: the times and states of the pane until it is whole, or for so long. */
async function step(page, key, wholeWithinMs = AT_MOST_MS) {
  const before = await page.evaluate(() => {
    globalThis.paneStates.length = 0;
    return document.querySelector('[data-testid="image-pane"]').dataset.exposure;
  });
  const at = await page.evaluate((name) => {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
    return Date.now();
  }, key);
  await page.waitForFunction(
    (last) => globalThis.paneStates.some(({ exposure }) => exposure !== last),
    before,
    {
      timeout: AT_MOST_MS,
    },
  );
  await page
    .waitForFunction(
      (last) => {
        const now = globalThis.paneStates.at(-1);
        return now.exposure !== last && now.state === 'ready';
      },
      before,
      { timeout: wholeWithinMs },
    )
    .catch(() => undefined);
  const states = await page.evaluate(() => globalThis.paneStates);
  return { at, states: states.filter(({ exposure }) => exposure !== before) };
}

/** From the first byte of a raw to a picture of it: amplifiers, before the whole. */
export async function measureFirstPixels(site, tools) {
  return withWorkspace(site, tools, site.url, async (page) => {
    let firstByte;
    page.on('response', (response) => {
      const { startTime, responseStart } = response.request().timing();
      if (/\/files\/[^/]+$/.test(response.url()) && firstByte === undefined)
        firstByte = startTime + responseStart;
    });
    const samples = [];
    for (let i = 0; i < OPENED; i++) {
      firstByte = undefined;
      const { states } = await step(page, i % 2 ? 'ArrowRight' : 'ArrowLeft');
      // The first round fills the cache of calibs.
      if (i >= 2 && firstByte !== undefined && states[0]) samples.push(states[0].at - firstByte);
      await page.waitForTimeout(PAUSE_MS);
    }
    if (samples.length < OPENED / 2) throw new Error(`Only ${samples.length} first pictures were timed.`);
    return [{ name: 'first-pixels', unit: 'ms', better: 'lower', ours: median(samples), samples }];
  });
}

/** From the key to the preview over 20 Mbit/s with 180 ms round trip; page and calibs were there before. */
export async function measureThinLink(site, tools) {
  const proxy = await startThinProxy(site.url);
  const url = new URL(site.url);
  url.port = String(proxy.port);
  try {
    return await withWorkspace(site, tools, url.href, async (page) => {
      proxy.thin(THIN);
      const [samples, full] = [[], []];
      for (let i = 0; i < CLICKS; i++) {
        // Each for the first time: the service keeps the previews that it has made.
        const { at, states } = await step(page, 'ArrowLeft', RAW_MS);
        const [first] = states;
        if (first.preview === null) throw new Error('No picture came before the full pixels.');
        samples.push((first.at - at) / 1000);
        const last = states.at(-1);
        if (last.state === 'ready') full.push((last.at - at) / 1000);
        await page.waitForTimeout(PAUSE_MS);
      }
      console.log(`  full pixels after ${full.map((seconds) => seconds.toFixed(1)).join(' ')} s`);
      return [
        { name: 'thin-link-first-picture', unit: 's', better: 'lower', ours: median(samples), samples },
      ];
    });
  } finally {
    await proxy.close();
  }
}
