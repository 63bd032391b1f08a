/**
 * The engine's own figures: no site, only its module in a worker of Chromium and the peers, on the files of inputs.py.
 * Processor time of one thread, input and output in memory, files read before.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, RUNTIME_PYTHON, pythonOf } from '../../scripts/setup/paths.mjs';
import { contest, median, startPeer, startWorker } from './contest.mjs';
import { openPage } from './page.mjs';

const PYTHON = pythonOf(RUNTIME_PYTHON);
const PEERS = join(ROOT, 'bench/peers');
const RAW = 'raw.fits.fz';
/** The one whose variance is as noisy as its pixels. */
const CALIB = 'flat.fits';
const CALIBS = { bias: 'bias.fits', dark: 'dark.fits', flat: 'flat.fits' };
const FRESH_WORKERS = 10;

async function withPage(tools, act) {
  const names = [RAW, ...Object.values(CALIBS)];
  const page = await openPage(
    tools.chromium,
    Object.fromEntries(names.map((name) => [name, join(tools.inputs, name)])),
  );
  try {
    return await act(page);
  } finally {
    await page.close();
  }
}

/** @param {(page: Awaited<ReturnType<typeof openPage>>) => Promise<import('./contest.mjs').Contestant>[]} enter */
async function compare(tools, enter) {
  return withPage(tools, async (page) => {
    const entered = await Promise.allSettled(enter(page));
    const contestants = entered.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
    try {
      const failed = entered.find(({ status }) => status === 'rejected');
      if (failed) throw failed.reason;
      return await contest(contestants);
    } finally {
      for (const { stop } of contestants) await stop();
    }
  });
}

const cfitsio = (tools, file, result = 'pixels') =>
  startPeer('cfitsio', result, tools.cfitsio, [join(tools.inputs, file)]);

const python = (tools, name, program, files) =>
  startPeer(name, 'pixels', PYTHON, [join(PEERS, program), ...files.map((file) => join(tools.inputs, file))]);

const faster = (name, samples, peerName, otherPeers = []) => ({
  name,
  unit: 's',
  better: 'lower',
  ours: median(samples.ours),
  peer: median(samples[peerName]),
  peerName,
  ...(otherPeers.length > 0 && {
    otherPeers: otherPeers.map((other) => ({ name: other, value: median(samples[other]) })),
  }),
  samples: samples.ours,
});

async function measureDecode(name, tools, file) {
  const samples = await compare(tools, (page) => [
    startWorker(page, 'pixels', { job: 'decode', file }),
    cfitsio(tools, file),
    python(tools, 'astropy', 'astropy_decode.py', [file]),
  ]);
  return [faster(name, samples, 'cfitsio', ['astropy'])];
}

export const measureRiceDecode = (tools) => measureDecode('rice-decode', tools, RAW);
export const measureGzip2Calib = (tools) => measureDecode('gzip2-calib-vs-cfitsio', tools, CALIB);

export async function measureWasmSize() {
  const bytes = gzipSync(readFileSync(join(ROOT, 'wasm/dist/astro_fits.wasm')), { level: 9 }).length;
  return [{ name: 'wasm-gzip', unit: 'kB', better: 'lower', ours: bytes / 1000, samples: [bytes / 1000] }];
}

/** Each in a process of its own: a worker after another would find the compiled module in the process's cache. */
export async function measureInstantiate(tools) {
  const samples = [];
  while (samples.length < FRESH_WORKERS) {
    samples.push(
      await withPage(tools, async (page) => {
        const worker = await page.newWorker();
        return (await worker.ask({ what: 'firstTile', file: RAW })).milliseconds;
      }),
    );
  }
  return [{ name: 'instantiate', unit: 'ms', better: 'lower', ours: median(samples), samples }];
}
