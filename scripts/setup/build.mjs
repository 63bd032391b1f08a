/** Builds the engine (C++ to WebAssembly) and the app into dist/. Needs node_modules; no network, no Python. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL, ROOT, WEB_DIR } from './paths.mjs';
import { SetupError, capture, lastLines, step } from './steps.mjs';

const ENGINE = ['astro_fits.wasm', 'cli/main.js'].map((name) => join(ROOT, 'wasm/dist', name));
const STAMP = join(LOCAL, 'build.sha256');
const SOURCES = [
  'src',
  'wasm',
  'public',
  'index.html',
  'kiosk.html',
  'panel.html',
  'vite.config.ts',
  'tsconfig.base.json',
  'package-lock.json',
];
const NOT_SOURCES = /(^|\/)(dist|node_modules|\.tsc)(\/|$)|\.test\.tsx?$|\.tsbuildinfo$/;

/** @returns {string[]} */
function sourceFiles() {
  return SOURCES.flatMap((entry) => {
    const path = join(ROOT, entry);
    if (!existsSync(path)) return [];
    if (entry.includes('.')) return [entry];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath ?? file.path, file.name).slice(ROOT.length + 1));
  })
    .filter((file) => !NOT_SOURCES.test(file))
    .toSorted();
}

function sourcesHash() {
  const hash = createHash('sha256').update(process.version);
  for (const file of sourceFiles()) hash.update(`\0${file}\0`).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

async function mustBuild(/** @type {string} */ what, /** @type {string[]} */ args) {
  const { code, output } = await capture(process.execPath, args, { cwd: ROOT });
  if (code !== 0) throw new SetupError(`Could not build ${what}.\n${lastLines(output, 40)}`);
}

export async function build() {
  const hash = sourcesHash();
  await step('Building the engine', () => mustBuild('the engine', ['wasm/build.mjs']));
  await step('Building the app', async () => {
    // Built aside and swapped in, since a running site may be serving dist/.
    const fresh = join(LOCAL, 'dist-new');
    const old = join(LOCAL, 'dist-old');
    await mustBuild('the app', [
      'node_modules/vite/bin/vite.js',
      'build',
      '--outDir',
      fresh,
      '--emptyOutDir',
    ]);
    rmSync(old, { recursive: true, force: true });
    if (existsSync(WEB_DIR)) renameSync(WEB_DIR, old);
    renameSync(fresh, WEB_DIR);
    rmSync(old, { recursive: true, force: true });
  });
  mkdirSync(LOCAL, { recursive: true });
  writeFileSync(STAMP, hash);
}

/** Builds only when a source has changed since the last build. */
export async function ensureBuild() {
  const stamp = existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : '';
  if (existsSync(join(WEB_DIR, 'index.html')) && ENGINE.every(existsSync) && stamp === sourcesHash()) return;
  await build();
}
