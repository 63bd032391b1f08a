/** The image of a signed-in panel, told by `window.summitNotebook` what to do: a page that is only an image, as the peers' are. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT, RUNTIME_PYTHON, pythonOf } from '../../scripts/setup/paths.mjs';
import { signedInState } from '../browser.mjs';
import { openPane } from '../pane.mjs';
import { WATCH } from './pixels.mjs';

const CANVAS = '[data-testid="image-pane"] canvas';
/** Detector pixels in both halves of the detector. */
const CHECKED = [
  { x: 1500, y: 2500 },
  { x: 700, y: 120 },
];
/** adu: half of one for the overscan's median, then float32. */
const LEEWAY_ADU = 0.7;

/** What numpy and astropy make of the raw and the masters. */
function expectedPixels(site, raw) {
  const points = CHECKED.map(({ x, y }) => `${x},${y}`).join(';');
  const script = join(ROOT, 'e2e/support/expected_pixels.py');
  const masters = join(site.stateDir, 'masters');
  const output = execFileSync(
    pythonOf(RUNTIME_PYTHON),
    [script, '--raw', raw, '--masters', masters, '--points', points],
    { encoding: 'utf8' },
  );
  return JSON.parse(output);
}

/**
 * @param {import('@playwright/test').Browser} browser
 * @returns {Promise<import('./pixels.mjs').Contestant>}
 */
export async function startOurs(browser, site) {
  const { cookies } = await signedInState(site, browser);
  const page = await openPane(browser, site, cookies, WATCH);

  async function checkPixels(exposure, raw) {
    for (const { x, y, raw_adu, value_adu } of expectedPixels(site, raw)) {
      const shown = await page.evaluate(
        ([at_x, at_y]) => globalThis.summitNotebook.valueAt(at_x, at_y),
        [x, y],
      );
      if (shown?.rawAdu !== raw_adu || Math.abs(shown.valueAdu - value_adu) > LEEWAY_ADU)
        throw new Error(
          `Pixel ${x},${y} of ${exposure} is ${JSON.stringify(shown)}; ${raw_adu} adu and ${value_adu} adu after ISR were expected.`,
        );
    }
  }

  return {
    name: 'ours',
    mode: 'panel: rapid ISR, zscale, whole image in the pane; engine and masters resident, raw not cached by the browser',
    async load({ exposure, raw }) {
      await page.toFront();
      const changed = await page.evaluate(
        ([selector, id]) =>
          globalThis.untilPixelsChanged(
            document.querySelector(selector),
            () =>
              new Promise((resolve, reject) => {
                const api = globalThis.summitNotebook;
                const endPainted = api.on('painted', (painted) => painted.exposure === id && end(resolve));
                const endError = api.on('error', ({ message }) => end(() => reject(new Error(message))));
                const end = (settle) => {
                  endPainted();
                  endError();
                  settle();
                };
                api.open({ exposure: id }).catch((error) => end(() => reject(error)));
              }),
          ),
        [CANVAS, exposure],
      );
      await checkPixels(exposure, raw);
      return changed;
    },
    async stretch(name) {
      await page.toFront();
      return page.evaluate(
        ([selector, stretch]) =>
          globalThis.untilPixelsChanged(document.querySelector(selector), () =>
            globalThis.summitNotebook.setStretch({ stretch }),
          ),
        [CANVAS, name],
      );
    },
    stop: page.close,
  };
}
