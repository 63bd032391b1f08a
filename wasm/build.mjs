/**
 * Builds the package into wasm/dist: astro_fits.wasm from wasm/src with the clang that the npm package @yowasp/clang
 * brings (no system compiler, no network), and the TypeScript as JavaScript with declarations. Objects are cached by
 * everything that makes them, so that a build without changes is instant.
 *
 *     node wasm/build.mjs [--quiet]
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = import.meta.dirname;
const CACHE = join(HERE, '..', '.local', 'wasm-cache');
const OUTPUT = join(HERE, 'dist', 'astro_fits.wasm');

/** -ffp-contract=off and no fast-math: browser, native and Python must agree bit for bit. */
export const LANGUAGE_FLAGS = ['-std=c++20', '-ffp-contract=off', '-fno-exceptions', '-fno-rtti'];
const COMPILE_FLAGS = [
  ...LANGUAGE_FLAGS,
  '-msimd128',
  '-fvisibility=hidden',
  '-Iinclude',
  '-Wall',
  '-Wextra',
  '-Werror',
];
/** Units that run once a file, where a smaller module is worth more than a faster loop; all others touch pixels. */
const SMALL = new Set(
  [
    'calib_table',
    'camera',
    'camera_json',
    'camera_table',
    'card_text',
    'crc32_tables',
    'deflate',
    'header',
    'header_check',
    'inflate',
    'isr',
    'isr_calib',
    'isr_defects',
    'isr_linearity',
    'isr_recipe',
    'isr_report',
    'isr_setup',
    'json_text',
    'number_text',
    'polynomial_map',
    'projection',
    'rice_encode',
    'section',
    'sky_frame',
    'stream',
    'summary',
    'table',
    'table_values',
    'tile_grid',
    'tiles',
    'wcs',
    'wcs_header',
    'writer',
  ].map((name) => `${name}.cpp`),
);
const flagsOf = (unit) => [...COMPILE_FLAGS, SMALL.has(unit) ? '-Os' : '-O3'];
/** A reactor is a library; the stack lies first in memory, so that an overflow traps instead of overwriting data. */
const LINK_FLAGS = [
  '-mexec-model=reactor',
  '-Wl,--strip-all',
  '-Wl,--stack-first',
  '-Wl,-z,stack-size=262144',
  '-Wl,--max-memory=4294967296',
];

export function digest(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 32);
}

/** @returns {Promise<[string, Buffer][]>} name and content, by name */
async function readAll(directory, pattern) {
  const names = (await readdir(directory)).filter((name) => pattern.test(name)).sort();
  return Promise.all(
    names.map(
      async (name) => /** @type {[string, Buffer]} */ ([name, await readFile(join(directory, name))]),
    ),
  );
}

/**
 * The headers that a source includes, directly or not, so that a change to one compiles only what reads it.
 * @param {Buffer} source
 * @param {Map<string, Buffer>} headers content by name, whatever folder they are included from
 * @returns {[string, Buffer][]} name and content, by name
 */
