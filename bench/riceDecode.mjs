/**
 * Decoding all HDUs of one RICE_1 raw: the engine under Node against cfitsio (C, -O2) and astropy, on the same file, in
 * the same minutes, one after the other in turn. CPU seconds of one thread, input and output in memory.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { crc32 } from 'node:zlib';
import { runnerImport } from 'vite';

const ROOT = join(import.meta.dirname, '..');
const WARM_UPS = 3;
const RUNS = 9;

function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** A peer program that decodes once for every line it gets. */
function startPeer(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  // Each ends the lines too, and with them the next decode.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async decode() {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ended early`);
      const [seconds, crc] = value.split(' ').map(Number);
      return { seconds, crc };
    },
    stop: () => child.stdin.end(),
  };
}

async function startEngine(rawPath) {
  const { module } = await runnerImport(join(ROOT, 'wasm/index.ts'), {
    configFile: false,
    logLevel: 'error',
  });
  const engine = await module.createEngine(readFileSync(join(ROOT, 'wasm/dist/astro_fits.wasm')));
  const bytes = readFileSync(rawPath);
  return {
    async decode() {
      const before = process.cpuUsage();
      const stream = engine.openStream({ expectedBytes: bytes.length });
      stream.push(bytes);
      stream.end();
      const planes = [];
      for (const hdu of stream.hdus) {
        if (hdu.width === 0) continue;
        const decoding = stream.decode(hdu);
        while (!decoding.step(512));
        planes.push(decoding.plane);
      }
      stream.free();
      const { user, system } = process.cpuUsage(before);
      let crc = 0;
      for (const plane of planes) {
        const { buffer, byteOffset, byteLength } = plane.view();
        crc = crc32(new Uint8Array(buffer, byteOffset, byteLength), crc);
        engine.free(plane);
      }
      return { seconds: (user + system) / 1e6, crc };
    },
    stop: () => {},
  };
}

/**
 * Medians in seconds; `samples` are the engine's. Throws when the three do not read the same pixels.
 * @param {string} rawPath
 * @param {string} cfitsioProgram as bench/setUp.mjs builds it
 */
export async function riceDecode(rawPath, cfitsioProgram) {
  const python = join(ROOT, '.local/python/bin/python');
  const readers = {
    ours: await startEngine(rawPath),
    cfitsio: startPeer(cfitsioProgram, [rawPath]),
    astropy: startPeer(python, [join(ROOT, 'bench/peers/astropy_decode.py'), rawPath]),
  };
  const samples = { ours: [], cfitsio: [], astropy: [] };
  try {
    for (let round = 0; round < WARM_UPS + RUNS; round++) {
      const sums = new Set();
      for (const [name, reader] of Object.entries(readers)) {
        const { seconds, crc } = await reader.decode();
        sums.add(crc);
        if (round >= WARM_UPS) samples[name].push(seconds);
      }
      if (sums.size !== 1) throw new Error('the engine, cfitsio and astropy read different pixels');
    }
  } finally {
    for (const reader of Object.values(readers)) reader.stop();
  }
  return {
    ours: median(samples.ours),
    cfitsio: median(samples.cfitsio),
    astropy: median(samples.astropy),
    samples: samples.ours,
  };
}
