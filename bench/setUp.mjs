/**
 * What the figures need, set up as `npm start` and `npm test` do it, before the first measurement. Like the launcher's
 * own, with Node's modules only: in a fresh clone there are no others yet.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from '../scripts/setup/apt.mjs';
import { ensureBuild } from '../scripts/setup/build.mjs';
import { ensureChromium } from '../scripts/setup/chromium.mjs';
import { withLock } from '../scripts/setup/lock.mjs';
import { ensureNodeModules } from '../scripts/setup/nodeModules.mjs';
import { LOCAL, ROOT, RUNTIME_PYTHON, pythonOf } from '../scripts/setup/paths.mjs';
import { ensureRuntimePython } from '../scripts/setup/python.mjs';
import { SetupError, capture, lastLines, mustRun, step } from '../scripts/setup/steps.mjs';

const BENCH = join(LOCAL, 'bench');
const BENCH_PEERS = join(LOCAL, 'bench-peers');
/** Debian's package of each program. */
const DS9_PROGRAMS = { ds9: 'saods9', xpaset: 'xpa-tools', xpaget: 'xpa-tools', Xvfb: 'xvfb' };

/** Builds the C program that decodes with cfitsio; gives its path. */
async function ensureCfitsioPeer() {
  const program = join(BENCH, 'cfitsio_decode');
  const source = join(ROOT, 'bench/peers/cfitsio_decode.c');
  mkdirSync(BENCH, { recursive: true });
  const compile = () => capture('cc', ['-O2', '-o', program, source, '-lcfitsio', '-lm']);
  if ((await compile()).code === 0) return program;
  const reason = 'The peer of the engine is a C program with cfitsio';
  if ((await capture('cc', ['--version'])).code !== 0) await aptInstall('gcc', reason);
  // The header files of the C library, which gcc only recommends.
  await aptInstall('libc6-dev', reason);
  await aptInstall('libcfitsio-dev', reason);
  const { code, output } = await compile();
  if (code !== 0) throw new SetupError(`The cfitsio peer does not build.\n${lastLines(output, 15)}`);
  return program;
}

/** The raw and the calibs that the engine reads, made anew when what makes them has changed; gives their folder. */
async function ensureInputs() {
  const generator = join(ROOT, 'bench/engine/inputs.py');
  const demo = join(ROOT, 'python/summit_notebook/demo');
  const sources = [
    generator,
    ...readdirSync(demo)
      .toSorted()
      .map((name) => join(demo, name)),
  ];
  const hash = createHash('sha256');
  for (const path of sources.filter((name) => name.endsWith('.py'))) hash.update(readFileSync(path));
  const folder = join(BENCH, `inputs-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  for (const old of existsSync(BENCH) ? readdirSync(BENCH) : [])
    if (old.startsWith('inputs-')) rmSync(join(BENCH, old), { recursive: true });
  const part = `${folder}.part`;
  mkdirSync(part, { recursive: true });
  await step('Making a raw and master calibs', async () => {
    const { code, output } = await capture(pythonOf(RUNTIME_PYTHON), [generator, part], {
      env: { ...process.env, PYTHONPATH: join(ROOT, 'python') },
    });
    if (code !== 0) throw new SetupError(`The files of the bench cannot be made.\n${lastLines(output, 15)}`);
  });
  renameSync(part, folder);
  return folder;
}

async function ensureDs9() {
  for (const [program, name] of Object.entries(DS9_PROGRAMS)) {
    if ((await capture('sh', ['-c', `command -v ${program}`])).code === 0) continue;
    await aptInstall(name, `DS9, a peer of the image display, needs ${program}`);
  }
  return 'ds9';
}

/** @type {Promise<void> | undefined} */
let installing;

/** A package of bench/peers/package.json, exactly as its lock names it, apart from the product's own; gives its folder. */
async function ensurePeerPackage(name) {
  installing ??= installPeers();
  await installing;
  return join(BENCH_PEERS, 'node_modules', name);
}

async function installPeers() {
  const lock = 'package-lock.json';
  const source = join(ROOT, 'bench/peers');
  const text = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  // npm writes it when all is there.
  const installed = existsSync(join(BENCH_PEERS, 'node_modules/.package-lock.json'));
  if (installed && text(join(BENCH_PEERS, lock)) === text(join(source, lock))) return;
  mkdirSync(BENCH_PEERS, { recursive: true });
  for (const file of ['package.json', lock]) copyFileSync(join(source, file), join(BENCH_PEERS, file));
  // Not `npm ci`: what js9 bundles is not what its manifest asks for, and no lock of it would be in order.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  await step('Installing the peers of the image display', () =>
    mustRun('the peers of the image display', 'npm', args, { cwd: BENCH_PEERS }),
  );
}

const TOOLS = {
  chromium: ensureChromium,
  cfitsio: ensureCfitsioPeer,
  inputs: ensureInputs,
  ds9: ensureDs9,
  js9: () => ensurePeerPackage('js9'),
  aladin: () => ensurePeerPackage('aladin-lite'),
};

/**
 * A tool that cannot be had costs only the figures that need it; without npm packages or Python there is no site at all.
 * @param {Set<keyof typeof TOOLS>} needs
 * @returns {Promise<{ paths: Record<string, string>, missing: Record<string, Error> }>} by the tool's name
 */
export async function setUp(needs) {
  const paths = {};
  const missing = {};
  await withLock(join(LOCAL, 'setup.lock'), () =>
    Promise.all([
      ensureNodeModules().then(ensureBuild),
      (async () => {
        await ensureRuntimePython();
        // One after the other: dpkg has one lock.
        for (const name of needs) {
          try {
            paths[name] = await TOOLS[name]();
          } catch (error) {
            if (!(error instanceof SetupError)) throw error;
            missing[name] = error;
          }
        }
      })(),
    ]),
  );
  return { paths, missing };
}
