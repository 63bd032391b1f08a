/** Figures of what moves: panning and zooming, and blinking; in the real workspace of a still site. */
import { median, READY, settle, withSignedInPage, withTrace } from './browser.mjs';

const STEPS = 80;
/** A hand's: one move or turn of the wheel per frame of the screen. */
const STEP_MS = 16;
const PRESENTED = 'summit-bench-presented';
const MAIN_FRAME = 'PageAnimator::serviceScriptedAnimations';
const BLINKS = 20;
/** The shortest of the app. */
const BLINK_S = '0.2';

/** Runs in the page: a mark when a picture is put on the image's canvas. */
function markPictures(name) {
  const { prototype } = ImageBitmapRenderingContext;
  const { value: transfer } = Object.getOwnPropertyDescriptor(prototype, 'transferFromImageBitmap');
  prototype.transferFromImageBitmap = function transferAndMark(bitmap) {
    transfer.call(this, bitmap);
    if (this.canvas.matches('.image-canvas')) performance.mark(name);
  };
}

async function openWorkspace(page, site) {
  await page.goto(site.url);
  await page.waitForSelector(READY, { timeout: 60_000 });
  // Telemetry and notebook come after the first image and keep the machine busy for a while.
  await page.waitForSelector('[data-testid="notebook-pane"][data-state="ready"]', { timeout: 120_000 });
  await settle();
  return page.locator('.image-canvas').first().boundingBox();
}

/** Of the page's own thread, from each picture to the next: the processor time of its tasks, and its frames. */
function workPerPicture(events) {
  const marks = events.filter(({ name }) => name === PRESENTED).toSorted((a, b) => a.ts - b.ts);
  const [{ pid, tid }] = marks;
  const own = events.filter((event) => event.pid === pid && event.tid === tid);
  const tasks = own.filter(({ ph, name }) => ph === 'X' && name.endsWith('RunTask'));
  const frames = own.filter(({ name }) => name === MAIN_FRAME);
  return marks.slice(1).map((mark, i) => {
    const within = ({ ts }) => ts >= marks[i].ts && ts < mark.ts;
    const cpuMs = tasks.filter(within).reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
    return { cpuMs, frames: frames.filter(within).length };
  });
}

/**
 * The work of the page's thread in a frame while the image is dragged and zoomed. Processor time: its tasks also last while
 * others have the processor, and where pictures are drawn by software those always want it.
 */
export function measurePanZoom(site, tools) {
  return withSignedInPage(site, tools, async (page) => {
    const box = await openWorkspace(page, site);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.evaluate(markPictures, PRESENTED);
    await page.mouse.move(x, y);
    await page.evaluate(() =>
      globalThis.summitNotebook.setView({ centre: { x: 2036, y: 2000 }, scale: 0.5 }),
    );
    await settle();
    const move = async () => {
      await page.mouse.down();
      for (let i = 1; i <= STEPS; i++) {
        await page.mouse.move(x + 60 * Math.sin(i / 8), y + 60 * Math.cos(i / 8));
        await page.waitForTimeout(STEP_MS);
      }
      await page.mouse.up();
      for (let i = 0; i < STEPS; i++) {
        await page.mouse.wheel(0, i % 20 < 10 ? -60 : 60);
        await page.waitForTimeout(STEP_MS);
      }
    };
    // Until the code is compiled.
    await move();
    const { events, dataLossOccurred } = await withTrace(page.context(), page, move, ['rail']);
    if (dataLossOccurred) throw new Error('The browser lost a part of the trace.');
    const work = workPerPicture(events);
    const frames = work.reduce((sum, each) => sum + each.frames, 0);
    if (work.length < STEPS / 2 || frames < work.length / 2)
      throw new Error(`Only ${work.length} pictures and ${frames} frames were seen.`);
    const perPicture = median(work.map(({ cpuMs }) => cpuMs));
    console.log(`  ${work.length} pictures in ${frames} frames; ${perPicture.toFixed(2)} ms for a picture`);
    const samples = work.filter((each) => each.frames > 0).map((each) => each.cpuMs / each.frames);
    return [{ name: 'pan-zoom-main-thread', unit: 'ms', better: 'lower', ours: median(samples), samples }];
  });
}

/** Runs in the page before the app: counts what the image worker is asked to draw. */
function countDrawings() {
  globalThis.drawings = 0;
  const { value: postMessage } = Object.getOwnPropertyDescriptor(Worker.prototype, 'postMessage');
  Worker.prototype.postMessage = function postAndCount(message, ...more) {
    if (Array.isArray(message?.path) && message.path.at(-1) === 'render') globalThis.drawings += 1;
    return postMessage.call(this, message, ...more);
  };
}

/** Runs in the page: from each turn's change of the document to the end of the frame that shows it, in ms. */
function timeTurns(turns) {
  return new Promise((resolve) => {
    const times = [];
    const compare = document.querySelector('.compare[data-mode="blink"]');
    const observer = new MutationObserver(() => {
      const changed = performance.now();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        // Its turn comes when the frame has been made.
        port1.onmessage = () => {
          times.push(performance.now() - changed);
          if (times.length < turns) return;
          observer.disconnect();
          resolve(times);
        };
        port2.postMessage(null);
      });
    });
    observer.observe(compare, { attributeFilter: ['data-turn'] });
  });
}

/** Two whole images in turn. Nothing is drawn or sent to the graphics card again, or this fails. */
export function measureBlink(site, tools) {
  return withSignedInPage(site, tools, async (page) => {
    await page.addInitScript(countDrawings);
    await page.goto(site.url);
    await page.waitForSelector(READY, { timeout: 60_000 });
    const address = new URL(site.url);
    const shown = await page.evaluate(() => globalThis.summitNotebook.getState().shown);
    address.search = `?exposure=${shown}&compare=blink,prev&blink=${BLINK_S}`;
    await openWorkspace(page, { url: address.href });
    await page.waitForSelector('[data-testid="compare-pane"][data-state="ready"]', { timeout: 60_000 });
    await settle();
    const state = () =>
      page.evaluate(async () => ({
        drawings: globalThis.drawings,
        ...(await globalThis.summitNotebook.memory()),
      }));
    const before = await state();
    const samples = await page.evaluate(timeTurns, BLINKS);
    const after = await state();
    if (after.drawings !== before.drawings || after.textureBytes !== before.textureBytes)
      throw new Error(`Images were drawn again: ${JSON.stringify({ before, after })}.`);
    return [{ name: 'blink-switch', unit: 'ms', better: 'lower', ours: median(samples), samples }];
  });
}
