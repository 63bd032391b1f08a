/**
 * `npm run bench [-- NAME...]`: measures the figures that the README quotes, on real parts: a demo site, its Hub, its
 * registry, Debian's Chromium. Prints a table and updates bench/results/latest.json for the names that it ran.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { measureFirstVisit, measureInitialScripts, measureLiveLatency } from './browser.mjs';
import { startSite } from './site.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const LATEST = resolve(ROOT, 'bench/results/latest.json');

/** @typedef {{ name: string, unit: string, better: 'lower' | 'higher', ours: number, peer: number | null, peerName: string | null, samples: number[] }} Measured */

/** One entry per way of measuring; each gives one or more named figures. */
const MEASUREMENTS = [
  { names: ['initial-js-gzip'], run: measureInitialScripts },
  { names: ['first-visit-to-painted'], run: measureFirstVisit },
  { names: ['landed-to-painted-median', 'landed-to-painted-worst'], run: measureLiveLatency },
  { names: ['rice-decode'], run: measureRiceDecode },
];

function git(...args) {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

async function measureRiceDecode(site) {
  const { riceDecode } = await import('./riceDecode.mjs');
  const { ours, cfitsio, astropy, samples } = await riceDecode(await site.someRaw());
  console.log(`  rice-decode: astropy, same file and run: ${astropy.toFixed(3)} s`);
  return [
    { name: 'rice-decode', unit: 's', better: 'lower', ours, peer: cfitsio, peerName: 'cfitsio', samples },
  ];
}

/** > 1 means ahead of the peer. */
function ratioOf({ better, ours, peer }) {
  if (peer === null) return null;
  return Number((better === 'lower' ? peer / ours : ours / peer).toFixed(3));
}

function printTable(rows) {
  const cells = rows.map((r) => [
    r.name,
    `${r.ours} ${r.unit}`,
    r.peer === null ? '–' : `${r.peer} ${r.unit} (${r.peerName})`,
    r.ratio === null ? '–' : String(r.ratio),
    String(r.n),
  ]);
  const table = [['name', 'ours', 'peer', 'ratio', 'n'], ...cells];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  '));
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
const site = await startSite(ROOT);
/** @type {Measured[]} */
const measured = [];
try {
  for (const { names, run } of chosen) {
    console.log(`Measuring ${names.join(', ')} ...`);
    measured.push(...(await run(site)));
  }
} finally {
  await site.stop();
}

const machine = `${cpus().length} x ${cpus()[0].model}`;
const commit = git('rev-parse', '--short', 'HEAD');
const round = (value) => (value === null ? null : Number(value.toPrecision(4)));
const rows = measured.map((m) => ({
  name: m.name,
  unit: m.unit,
  better: m.better,
  ours: round(m.ours),
  peer: round(m.peer),
  peerName: m.peerName,
  ratio: ratioOf(m),
  n: m.samples.length,
  samples: m.samples.map(round),
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
