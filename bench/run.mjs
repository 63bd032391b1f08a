/**
 * `npm run bench [-- NAME...]`: measures the figures that the README quotes, on real parts: a demo site, its Hub, its
 * registry, Debian's Chromium. Prints a table and updates bench/results/latest.json for the names that it measured.
 * A figure that fails is named at the end, and the exit code is then 1.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import '../scripts/setup/nodeVersion.mjs';
import { exitWith } from '../scripts/setup/steps.mjs';
import { setUp } from './setUp.mjs';
import { startManySite, startSite, startStillSite } from './site.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const LATEST = resolve(ROOT, 'bench/results/latest.json');

/** @typedef {{ name: string, unit: string, better: 'lower' | 'higher', ours: number, peer?: number, peerName?: string, otherPeers?: { name: string, value: number }[], samples: number[], contestants?: { name: string, mode: string, samples: number[] }[] }} Measured */

// Loaded when they are needed: what they import is installed by the set-up.
const inBrowser = (name) => async (tools, site) => (await import('./browser.mjs'))[name](site, tools);
const ofDisplay = (name) => async (tools, site) => (await import('./display.mjs'))[name](site, tools);
const ofMotion = (name) => async (tools, site) => (await import('./motion.mjs'))[name](site, tools);
const early = (name) => async (tools, site) => (await import('./earlyPictures.mjs'))[name](site, tools);
const sideBySide = (name) => async (tools, site) =>
  (await import('./sideBySide/figures.mjs'))[name](site, tools);
const ofEngine = (name) => async (tools) => (await import('./engine/figures.mjs'))[name](tools);

/**
 * One entry per way of measuring; each gives one or more named figures, a figure that failed alone as { name, error }.
 * The engine's come first, while no site keeps the machine busy. `site` is what they run on: one that takes exposures,
 * or one that has some. `peers`: what a single figure needs; without it the others are measured all the same.
 * @typedef {'chromium' | 'cfitsio' | 'inputs' | 'ds9' | 'js9' | 'aladin'} Need
 * @type {{ names: string[], needs: Need[], peers?: Record<string, Need>, site?: 'live' | 'still' | 'many', run: (tools: Record<string, string>, site?: any) => Promise<any[]> }[]}
 */
const MEASUREMENTS = [
  { names: ['wasm-gzip'], needs: [], run: ofEngine('measureWasmSize') },
  { names: ['instantiate'], needs: ['chromium', 'inputs'], run: ofEngine('measureInstantiate') },
  { names: ['rice-decode'], needs: ['chromium', 'inputs', 'cfitsio'], run: ofEngine('measureRiceDecode') },
  {
    names: ['gzip2-calib-vs-cfitsio'],
    needs: ['chromium', 'inputs', 'cfitsio'],
    run: ofEngine('measureGzip2Calib'),
  },
  {
    names: ['isr-full-vs-cfitsio-decode', 'isr-full-vs-astropy'],
    needs: ['chromium', 'inputs', 'cfitsio'],
    run: ofEngine('measureIsr'),
  },
  { names: ['two-workers'], needs: ['chromium', 'inputs'], run: ofEngine('measureTwoWorkers') },
  { names: ['initial-js-gzip'], needs: ['chromium'], site: 'live', run: inBrowser('measureInitialScripts') },
  {
    names: ['first-visit-to-painted'],
    needs: ['chromium'],
    site: 'live',
    run: inBrowser('measureFirstVisit'),
  },
  { names: ['stretch'], needs: ['chromium'], site: 'still', run: ofDisplay('measureStretch') },
  { names: ['readout'], needs: ['chromium'], site: 'still', run: ofDisplay('measureReadout') },
  {
    names: ['isr-toggle', 'isr-toggle-statistics'],
    needs: ['chromium'],
    site: 'still',
    run: ofDisplay('measureIsrToggle'),
  },
  { names: ['region-statistics'], needs: ['chromium'], site: 'still', run: ofDisplay('measureRegion') },
  { names: ['pan-zoom-main-thread'], needs: ['chromium'], site: 'still', run: ofMotion('measurePanZoom') },
  { names: ['blink-switch'], needs: ['chromium'], site: 'still', run: ofMotion('measureBlink') },
  { names: ['first-pixels'], needs: ['chromium'], site: 'live', run: early('measureFirstPixels') },
  {
    names: ['thin-link-first-picture'],
    needs: ['chromium'],
    site: 'live',
    run: early('measureThinLink'),
  },
  {
    names: ['follow-100-heap-growth'],
    needs: ['chromium'],
    site: 'live',
    run: ofDisplay('measureFollowing'),
  },
  {
    names: ['landed-to-painted-median', 'landed-to-painted-worst', 'main-thread-longest-task'],
    needs: ['chromium'],
    site: 'live',
    run: inBrowser('measureLiveLatency'),
  },
  {
    names: ['load-vs-ds9', 'load-vs-js9', 'load-vs-aladin'],
    needs: ['chromium'],
    peers: { 'load-vs-ds9': 'ds9', 'load-vs-js9': 'js9', 'load-vs-aladin': 'aladin' },
    site: 'still',
    run: sideBySide('measureLoads'),
  },
  {
    names: ['stretch-vs-ds9'],
    needs: ['chromium', 'ds9'],
    site: 'still',
    run: sideBySide('measureStretchContest'),
  },
  {
    names: ['table-100k-longest-task'],
    needs: ['chromium'],
    site: 'many',
    run: async (tools, site) => (await import('./table.mjs')).measureTable(site, tools),
  },
];
const SITES = {
  live: startSite,
  still: async (root) => startStillSite(root, (await import('./sideBySide/figures.mjs')).EXPOSURES),
  many: startManySite,
};