export function included(source, headers) {
  const found = new Map();
  const visit = (text) => {
    for (const [, path] of text.toString().matchAll(/^#include "(.+)"/gm)) {
      const name = basename(path);
      const content = headers.get(name);
      if (content === undefined || found.has(name)) continue;
      found.set(name, content);
      visit(content);
    }
  };
  visit(source);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function readOrUndefined(path) {
  try {
    return await readFile(path);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Through a temporary name, so that an interrupted build leaves no half file behind. */
async function writeWhole(path, bytes) {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}

/** The compiler is loaded once, when first needed: loading takes seconds and 100 MB. */
function lazyClang() {
  let loading;
  return async (args, files) => {
    loading ??= import('@yowasp/clang').then(async (clang) => {
      // Its first call reports how it reads its own files, which is of no use here.
      const quiet = { stdout: () => {}, stderr: () => {}, fetchProgress: () => {} };
      await clang.runLLVM(['clang', '--version'], {}, quiet);
      return clang;
    });
    const { runClang } = await loading;
    const messages = [];
    const collect = (bytes) => bytes !== null && messages.push(Buffer.from(bytes));
    try {
      return await runClang(['clang++', ...args], files, {
        stdout: collect,
        stderr: collect,
        fetchProgress: () => {},
      });
    } catch (error) {
      throw new Error(`the compiler failed on ${args.at(-1)}\n${Buffer.concat(messages).toString()}`, {
        cause: error,
      });
    }
  };
}

export async function buildEngine({ log = console.log } = {}) {
  const started = performance.now();
  const units = await readAll(join(HERE, 'src'), /\.cpp$/);
  const headers = [
    ...(await readAll(join(HERE, 'src'), /\.h$/)),
    ...(await readAll(join(HERE, 'include'), /\.h$/)),
  ];
  const bundle = createRequire(import.meta.url).resolve('@yowasp/clang');
  const { version } = JSON.parse(await readFile(join(dirname(bundle), '..', 'package.json'), 'utf8'));
  const contents = new Map(headers);
  const keys = units.map(([name, source]) =>
    digest(version, ...flagsOf(name), name, source, ...included(source, contents).flat()),
  );
  const linkKey = digest(...LINK_FLAGS, ...keys);

  const linked = join(CACHE, `${linkKey}.wasm`);
  const ready = await readOrUndefined(linked);
  if (ready) {
    if (!(await readOrUndefined(OUTPUT))?.equals(ready)) {
      await mkdir(join(HERE, 'dist'), { recursive: true });
      await writeWhole(OUTPUT, ready);
    }
    log(`engine is up to date (${(ready.length / 1024).toFixed(0)} kB)`);
    return OUTPUT;
  }

  await mkdir(CACHE, { recursive: true });
  await mkdir(join(HERE, 'dist'), { recursive: true });
  const clang = lazyClang();
  const tree = {
    src: Object.fromEntries([...units, ...headers.filter(([name]) => name !== 'astro_fits.h')]),
  };
  tree.include = { 'astro_fits.h': headers.find(([name]) => name === 'astro_fits.h')[1] };
  const objects = {};
  for (const [i, [name]] of units.entries()) {
    const cached = join(CACHE, `${keys[i]}.o`);
    const object = `${name.slice(0, -4)}.o`;
    let bytes = await readOrUndefined(cached);
    const unitStarted = performance.now();
    if (bytes) {
      log(`engine ${i + 1}/${units.length} ${name} (cached)`);
    } else {
      const out = await clang([...flagsOf(name), '-c', '-o', object, `src/${name}`], tree);
      bytes = out[object];
      await writeWhole(cached, bytes);
      log(
        `engine ${i + 1}/${units.length} ${name} ${((performance.now() - unitStarted) / 1000).toFixed(1)} s`,
      );
    }
    objects[object] = bytes;
  }
  const out = await clang([...LINK_FLAGS, '-o', 'astro_fits.wasm', ...Object.keys(objects)], objects);
  const wasm = out['astro_fits.wasm'];
  const imports = WebAssembly.Module.imports(await WebAssembly.compile(wasm));
  if (imports.length > 0)
    throw new Error(
      `the engine must import nothing, but wants ${imports.map(({ name }) => name).join(', ')}`,
    );
  await writeWhole(linked, wasm);
  await writeWhole(OUTPUT, wasm);
  log(
    `engine built: ${(wasm.length / 1024).toFixed(0)} kB in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  return OUTPUT;
}

/** The API and the command line for those who do not read TypeScript: Node, and users of the published package. */
async function buildScripts() {
  const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
    /package\.json$/,
    'bin/tsc',
  );
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', join(HERE, 'tsconfig.build.json')]);
  } catch (error) {
    throw new Error(`the scripts could not be compiled\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await buildEngine(process.argv.includes('--quiet') ? { log: () => {} } : {});
    await buildScripts();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
