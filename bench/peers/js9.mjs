/** JS9 without its helper server: its own reader of FITS, cfitsio as WebAssembly, in the page. */
import { openPeer } from './pages.mjs';

/**
 * @param {import('@playwright/test').Browser} browser
 * @param {Awaited<ReturnType<typeof import('./pages.mjs').servePeers>>} server
 * @returns {Promise<import('../sideBySide/pixels.mjs').Contestant>}
 */
export async function startJs9(browser, server) {
  const page = await openPeer(browser, `${server.url}/js9.html`);
  await page.until(() => Boolean(globalThis.JS9?.inited));
  return {
    name: 'JS9',
    mode: `JS9 ${server.version('js9')}: one RICE_1 image, zscale, whole image in the pane, no ISR; page warm, image not cached`,
    async load({ single }) {
      await page.toFront();
      return page.evaluate(async (address) => {
        const { JS9 } = globalThis;
        const held = [...JS9.images];
        const changed = await globalThis.untilPixelsChanged(
          document.querySelector('.JS9Image'),
          () => new Promise((resolve) => JS9.Load(address, { onload: resolve })),
        );
        // It would keep all that it has loaded.
        for (const image of held) JS9.CloseImage({ display: image });
        return changed;
      }, server.offer(single));
    },
    stop: page.close,
  };
}