function git(...args) {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** > 1 means ahead of the peer. */
function ratioOf({ better, ours }, peer) {
  return peer === undefined ? null : Number((better === 'lower' ? peer / ours : ours / peer).toFixed(3));
}

const peersOf = (row) => [
  ...(row.peer === null ? [] : [{ name: row.peerName, value: row.peer, ratio: row.ratio }]),
  ...(row.otherPeers ?? []),
];

function printTable(rows) {
  const listed = (texts) => texts.join(', ') || '–';
  const cells = rows.map((r) => [
    r.name,
    `${r.ours} ${r.unit}`,
    listed(peersOf(r).map(({ name, value }) => `${value} ${r.unit} (${name})`)),
    listed(peersOf(r).map(({ ratio }) => ratio)),
    String(r.n),
  ]);
  const table = [['name', 'ours', 'peer', 'ratio', 'n'], ...cells];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  '));
  for (const { name, unit, contestants } of rows) {
    if (!contestants) continue;
    console.log(`\n${name}, samples in ${unit}:`);
    for (const each of contestants) console.log(`  ${each.mode}\n    ${each.samples.join(' ')}`);
  }
}

const wanted = process.argv.slice(2);
const known = MEASUREMENTS.flatMap((m) => m.names);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No such figure: ${unknown.join(', ')}. Known: ${known.join(', ')}.`);
  process.exit(2);
}
const dirty = git('status', '--porcelain', '--untracked-files=no');
if (dirty) {
  console.error(`Commit or undo these first, so that the figures belong to a commit:\n${dirty}`);
  process.exit(1);
}

const chosen = MEASUREMENTS.filter(
  (m) => wanted.length === 0 || m.names.some((name) => wanted.includes(name)),
);
/** @type {Measured[]} */
const measured = [];
/** @type {Map<string, Error>} by the figure's name */
const failed = new Map();
try {
  const { paths, missing } = await setUp(
    new Set(chosen.flatMap(({ needs, peers = {} }) => [...needs, ...Object.values(peers)])),
  );
  const possible = chosen.filter(({ names, needs, peers = {} }) => {
    for (const name of names) {
      const lacking = [...needs, peers[name]].find((need) => missing[need]);
      if (lacking) failed.set(name, missing[lacking]);
    }
    return names.some((name) => !failed.has(name));
  });
  for (const [name, { message }] of failed) console.error(`${name} cannot be measured. ${message}`);
  for (const measurement of possible.filter(({ site }) => !site)) await measure(measurement, paths);
  for (const [kind, start] of Object.entries(SITES)) {
    const onSite = possible.filter(({ site }) => site === kind);
    if (onSite.length === 0) continue;
    const site = await start(ROOT);
    try {
      for (const measurement of onSite) await measure(measurement, paths, site);
    } finally {
      await site.stop();
    }
  }
} catch (error) {
  exitWith(error);
}

/** A failure costs only its own figures. */
async function measure({ names, run }, tools, site) {
  console.log(`Measuring ${names.join(', ')} ...`);
  try {
    for (const figure of await run(tools, site)) {
      if (figure.error) failed.set(figure.name, figure.error);
      else measured.push(figure);
    }
  } catch (error) {
    for (const name of names) failed.set(name, error);
    console.error(error);
  }
}

const machine = `${cpus().length} x ${cpus()[0].model}`;
const commit = git('rev-parse', '--short', 'HEAD');
const round = (value) => (value === undefined ? null : Number(value.toPrecision(4)));
const rows = measured.map((m) => ({
  name: m.name,
  unit: m.unit,
  better: m.better,
  ours: round(m.ours),
  peer: round(m.peer),
  peerName: m.peerName ?? null,
  ratio: ratioOf(m, m.peer),
  ...(m.otherPeers && {
    otherPeers: m.otherPeers.map(({ name, value }) => ({
      name,
      value: round(value),
      ratio: ratioOf(m, value),
    })),
  }),
  n: m.samples.length,
  samples: m.samples.map(round),
  ...(m.contestants && {
    contestants: m.contestants.map((each) => ({ ...each, samples: each.samples.map(round) })),
  }),
  machine,
  commit,
}));
printTable(rows);

let kept = [];
try {
  kept = JSON.parse(readFileSync(LATEST, 'utf8'));
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}
const ran = new Set(rows.map((row) => row.name));
const merged = [...kept.filter((row) => !ran.has(row.name)), ...rows].toSorted((a, b) =>
  a.name.localeCompare(b.name),
);
writeFileSync(LATEST, `${JSON.stringify(merged, null, 2)}\n`);

if (failed.size > 0) {
  console.error('\nFailed:');
  for (const [name, { message }] of failed) console.error(`  ${name}: ${message.split('\n')[0]}`);
  process.exitCode = 1;
}
