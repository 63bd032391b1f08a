/**
 * Figures of the image display, in the real workspace and panel of the bench's site. A picture counts as changed when the
 * pixel at a fixed point of the pane's canvas has.
 */
import { readFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';
import {
  median,
  READY,
  settle,
  signedInCookies,
  signedInState,
  VIEWPORT,
  withFreshProfile,
} from './browser.mjs';
import { CHROMIUM_ARGUMENTS } from './chromiumArguments.mjs';
import { openPane } from './pane.mjs';
import { openQuietPage } from './quietPage.mjs';

const STRETCH_CHANGES = 30;
const READOUTS = 40;
const SWITCHES = 20;
const REGION_QUESTIONS = 30;
/** Until the worker's code is compiled. */
const REGION_WARM = 10;
const FOLLOWED = 100;
/** Memory is compared with what it was after so many. */
const WARM_AFTER = 5;

/**
 * Runs in the page: `untilChanged` resolves with the milliseconds from `act` until the canvas's pixel in the middle is
 * another. Looked at when a picture is put on the canvas and only then: reading a pixel waits until it has been drawn, and a
 * look in every frame would keep a machine that draws by software busy with nothing else.
 */
function installTimer() {
  const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const pixel = () => {
    const canvas = document.querySelector('.image-canvas');
    copy.drawImage(canvas, canvas.width >> 1, canvas.height >> 1, 1, 1, 0, 0, 1, 1);
    return copy.getImageData(0, 0, 1, 1).data.join();
  };
  let presented = () => {};
  const { prototype } = ImageBitmapRenderingContext;
  const { value: transfer } = Object.getOwnPropertyDescriptor(prototype, 'transferFromImageBitmap');
  prototype.transferFromImageBitmap = function transferAndTell(bitmap) {
    transfer.call(this, bitmap);
    if (bitmap && this.canvas.matches('.image-canvas')) presented();
  };
  globalThis.untilChanged = (act) =>
    new Promise((resolve, reject) => {
      const before = pixel();
      const late = setTimeout(() => reject(new Error('The picture did not change within 5 s.')), 5000);
      const start = performance.now();
      presented = () => {
        if (pixel() === before) return;
        const elapsed = performance.now() - start;
        presented = () => {};
        clearTimeout(late);
        resolve(elapsed);
      };
      act();
    });
}

/** A change of the limits to its picture. */
export async function measureStretch(site, tools) {
  const browser = await chromium.launch({ executablePath: tools.chromium, args: CHROMIUM_ARGUMENTS });
  try {
    const { cookies } = await signedInState(site, browser);
    const page = await openPane(browser, site, cookies);
    await page.evaluate(installTimer);
    const samples = await page.evaluate(async (changes) => {
      const { x, y } = { x: 2036, y: 2000 };
      await globalThis.summitNotebook.setView('fit');
      const { value } = await globalThis.summitNotebook.valueAt(x, y);
      const times = [];
      for (let i = 0; i < changes; i++) {
        // The middle of the pane is nearly black, then nearly white.
        const limits = i % 2 ? [value - 500, value + 20] : [value - 20, value + 500];
        const stretch = i % 4 < 2 ? 'linear' : 'asinh';
        times.push(
          await globalThis.untilChanged(() => void globalThis.summitNotebook.setStretch({ stretch, limits })),
        );
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      return times;
    }, STRETCH_CHANGES);
    return [{ name: 'stretch', unit: 'ms', better: 'lower', ours: median(samples), samples }];
  } finally {
    await browser.close();
  }
}

async function openWorkspace(page, site) {
  await page.goto(site.url);
  await page.waitForSelector(READY, { timeout: 60_000 });
  // Telemetry and notebook come after the first image and keep the machine busy for a while.
  await page.waitForSelector('[data-testid="notebook-pane"][data-state="ready"]', { timeout: 120_000 });
  await page.evaluate(() => {
    const { shown } = globalThis.summitNotebook.getState();
    return globalThis.summitNotebook.open({ exposure: shown });
  });
  await page.evaluate(installTimer);
  await settle();
}

/** From the event of the mouse to the readout's new text. */
export async function measureReadout(site, tools) {
  const cookies = await signedInCookies(site, tools.chromium);
  return withFreshProfile(cookies, tools.chromium, async (_context, page) => {
    await openWorkspace(page, site);
    const box = await page.locator('.image-canvas').boundingBox();
    await page.evaluate(() => {
      globalThis.readoutTimes = [];
      let moved;
      document
        .querySelector('.image-canvas')
        .addEventListener('pointerrawupdate', (event) => (moved = event.timeStamp), { capture: true });
      new MutationObserver(() => {
        if (moved === undefined) return;
        globalThis.readoutTimes.push(performance.now() - moved);
        moved = undefined;
      }).observe(document.querySelector('[data-testid="readout"]'), {
        subtree: true,
        characterData: true,
        childList: true,
      });
    });
    for (let i = 0; i < READOUTS; i++) {
      // Over all amplifiers, in steps that no two of are alike.
      const [x, y] = [(i * 0.377) % 0.5, (i * 0.211) % 0.8];
      await page.mouse.move(box.x + box.width * (0.25 + x), box.y + box.height * (0.1 + y));
      await page.waitForTimeout(80);
    }
    const samples = await page.evaluate(() => globalThis.readoutTimes);
    if (samples.length < READOUTS / 2) throw new Error(`Only ${samples.length} readouts were seen.`);
    return [{ name: 'readout', unit: 'ms', better: 'lower', ours: median(samples), samples }];
  });
}

/** The switch of a step to the picture without it, and to the statistics of all its pixels. */
export async function measureIsrToggle(site, tools) {
  const cookies = await signedInCookies(site, tools.chromium);
  return withFreshProfile(cookies, tools.chromium, async (_context, page) => {
    await openWorkspace(page, site);
    const samples = await page.evaluate(async (switches) => {
      const input = (step) => document.querySelector(`[data-step="${step}"] input`);
      const done = (step) => document.querySelector(`[data-step="${step}"]`).dataset.done;
      const steps = document.querySelector('[data-testid="isr-steps"]');
      const until = async (holds) => {
        while (!holds()) await new Promise((resolve) => setTimeout(resolve, 4));
      };
      // The other overscan would take the bias level away instead.
      input('parallel-overscan').click();
      await until(() => done('parallel-overscan') === 'false');
      await globalThis.summitNotebook.setStretch({ limits: [-100, 1000] });
      const times = [];
      for (let i = 0; i < switches; i++) {
        await new Promise((resolve) => setTimeout(resolve, 600));
        const begin = performance.now();
        const picture = await globalThis.untilChanged(() => input('serial-overscan').click());
        await until(() => steps.dataset.settled === 'true');
        times.push({ picture, whole: performance.now() - begin });
      }
      return times;
    }, SWITCHES);
    return [
      ['isr-toggle', samples.map(({ picture }) => picture)],
      ['isr-toggle-statistics', samples.map(({ whole }) => whole)],
    ].map(([name, of]) => ({ name, unit: 'ms', better: 'lower', ours: median(of), samples: of }));
  });
}

/** Runs in the page before the app: keeps the last question about a region, and the worker that it went to. */
function keepRegionQuestion() {
  const { value: postMessage } = Object.getOwnPropertyDescriptor(Worker.prototype, 'postMessage');
  Worker.prototype.postMessage = function postAndKeep(message, ...more) {
    if (Array.isArray(message?.path) && message.path.at(-1) === 'region')
      globalThis.regionQuestion = { worker: this, message };
    return postMessage.call(this, message, ...more);
  };
}

/** Runs in the page: asks the same again, of a box that lies a little beside the last one; ms from question to answer. */
async function askAgain(times) {
  const { worker, message } = globalThis.regionQuestion;
  const samples = [];
  for (let i = 0; i < times; i++) {
    const again = structuredClone(message);
    again.id = `bench-${i}`;
    const { region } = again.argumentList[0].value;
    region.centre = { x: region.centre.x + (i % 9), y: region.centre.y - (i % 7) };
    const answered = new Promise((resolve) => {
      const hear = ({ data }) => {
        if (data?.id !== again.id) return;
        worker.removeEventListener('message', hear);
        resolve(data.value.statistics.n);
      };
      worker.addEventListener('message', hear);
    });
    const asked = performance.now();
    worker.postMessage(again);
    const n = await answered;
    samples.push(performance.now() - asked);
    if (n !== 1024 * 1024) throw new Error(`The box holds ${n} pixels.`);
    // As far apart as those of a hand that drags.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return samples;
}

/**
 * From the page's question to the worker's answer, for a box of 1024 x 1024 pixels. Asked as a dragged box asks, but nothing
 * is drawn meanwhile: where a page is drawn by software, a drag's frames take the processors for longer than the answer.
 */
export async function measureRegion(site, tools) {
  const cookies = await signedInCookies(site, tools.chromium);
  return withFreshProfile(cookies, tools.chromium, async (context, page) => {
    await context.addInitScript(keepRegionQuestion);
    await page.goto(site.url);
    await page.waitForSelector(READY, { timeout: 60_000 });
    const shown = await page.evaluate(() => globalThis.summitNotebook.getState().shown);
    const address = new URL(site.url);
    address.search = `?exposure=${shown}&regions=b2035.5,1999.5,1024,1024,0`;
    await openWorkspace(page, { url: address.href });
    await page.locator('.image-canvas').focus();
    await page.keyboard.press('Shift+R');
    const view = page.getByTestId('region-view');
    await view.getByRole('button', { name: /^box / }).click();
    await view.getByTestId('region-statistics').locator('[data-field="n"]').waitFor();
    await settle();
    const times = await page.evaluate(askAgain, REGION_WARM + REGION_QUESTIONS);
    const samples = times.slice(REGION_WARM);
    return [{ name: 'region-statistics', unit: 'ms', better: 'lower', ours: median(samples), samples }];
  });
}

/** Resident memory of the page's renderer process, in bytes. */
async function rendererBytes(cdp) {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const sizes = await Promise.all(
    processInfo
      .filter(({ type }) => type === 'renderer')
      .map(async ({ id }) => {
        const status = await readFile(`/proc/${id}/status`, 'utf8');
        return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
      }),
  );
  return Math.max(...sizes);
}

/** Growth of the renderer process, after a forced collection, from the fifth to the hundredth exposure that was opened. */
export async function measureFollowing(site, tools) {
  const cookies = await signedInCookies(site, tools.chromium);
  const browser = await chromium.launch({ executablePath: tools.chromium, args: CHROMIUM_ARGUMENTS });
  try {
    const whole = await browser.newBrowserCDPSession();
    const page = await openQuietPage(browser, { url: site.url, cookies, ...VIEWPORT });
    await page.until((ready) => document.querySelector(ready) !== null, READY);
    // Both exposures that it goes to and fro between, and their calibs; from the newest there is an older one.
    await page.until(
      () =>
        document.querySelector('[data-testid="notebook-pane"][data-state="ready"]') &&
        globalThis.summitNotebook.getState().exposureCount >= 3,
      undefined,
      300_000,
    );
    await page.evaluate(() => {
      const { newest } = globalThis.summitNotebook.getState();
      return globalThis.summitNotebook.open({ exposure: newest });
    });
    await settle();
    const bytes = async () => {
      await page.collectGarbage();
      await settle();
      const memory = await page.evaluate(() => globalThis.summitNotebook.memory());
      return { process: await rendererBytes(whole), ...memory };
    };
    let warm;
    for (let i = 1; i <= FOLLOWED; i++) {
      await page.evaluate(
        async (direction) => {
          const pane = document.querySelector('[data-testid="image-pane"]');
          const before = pane.dataset.exposure;
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: direction, bubbles: true }));
          while (pane.dataset.exposure === before || pane.dataset.state !== 'ready') {
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        },
        // Each is opened afresh.
        i % 2 ? 'ArrowDown' : 'ArrowUp',
      );
      if (i === WARM_AFTER) warm = await bytes();
    }
    const end = await bytes();
    console.log(`  after ${WARM_AFTER}: ${JSON.stringify(warm)}, after ${FOLLOWED}: ${JSON.stringify(end)}`);
    if (end.textureBytes !== warm.textureBytes || end.images !== warm.images) {
      throw new Error('Textures or images were left behind.');
    }
    const growth = (100 * (end.process - warm.process)) / warm.process;
    return [{ name: 'follow-100-heap-growth', unit: '%', better: 'lower', ours: growth, samples: [growth] }];
  } finally {
    await browser.close();
  }
}
