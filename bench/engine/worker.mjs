/**
 * The worker of the engine's figures. One job is prepared, then run as often as asked; a checksum of what the last run
 * left is taken outside the measured time.
 */
import { createEngine } from '../../wasm/index.ts';

const STEPS = [
  'saturation',
  'serial-overscan',
  'parallel-overscan',
  'assemble',
  'bias',
  'variance',
  'dark',
  'flat',
];

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** CRC-32 of the pixels of all planes, one after the other; -0.0 counts as +0.0, and every NaN as one. */
function checksum(planes) {
  let crc = ~0;
  for (const plane of planes) {
    const { buffer, byteOffset, length } = plane.view();
    const words = new Uint32Array(buffer, byteOffset, length);
    const floats = plane.type === 'f32';
    for (let i = 0; i < length; i++) {
      let word = words[i];
      if (floats && word === 0x80000000) word = 0;
      if (floats && (word & 0x7fffffff) > 0x7f800000) word = 0x7fc00000;
      for (let shift = 0; shift < 32; shift += 8)
        crc = CRC_TABLE[(crc ^ (word >>> shift)) & 0xff] ^ (crc >>> 8);
    }
  }
  return ~crc >>> 0;
}

async function bytesOf(name) {
  const response = await fetch(`/inputs/${name}`);
  if (!response.ok) throw new Error(`${name} is not served: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const startEngine = async () => createEngine(await (await fetch('/engine.wasm')).arrayBuffer());

function open(engine, bytes) {
  const stream = engine.openStream({ expectedBytes: bytes.length });
  stream.push(bytes);
  stream.end();
  return stream;
}

function decodeWhole(stream, hdu) {
  const decoding = stream.decode(hdu);
  while (!decoding.step(512));
  return decoding.plane;
}

/** Each gives `run`, one whole job that leaves `planes` behind; the next job frees them. */
const jobs = {
  /** Every image of a file. */
  async decode({ file }) {
    const engine = await startEngine();
    const bytes = await bytesOf(file);
    let planes = [];
    return {
      run() {
        for (const plane of planes) engine.free(plane);
        const stream = open(engine, bytes);
        planes = stream.hdus.filter((hdu) => hdu.width > 0).map((hdu) => decodeWhole(stream, hdu));
        stream.free();
      },
      checksum: () => checksum(planes),
    };
  },
  /** A raw, decoded and reduced with every step that a night's first look takes; calibs stay resident. */
  async isr({ file, calibs: files }) {
    const engine = await startEngine();
    const calibs = {};
    for (const [kind, name] of Object.entries(files)) {
      const stream = open(engine, await bytesOf(name));
      const reading = engine.readCalib(stream, kind, name);
      while (!reading.step(512));
      calibs[kind] = reading.calib;
      stream.free();
    }
    const bytes = await bytesOf(file);
    /** @type {{ image?: any, mask?: any, variance?: any }} */
    let into = {};
    return {
      run() {
        const stream = open(engine, bytes);
        const isr = engine.isr(stream, { steps: STEPS, calibs, into });
        while (isr.step(256) !== 'done');
        const missing = isr.report.steps.filter(({ done }) => !done);
        if (missing.length > 0) throw new Error(JSON.stringify(missing));
        into = { image: isr.image, mask: isr.mask, variance: isr.variance };
        isr.free();
        stream.free();
      },
      checksum: () => checksum([into.image, into.mask, into.variance]),
    };
  },
};

/** Milliseconds from the engine's bytes in memory to the first tile of a raw's first segment. */
async function firstTile({ file }) {
  const module = await (await fetch('/engine.wasm')).arrayBuffer();
  const raw = await bytesOf(file);
  const begin = performance.now();
  const engine = await createEngine(module);
  const stream = engine.openStream({ expectedBytes: raw.length });
  const piece = 1 << 18;
  let segment;
  for (let at = 0; !segment?.complete && at < raw.length; at += piece) {
    stream.push(raw.subarray(at, at + piece));
    segment = stream.hdus.find((hdu) => hdu.width > 0);
  }
  stream.decode(segment).step(1);
  return performance.now() - begin;
}

let job;
const answers = {
  hello: () => ({}),
  async prepare(request) {
    job = await jobs[request.job](request);
    return {};
  },
  run({ count }) {
    const begin = performance.now();
    for (let n = 0; n < count; n++) job.run();
    return { milliseconds: performance.now() - begin };
  },
  checksum: () => ({ crc: job.checksum() }),
  firstTile: async (request) => ({ milliseconds: await firstTile(request) }),
};

globalThis.onmessage = async ({ data }) => {
  try {
    postMessage(await answers[data.what](data));
  } catch (error) {
    postMessage({ error: String(error.stack ?? error) });
  }
};
