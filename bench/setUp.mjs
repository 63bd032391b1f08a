/**
 * What the figures need, set up as `npm start` and `npm test` do it, before the first measurement. Like the launcher's
 * own, with Node's modules only: in a fresh clone there are no others yet.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall } from '../scripts/setup/apt.mjs';
import { ensureBuild } from '../scripts/setup/build.mjs';
import { ensureChromium } from '../scripts/setup/chromium.mjs';
import { withLock } from '../scripts/setup/lock.mjs';
import { ensureNodeModules } from '../scripts/setup/nodeModules.mjs';
import { LOCAL, ROOT } from '../scripts/setup/paths.mjs';
import { ensureRuntimePython } from '../scripts/setup/python.mjs';
import { SetupError, capture, lastLines } from '../scripts/setup/steps.mjs';

/** Builds the C program that decodes with cfitsio; gives its path. */
async function ensureCfitsioPeer() {
  const directory = join(LOCAL, 'bench');
  const program = join(directory, 'cfitsio_decode');
  const source = join(ROOT, 'bench/peers/cfitsio_decode.c');
  mkdirSync(directory, { recursive: true });
  const compile = () => capture('cc', ['-O2', '-o', program, source, '-lcfitsio', '-lm']);
  if ((await compile()).code === 0) return program;
  const reason = 'The peer of rice-decode is a C program with cfitsio';
  if ((await capture('cc', ['--version'])).code !== 0) await aptInstall('gcc', reason);
  // The header files of the C library, which gcc only recommends.
  await aptInstall('libc6-dev', reason);
  await aptInstall('libcfitsio-dev', reason);
  const { code, output } = await compile();
  if (code !== 0) throw new SetupError(`The cfitsio peer does not build.\n${lastLines(output, 15)}`);
  return program;
}

const TOOLS = { chromium: ensureChromium, cfitsio: ensureCfitsioPeer };

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
