/** Aladin Lite with one FITS image in place of a sky survey. */
import { openPeer } from './pages.mjs';

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {Awaited<ReturnType<typeof import('./pages.mjs').servePeers>>} server
 * @returns {Promise<import('../sideBySide/pixels.mjs').Contestant>}
 */
export async function startAladin(browser, server) {
  const page = await openPeer(browser, `${server.url}/aladin.html`);
  await page.until(() => Boolean(globalThis.aladin));
  return {
    name: 'Aladin Lite',
    mode: `Aladin Lite ${server.version('aladin-lite')}: one RICE_1 image, its own cuts, whole image in the pane, no ISR; page warm, image not cached`,
    async load({ single }) {
      await page.toFront();
      return page.evaluate(
        (address) =>
          globalThis.untilPixelsChanged(
            document.querySelector('.aladin-imageCanvas'),
            () =>
              new Promise((resolve, reject) => {
                const show = (ra, dec, fov) => {
                  globalThis.aladin.gotoRaDec(ra, dec);
                  globalThis.aladin.setFoV(fov);
                  resolve(undefined);
                };
                globalThis.aladin.displayFITS(address, {}, show, reject);
              }),
          ),
        server.offer(single),
      );
    },
    stop: page.close,
  };
}
