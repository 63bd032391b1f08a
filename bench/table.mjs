/** The exposure table of a registry with 100,000 exposures: how long the page is kept busy while it scrolls. */
import { READY, settle, withSignedInPage, withTrace } from './browser.mjs';
import { MANY_EXPOSURES } from './site.mjs';

const WHEELS = 120;
/** A row is some 24 px: this goes from a few rows to many screens at once. */
const STEPS_PX = [120, 480, 2400, 24_000, 240_000];
const BEGIN = 'summit-bench-scroll-begin';
const END = 'summit-bench-scroll-end';

export function measureTable(site, tools) {
  return withSignedInPage(site, tools, async (page) => {
    await page.goto(site.url);
    await page.waitForSelector(READY, { timeout: 60_000 });
    await page.waitForSelector('[data-testid="notebook-pane"][data-state="ready"]', { timeout: 120_000 });
    await page.keyboard.press('x');
    const table = page.getByRole('region', { name: 'Exposure table' });
    // The service takes a large registry over in pieces.
    const total = MANY_EXPOSURES.toLocaleString('en').slice(0, 3);
    await table.getByText(new RegExp(`of ${total},\\d+ rows$`)).waitFor({ timeout: 300_000 });
    await table.locator('[role="row"][data-exposure]').first().waitFor();
    await settle();
    const box = await table.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const { events, dataLossOccurred } = await withTrace(page.context(), page, async () => {
      await page.evaluate((name) => performance.mark(name), BEGIN);
      for (let i = 0; i < WHEELS; i++) {
        const down = i % 40 < 25 ? 1 : -1;
        await page.mouse.wheel(0, down * STEPS_PX[i % STEPS_PX.length]);
        await page.waitForTimeout(25);
      }
      for (const key of ['End', 'Home', 'PageDown', 'ArrowDown']) {
        await page.keyboard.press(key);
        await page.waitForTimeout(200);
      }
      await page.evaluate((name) => performance.mark(name), END);
    });
    if (dataLossOccurred) throw new Error('The browser lost a part of the trace.');
    const begin = events.find(({ name }) => name === BEGIN);
    const end = events.find(({ name }) => name === END);
    const tasks = events.filter(
      ({ name, ph, pid, tid, ts }) =>
        ph === 'X' &&
        name.endsWith('RunTask') &&
        pid === begin.pid &&
        tid === begin.tid &&
        ts >= begin.ts &&
        ts <= end.ts,
    );
    const longest = tasks.map(({ dur = 0 }) => dur / 1000).toSorted((a, b) => b - a);
    const firstFive = longest.slice(0, 5).map((ms) => ms.toFixed(1));
    // A task also lasts while other programs have the processor: the difference tells how busy the machine was.
    const mostCpu = Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
    console.log(
      `  the longest of ${tasks.length} tasks: ${firstFive.join(' ')} ms; the most processor time of one: ${mostCpu.toFixed(1)} ms`,
    );
    return [
      {
        name: 'table-100k-longest-task',
        unit: 'ms',
        better: 'lower',
        ours: longest[0],
        samples: longest.slice(0, 20),
      },
    ];
  });
}
