/** What the module's memory grows to with everything that a whole detector wants at once. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Calib, Engine, Plane } from './index.ts';
import { createEngine } from './index.ts';
import type { CardToWrite } from './writer.ts';

const MODULE = new WebAssembly.Module(readFileSync(resolve(import.meta.dirname, 'dist/astro_fits.wasm')));
const MIB = 1 << 20;
/** An E2V detector of LSSTCam, the largest there is. */
const [WIDTH, HEIGHT, RAW_WIDTH, RAW_HEIGHT] = [4096, 4004, 576, 2048];
const SEGMENTS = Array.from({ length: 16 }, (_, i) => (i < 8 ? `1${i}` : `0${15 - i}`));

/** Bits that look like noise, always the same ones. */
function noise(words: Int32Array, level: number, bits: number): void {
  let state = 12345;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    words[i] = level + (state >>> (32 - bits));
  }
}

interface Hdu {
  readonly type: 'f32' | 'i32';
  readonly width: number;
  readonly height: number;
  readonly name: string;
  readonly cards?: readonly CardToWrite[];
  readonly fill: (words: Int32Array) => void;
}

/** A file of compressed images (a single pixel is the primary HDU), written by an engine of its own, whose memory does not count. */
async function file(hdus: readonly Hdu[]): Promise<Uint8Array> {
  const engine = await createEngine(MODULE);
  const writer = await engine.write();
  for (const { type, width, height, name, cards = [], fill } of hdus) {
    const plane = blank(engine, type, width, height);
    const view = plane.view();
    fill(new Int32Array(view.buffer, view.byteOffset, view.length));
    const compression = width === 1 ? 'none' : type === 'f32' ? 'GZIP_2' : 'RICE_1';
    const writing = writer.image(plane, { name, cards, compression });
    while (!writing.step(512));
    engine.free(plane);
  }
  const bytes = writer.bytes();
  writer.free();
  return bytes;
}

/** A plane of that type and size, decoded from a file without compression. */
function blank(engine: Engine, type: 'f32' | 'i32', width: number, height: number): Plane {
  const card = (text: string) => text.padEnd(80);
  const header = [
    'SIMPLE  = T',
    `BITPIX  = ${type === 'f32' ? -32 : 32}`,
    'NAXIS   = 2',
    `NAXIS1  = ${width}`,
    `NAXIS2  = ${height}`,
    'END',
  ];
  const stream = engine.openStream();
  stream.push(new TextEncoder().encode(header.map(card).join('').padEnd(2880)));
  stream.push(new Uint8Array(4 * width * height));
  stream.end();
  const decoding = stream.decode(stream.hdus[0]!);
  while (!decoding.step(1024));
  stream.free();
  return decoding.plane;
}

let raw: Uint8Array, master: Uint8Array;
beforeAll(async () => {
  const sky = (words: Int32Array) => noise(words, 20000, 5);
  const cards = [
    { keyword: 'INSTRUME', value: 'lsstCam' },
    { keyword: 'RAFTBAY', value: 'R22' },
    { keyword: 'CCDSLOT', value: 'S11' },
    { keyword: 'CCD_MANU', value: 'E2V' },
    { keyword: 'DARKTIME', value: 15 },
  ];
  const size = { type: 'i32', width: RAW_WIDTH, height: RAW_HEIGHT } as const;
  raw = await file([
    { type: 'i32', width: 1, height: 1, name: '', cards, fill: () => {} },
    ...SEGMENTS.map((segment) => ({ ...size, name: `Segment${segment}`, fill: sky })),
  ]);
  // From 1.0 on, with noise in two of its four bytes, so that half of the file stays when it is compressed.
  const floats = (words: Int32Array) => noise(words, 0x3f800000, 16);
  const bad = (words: Int32Array) => {
    for (let i = 0; i < words.length; i += 501) words[i] = 1;
  };
  master = await file([
    { type: 'f32', width: WIDTH, height: HEIGHT, name: 'IMAGE', fill: floats },
    { type: 'i32', width: WIDTH, height: HEIGHT, name: 'MASK', fill: bad },
  ]);
}, 300_000);

/** The job's and its masters' memory, in MiB; `piece` bytes of the raw are pushed whenever the job waits. */
async function peak(piece: number): Promise<number> {
  const engine = await createEngine(MODULE);
  const calibs: Partial<Record<'bias' | 'dark' | 'flat', Calib>> = {};
  for (const kind of ['bias', 'dark', 'flat'] as const) {
    const stream = engine.openStream({ expectedBytes: master.length });
    stream.push(master);
    stream.end();
    const reading = engine.readCalib(stream, kind, kind);
    while (!reading.step(256));
    calibs[kind] = reading.calib;
    stream.free();
  }
  const stream = engine.openStream({ expectedBytes: raw.length });
  const job = engine.isr(stream, {
    steps: [
      'saturation',
      'serial-overscan',
      'parallel-overscan',
      'assemble',
      'bias',
      'variance',
      'dark',
      'flat',
    ],
    calibs,
  });
  for (let at = 0, state = 'more'; state !== 'done'; state = job.step(256)) {
    if (state !== 'waiting') continue;
    if (at < raw.length) stream.push(raw.subarray(at, at + piece));
    else stream.end();
    at += piece;
  }
  expect(job.report.steps.filter(({ done }) => !done)).toEqual([]);
  expect(job.image.width * job.image.height).toBe(WIDTH * HEIGHT);
  expect(job.mask?.type).toBe('i32');
  expect(job.variance?.type).toBe('f32');
  return engine.memoryBytes / MIB;
}

test('a whole detector with image, mask, variance and three masters takes less than 400 MiB', async () => {
  expect(master.length).toBeGreaterThan(30e6);
  expect(await peak(1e6)).toBeLessThan(392);
  expect(await peak(raw.length)).toBeLessThan(400);
}, 300_000);
