/** The product's page that is an image and one line: the panel. */
import { READY, settle } from './browser.mjs';

/** Side of the square pane of every contestant, at device pixel ratio 1. */
export const PANE_PX = 1024;

/** The panel with a canvas of exactly 1024 x 1024, and an exposure that stays. */
export async function openPane(page, site) {
  await page.setViewportSize({ width: PANE_PX, height: PANE_PX + 100 });
  await page.goto(new URL('panel', site.url).href);
  await page.waitForSelector(READY, { timeout: 60_000 });
  const height = await page.evaluate(() => document.querySelector('.image-canvas').clientHeight);
  await page.setViewportSize({ width: PANE_PX, height: 2 * PANE_PX + 100 - height });
  const exposure = await page.evaluate(() => globalThis.summitNotebook.getState().shown);
  await page.evaluate((id) => globalThis.summitNotebook.open({ exposure: id }), exposure);
  await page.waitForFunction(() => {
    const canvas = document.querySelector('.image-canvas');
    return canvas.width === 1024 && canvas.height === 1024;
  });
  await settle();
}
