/** Hours in front of the telescope, in minutes: every exposure is shown, and nothing piles up. */
import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { shownExposure } from './support/pane.ts';

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

for (const surface of ['', 'kiosk']) {
  test(`${surface || 'the workspace'} drops no exposure and holds no more after minutes than before`, async ({
    browser,
    site,
    signedIn,
  }) => {
    test.skip(!process.env['SUMMIT_NOTEBOOK_LONG'], `takes ${MINUTES} minutes: part of npm run test:long`);
    test.setTimeout((MINUTES + 3) * 60_000);
    const context = await browser.newContext({ storageState: signedIn });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(new URL(surface, site.url).href);
    await shownExposure(page);
    const cdp = await context.newCDPSession(page);
    await cdp.send('Performance.enable');
    await page.waitForTimeout(WARM_UP_MINUTES * 60_000);
    await keepPainted(page);
    const before = await heldBy(cdp);
    await page.waitForTimeout((MINUTES - WARM_UP_MINUTES) * 60_000);
    const after = await heldBy(cdp);
    const painted = await paintedOf(page);

    const first = painted[0] ?? NaN;
    expect(painted.length).toBeGreaterThan(10);
    expect(painted, 'each exposure once, in order').toEqual(painted.map((_, i) => first + i));
    expect(after.heapBytes - before.heapBytes, 'bytes of heap gained').toBeLessThan(8 * MEGABYTE);
    expect(after.nodes - before.nodes, 'nodes gained').toBeLessThan(500);
    expect(after.listeners - before.listeners, 'listeners gained').toBeLessThan(100);
    expect(faults).toEqual([]);
    await context.close();
  });
}
