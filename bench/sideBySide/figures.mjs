/**
 * The display's figures: the workspace beside DS9, JS9 and Aladin Lite, in turn, on the same exposures of a still site.
 * No exposure is opened twice, so that nobody has its pixels; every file was read before and is in the page cache.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium } from '@playwright/test';
import { ROOT, RUNTIME_PYTHON, pythonOf } from '../../scripts/setup/paths.mjs';
import { capture, lastLines } from '../../scripts/setup/steps.mjs';
import { CHROMIUM_ARGUMENTS } from '../chromiumArguments.mjs';
import { median } from '../engine/contest.mjs';
import { startAladin } from '../peers/aladin.mjs';
import { startDs9 } from '../peers/ds9.mjs';
import { startJs9 } from '../peers/js9.mjs';
import { servePeers } from '../peers/pages.mjs';
import { startOurs } from './ours.mjs';

/** In the first loads are the masters, and what a peer does for its first image only. */
const WARM_UPS = 3;
const ROUNDS = 10;
const STRETCHES = /** @type {const} */ (['asinh', 'linear']);

/** How many exposures of the still site are opened. */
export const EXPOSURES = WARM_UPS + ROUNDS;

/** @typedef {import('./pixels.mjs').Contestant} Contestant */

async function withOurs(tools, site, act) {
  const browser = await chromium.launch({ executablePath: tools.chromium, args: CHROMIUM_ARGUMENTS });
  try {
    return await act(await startOurs(browser, site), browser);
  } finally {
    await browser.close();
  }
}

/** The site's first exposures. Its ids are day_obs * 100000 + seq_num, both in the file's name. */
function exposuresOf(site) {
  const folder = join(site.stateDir, 'oods/raw');
  const exposures = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .flatMap((path) => {
      const [, dayObs, seqNum] = /AT_O_(\d{8})_(\d{6})_R00_S00\.fits\.fz$/.exec(path) ?? [];
      if (!dayObs) return [];
      return [{ exposure: Number(dayObs) * 100_000 + Number(seqNum), raw: join(folder, path) }];
    })
    .toSorted((a, b) => a.exposure - b.exposure)
    .slice(0, EXPOSURES);
  if (exposures.length < EXPOSURES)
    throw new Error(`The site has ${exposures.length} exposures; ${EXPOSURES} are needed.`);
  return exposures;
}

/** @returns {Promise<import('./pixels.mjs').Exposure[]>} */
async function withSingleImages(exposures, folder) {
  const script = join(ROOT, 'bench/peers/single_image.py');
  const raws = exposures.map(({ raw }) => raw);
  const { code, output } = await capture(pythonOf(RUNTIME_PYTHON), [script, folder, ...raws], {
    env: { ...process.env, PYTHONPATH: join(ROOT, 'python') },
  });
  if (code !== 0) throw new Error(`The peers' images cannot be made.\n${lastLines(output, 15)}`);
  return exposures.map((each) => ({ ...each, single: join(folder, basename(each.raw)) }));
}

/**
 * We and the peers in turn, round after round. A peer that does not start or fails later is out, with its reason.
 * @param {Contestant} ours
 * @param {Record<string, () => Promise<Contestant>>} starters of the peers by name
 * @param {(contestant: Contestant, round: number) => Promise<import('./pixels.mjs').Changed>} act
 */
async function contest(ours, starters, act) {
  const contestants = [ours];
  /** @type {Record<string, Error>} */
  const errors = {};
  /** @type {Record<string, number[]>} */
  const samples = { [ours.name]: [] };
  const attempt = async (name, step) => {
    try {
      return await step();
    } catch (error) {
      if (name === ours.name) throw error;
      errors[name] = error;
      return undefined;
    }
  };
  try {
    for (const [name, start] of Object.entries(starters)) {
      const peer = await attempt(name, start);
      if (!peer) continue;
      contestants.push(peer);
      samples[name] = [];
    }
    for (let round = 0; round < WARM_UPS + ROUNDS; round++) {
      for (const contestant of contestants) {
        const { name } = contestant;
        if (errors[name]) continue;
        const changed = await attempt(name, () => act(contestant, round));
        if (changed && round >= WARM_UPS) samples[name].push(changed.ms);
      }
    }
    return { contestants, samples, errors };
  } finally {
    for (const { stop } of contestants.filter((each) => each !== ours)) await stop();
  }
}

/** One figure of a contest, or why there is none. */
function against(name, peerName, { contestants, samples, errors }) {
  if (errors[peerName]) return { name, error: errors[peerName] };
  return {
    name,
    unit: 'ms',
    better: 'lower',
    ours: median(samples.ours),
    peer: median(samples[peerName]),
    peerName,
    samples: samples.ours,
    contestants: contestants
      .filter((each) => each.name === 'ours' || each.name === peerName)
      .map((each) => ({ name: each.name, mode: each.mode, samples: samples[each.name] })),
  };
}

/** @param {Record<string, string>} tools those of the peers that could be had are in it */
export async function measureLoads(site, tools) {
  const folder = mkdtempSync(join(tmpdir(), 'summit-single-'));
  const pages = await servePeers(tools);
  try {
    const exposures = await withSingleImages(exposuresOf(site), folder);
    return await withOurs(tools, site, async (ours, browser) => {
      const outcome = await contest(
        ours,
        {
          ...(tools.ds9 && { DS9: () => startDs9() }),
          ...(tools.js9 && { JS9: () => startJs9(browser, pages) }),
          ...(tools.aladin && { 'Aladin Lite': () => startAladin(browser, pages) }),
        },
        ({ load }, round) => load(exposures[round]),
      );
      return [
        ...(tools.ds9 ? [against('load-vs-ds9', 'DS9', outcome)] : []),
        ...(tools.js9 ? [against('load-vs-js9', 'JS9', outcome)] : []),
        ...(tools.aladin ? [against('load-vs-aladin', 'Aladin Lite', outcome)] : []),
      ];
    });
  } finally {
    await pages.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The whole image in the pane, its stretch changed to and fro; limits by zscale. */
export async function measureStretchContest(site, tools) {
  const [exposure] = exposuresOf(site);
  return withOurs(tools, site, async (ours) => {
    await ours.load(exposure);
    const withImage = async () => {
      const ds9 = await startDs9();
      await ds9.load(exposure);
      await ds9.fit();
      return ds9;
    };
    const outcome = await contest(ours, { DS9: withImage }, ({ stretch }, round) =>
      stretch(STRETCHES[round % 2]),
    );
    return [against('stretch-vs-ds9', 'DS9', outcome)];
  });
}
