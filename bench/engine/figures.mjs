/**
 * The engine's own figures: no site, only its module in a worker of Chromium and the peers, on the files of inputs.py.
 * Processor time of one thread, input and output in memory, files read before. JavaScript peers are missing: fitsjs
 * (0.6.6) takes the dither of quantized floats off integers too, so that its pixels differ, and JS9 is cfitsio itself.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT, RUNTIME_PYTHON, pythonOf } from '../../scripts/setup/paths.mjs';
import { WARM_UPS, contest, median, startPeer, startWorker } from './contest.mjs';
import { openPage } from './page.mjs';

const PYTHON = pythonOf(RUNTIME_PYTHON);
const PEERS = join(ROOT, 'bench/peers');
const RAW = 'raw.fits.fz';
/** The one whose variance is as noisy as its pixels. */
const CALIB = 'flat.fits';
const CALIBS = { bias: 'bias.fits', dark: 'dark.fits', flat: 'flat.fits' };
const FRESH_WORKERS = 10;
const THROUGHPUT_ROUNDS = 5;
const JOBS_PER_WORKER = 10;

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

/** Two figures of one run: everything against cfitsio's decode alone, and against astropy and numpy doing the same. */
export async function measureIsr(tools) {
  const samples = await compare(tools, (page) => [
    startWorker(page, 'pixels', { job: 'isr', file: RAW, calibs: CALIBS }),
    cfitsio(tools, RAW, 'raw pixels'),
    python(tools, 'astropy + numpy', 'numpy_isr.py', [RAW, ...Object.values(CALIBS)]),
  ]);
  return [
    faster('isr-full-vs-cfitsio-decode', samples, 'cfitsio'),
    faster('isr-full-vs-astropy', samples, 'astropy + numpy'),
  ];
}

/** Jobs a second by the clock on the wall, in turn with one worker and with two. */
export async function measureTwoWorkers(tools) {
  return withPage(tools, async (page) => {
    const workers = [await page.newWorker(), await page.newWorker()];
    for (const worker of workers) {
      await worker.ask({ what: 'prepare', job: 'isr', file: RAW, calibs: CALIBS });
      await worker.ask({ what: 'run', count: WARM_UPS });
    }
    const jobsPerSecond = async (working) => {
      const begin = performance.now();
      await Promise.all(working.map((worker) => worker.ask({ what: 'run', count: JOBS_PER_WORKER })));
      return (working.length * JOBS_PER_WORKER * 1000) / (performance.now() - begin);
    };
    const one = [];
    const two = [];
    while (two.length < THROUGHPUT_ROUNDS) {
      one.push(await jobsPerSecond(workers.slice(0, 1)));
      two.push(await jobsPerSecond(workers));
    }
    return [
      {
        name: 'two-workers',
        unit: 'jobs/s',
        better: 'higher',
        ours: median(two),
        peer: median(one),
        peerName: 'one worker',
        samples: two,
      },
    ];
  });
}

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
