/** The product's page that is an image and one line: the panel. */
import { READY, settle } from './browser.mjs';
import { openQuietPage } from './quietPage.mjs';

/** Side of the square pane of every contestant, at device pixel ratio 1. */
export const PANE_PX = 1024;

/**
 * The panel of a signed-in user with a canvas of exactly 1024 x 1024, and an exposure that stays.
 * @param {import('@playwright/test').Browser} browser
 * @param {{ url: string }} site
 * @param {object[]} cookies
 * @param {readonly [Function, unknown]} [before]
 */
export async function openPane(browser, site, cookies, before) {
  const page = await openQuietPage(browser, {
    url: new URL('panel', site.url).href,
    cookies,
    width: PANE_PX,
    height: PANE_PX + 100,
    before,
  });
  await page.until((ready) => document.querySelector(ready) !== null, READY);
  const height = await page.evaluate(() => document.querySelector('.image-canvas').clientHeight);
  await page.resize(PANE_PX, 2 * PANE_PX + 100 - height);
  await page.evaluate(() => {
    const { shown } = globalThis.summitNotebook.getState();
    return globalThis.summitNotebook.open({ exposure: shown });
  });
  await page.until(() => {
    const { width, height: canvasHeight } = document.querySelector('.image-canvas');
    return width === 1024 && canvasHeight === 1024;
  });
  await settle();
  return page;
}
