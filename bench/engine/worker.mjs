/**
 * The worker of the engine's figures. One job is prepared, then run as often as asked; a checksum of what the last run
 * left is taken outside the measured time.
 */
import { createEngine } from '../../wasm/index.ts';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** CRC-32 of the pixels of all planes, one after the other. */
function checksum(planes) {
  let crc = ~0;
  for (const plane of planes) {
    const { buffer, byteOffset, byteLength } = plane.view();
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength))
      crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
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
