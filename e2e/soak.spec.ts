/** Hours in front of the telescope, in minutes: every exposure is shown, and nothing piles up. */
import type { BrowserContext, CDPSession, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { shownExposure } from './support/pane.ts';
import type { Site } from './support/site.ts';

const MINUTES = 8;
/** Caches of calibs, telemetry and compiled code fill first. */
const WARM_UP_MINUTES = 2;
const MEGABYTE = 1_000_000;

interface Held {
  readonly heapBytes: number;
  readonly nodes: number;
  readonly listeners: number;
}

async function heldBy(cdp: CDPSession): Promise<Held> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const metric = (name: string) => metrics.find((m) => m.name === name)?.value ?? NaN;
  return {
    heapBytes: metric('JSHeapUsedSize'),
    nodes: metric('Nodes'),
    listeners: metric('JSEventListeners'),
  };
}

/** Painted exposures in order, kept by the page itself. */
async function keepPainted(page: Page): Promise<void> {
  await page.evaluate(() => {
    const painted: number[] = [];
    Object.assign(globalThis, { painted });
    window.summitNotebook?.on('painted', ({ exposure }) => painted.push(exposure));
  });
}

const paintedOf = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { painted: readonly number[] }).painted);

interface Watched {
  readonly surface: string;
  readonly page: Page;
  readonly cdp: CDPSession;
  readonly faults: readonly string[];
}

async function watch(context: BrowserContext, site: Site, surface: string): Promise<Watched> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(new URL(surface, site.url).href);
  await shownExposure(page);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  return { surface, page, cdp, faults };
}

test('workspace and kiosk drop no exposure and hold no more after minutes than before', async ({
  browser,
  site,
  signedIn,
}) => {
  test.skip(!process.env['SUMMIT_NOTEBOOK_LONG'], `takes ${MINUTES} minutes: part of npm run test:long`);
  test.setTimeout((MINUTES + 3) * 60_000);
  // Contexts of their own: a page behind another one would be slowed down.
  const contexts = [
    await browser.newContext({ storageState: signedIn }),
    await browser.newContext({ storageState: signedIn }),
  ] as const;
  const watched = [await watch(contexts[0], site, ''), await watch(contexts[1], site, 'kiosk')];
  await watched[0]?.page.waitForTimeout(WARM_UP_MINUTES * 60_000);
  for (const { page } of watched) await keepPainted(page);
  const before = await Promise.all(watched.map(({ cdp }) => heldBy(cdp)));
  await watched[0]?.page.waitForTimeout((MINUTES - WARM_UP_MINUTES) * 60_000);

  for (const [i, { surface, page, cdp, faults }] of watched.entries()) {
    const after = await heldBy(cdp);
    const painted = await paintedOf(page);
    const gained = (what: keyof Held) => after[what] - (before[i]?.[what] ?? NaN);
    const first = painted[0] ?? NaN;
    expect(painted.length, surface).toBeGreaterThan(10);
    expect(painted, `${surface}: each exposure once, in order`).toEqual(painted.map((_, n) => first + n));
    expect(gained('heapBytes'), `${surface}: bytes of heap gained`).toBeLessThan(8 * MEGABYTE);
    expect(gained('nodes'), `${surface}: nodes gained`).toBeLessThan(500);
    expect(gained('listeners'), `${surface}: listeners gained`).toBeLessThan(100);
    expect(faults, surface).toEqual([]);
  }
  for (const context of contexts) await context.close();
});
