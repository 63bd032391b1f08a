/** The `isr` command on a small raw whose result is known. True exposures are compared with numpy in python/tests. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { imageSha256 } from './hash.ts';
import { oncePerKind } from './isr.ts';

// Each run starts a program; on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const PROGRAM = resolve(import.meta.dirname, '../bin/astro-fits-wasm.mjs');
const SEGMENTS = [
  '10',
  '11',
  '12',
  '13',
  '14',
  '15',
  '16',
  '17',
  '07',
  '06',
  '05',
  '04',
  '03',
  '02',
  '01',
  '00',
];
const BLOCK = 2880;
/** Of a segment: prescan, image, overscan; image rows, all rows. */
const [PRE, WIDTH, RAW_WIDTH, HEIGHT, RAW_HEIGHT] = [3, 26, 40, 8, 12];
const [FRAME_WIDTH, FRAME_HEIGHT] = [8 * WIDTH, 2 * HEIGHT];

type Value = string | number | boolean;

function card([keyword, value]: readonly [string, Value]): string {
  const text = typeof value === 'string' ? `'${value}'` : value === true ? 'T' : String(value).padStart(20);
  return `${keyword.padEnd(8)}= ${text}`.padEnd(80);
}

function hdu(cards: readonly (readonly [string, Value])[], data: Buffer): Buffer {
  const header = `${cards.map(card).join('')}${'END'.padEnd(80)}`;
  const pad = (bytes: Buffer, by: string): Buffer =>
    Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK, by)]);
  return Buffer.concat([pad(Buffer.from(header), ' '), pad(data, '\0')]);
}

function image(bitpix: number, width: number, height: number, at: (x: number, y: number) => number): Buffer {
  const data = Buffer.alloc(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const offset = 4 * (y * width + x);
      if (bitpix < 0) data.writeFloatBE(at(x, y), offset);
      else data.writeInt32BE(at(x, y), offset);
    }
  }
  return data;
}

const axes = (bitpix: number, width: number, height: number) =>
  [
    ['BITPIX', bitpix],
    ['NAXIS', 2],
    ['NAXIS1', width],
    ['NAXIS2', height],
  ] as const;

/** Raw pixels are the amplifier's level plus, on the image area, x + 100 y in readout order. */
function raw(): Buffer {
  const primary = hdu(
    [
      ['SIMPLE', true],
      ['BITPIX', 8],
      ['NAXIS', 0],
      ['INSTRUME', 'Made up'],
      ['EXPTIME', 30],
      ['DARKTIME', 31],
      ['DETSIZE', `[1:${FRAME_WIDTH},1:${FRAME_HEIGHT}]`],
    ],
    Buffer.alloc(0),
  );
  const segments = SEGMENTS.map((segment, index) => {
    const column = Number(segment[1]);
    const x = `${(column + 1) * WIDTH}:${column * WIDTH + 1}`;
    const y = segment[0] === '1' ? `1:${HEIGHT}` : `${2 * HEIGHT}:${HEIGHT + 1}`;
    const level = 1000 + 10 * index;
    const pixels = image(32, RAW_WIDTH, RAW_HEIGHT, (column_, row) => {
      const x_ = column_ - PRE;
      return x_ >= 0 && x_ < WIDTH && row < HEIGHT ? level + x_ + 100 * row : level;
    });
    return hdu(
      [
        ['XTENSION', 'IMAGE   '],
        ...axes(32, RAW_WIDTH, RAW_HEIGHT),
        ['PCOUNT', 0],
        ['GCOUNT', 1],
        ['EXTNAME', `Segment${segment}`],
        ['DATASEC', `[${PRE + 1}:${PRE + WIDTH},1:${HEIGHT}]`],
        ['DETSEC', `[${x},${y}]`],
      ],
      pixels,
    );
  });
  return Buffer.concat([primary, ...segments]);
}

function master(at: (x: number, y: number) => number, cards: readonly (readonly [string, Value])[]): Buffer {
  const pixels = image(-32, FRAME_WIDTH, FRAME_HEIGHT, at);
  return hdu([['SIMPLE', true], ...axes(-32, FRAME_WIDTH, FRAME_HEIGHT), ...cards], pixels);
}

/** The overscans taken away and every segment where it belongs: the 1x ones in the upper half, all turned in x. */
function assembled(x: number, y: number): number {
  const column = WIDTH - 1 - (x % WIDTH);
  return column + 100 * (y < HEIGHT ? y : FRAME_HEIGHT - 1 - y);
}

function expected(at: (x: number, y: number) => number): string {
  const pixels = Float32Array.from({ length: FRAME_WIDTH * FRAME_HEIGHT }, (_, i) =>
    at(i % FRAME_WIDTH, Math.floor(i / FRAME_WIDTH)),
  );
  return createHash('sha256').update(new Uint8Array(pixels.buffer)).digest('hex');
}

interface Answer {
  readonly sha256: string;
  readonly steps: readonly { readonly name: string; readonly done: boolean; readonly reason?: string }[];
  readonly amplifiers: readonly Record<string, unknown>[];
  readonly ms: Record<string, number>;
  readonly warnings: readonly string[];
  readonly unit: string;
  readonly geometry: string;
}

let scratch: string;
const file = (name: string): string => join(scratch, name);

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'astro-fits-isr-'));
  writeFileSync(file('raw.fits'), raw());
  writeFileSync(
    file('bias.fits'),
    master((x, y) => x - y / 4, [['BUNIT', 'adu']]),
  );
  writeFileSync(
    file('dark.fits'),
    master(() => 0.1, [['EXPTIME', 10]]),
  );
  writeFileSync(
    file('flat.fits'),
    master((x) => (x === 5 ? 0 : 2), []),
  );
});
afterAll(() => rmSync(scratch, { recursive: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(PROGRAM, ['isr', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function isr(...args: string[]): Answer {
  const { status, stdout, stderr } = run(file('raw.fits'), '--parallel-skip', '0,0', ...args, '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

const done = (answer: Answer): string[] => answer.steps.filter((step) => step.done).map(({ name }) => name);

describe('isr', () => {
  test('takes the overscans away and assembles', () => {
    const answer = isr();
    expect(answer.sha256).toBe(expected(assembled));
    expect(answer.unit).toBe('adu');
    expect(done(answer)).toEqual(['serial-overscan', 'parallel-overscan', 'assemble']);
    expect(answer.amplifiers).toHaveLength(16);
    expect(answer.amplifiers[3]).toMatchObject({ name: 'C13', overscan_median: 1030 });
    // The middle two of an even count of pixels.
    const middle = (7 * 100 + 25) / 2;
    expect(answer.amplifiers[3]).toMatchObject({ median_before: 1030 + middle, median_after: middle });
    expect(answer.ms).toMatchObject({ assemble: expect.any(Number) as number });
    expect(answer.warnings.length).toBeGreaterThan(0); // The camera table does not know the instrument.
  });

  test('applies calibrations in the order of the recipe', () => {
    const calibs = ['--bias', file('bias.fits'), '--dark', file('dark.fits'), '--flat', file('flat.fits')];
    const answer = isr(...calibs, '--steps', 'flat,dark,bias,assemble,parallel-overscan,serial-overscan');
    expect(done(answer)).toEqual([
      'serial-overscan',
      'parallel-overscan',
      'assemble',
      'bias',
      'dark',
      'flat',
    ]);
    const dark = Math.fround(Math.fround(0.1) * Math.fround(31 / 10));
    const at = (x: number, y: number): number =>
      Math.fround(Math.fround(Math.fround(assembled(x, y) - Math.fround(x - y / 4)) - dark) / 2);
    expect(answer.sha256).toBe(imageHashWithNan(at, 5));
  });

  test('a calibration without its step, and a step without its calibration, are not applied', () => {
    const answer = isr('--bias', file('bias.fits'), '--steps', 'dark');
    // Without assembly there is no image.
    expect(done(answer)).toEqual(['assemble']);
    expect(answer.steps.find(({ done: is }) => is)).toMatchObject({ with: 'DATASEC and DETSEC' });
    expect(answer.geometry).toBe('header'); // The camera table does not know the instrument.
    const reasons = answer.steps.filter((step) => !step.done).map(({ name, reason }) => [name, reason]);
    expect(reasons).toEqual([
      ['bias', expect.stringContaining('not among the steps')],
      ['dark', expect.stringContaining('no calibration')],
    ]);
  });

  test('writes what it made', () => {
    const out = file('out of it.fits');
    const answer = isr('--flat', file('flat.fits'), '--out', out);
    const { stdout } = spawnSync(PROGRAM, ['stats', out, '--json'], { encoding: 'utf8' });
    const images = JSON.parse(stdout) as {
      extname: string;
      sha256: string;
      shape: number[];
      dtype: string;
    }[];
    expect(images.map(({ extname }) => extname)).toEqual(['IMAGE', 'MASK']);
    expect(images[0]).toMatchObject({ sha256: answer.sha256, shape: [FRAME_HEIGHT, FRAME_WIDTH] });
    expect(images[1]).toMatchObject({ dtype: 'int32' });
    const header = spawnSync(PROGRAM, ['header', out], { encoding: 'latin1' }).stdout;
    expect(header).toMatch(/^INSTRUME= 'Made up '/m);
    expect(header).toMatch(/^BUNIT {3}= 'adu {5}'/m);
    expect(header).toMatch(/^HISTORY .*flat/m);
    expect(header).toMatch(/MP_BAD/);
  });

  test('tells people the same', () => {
    const { status, stdout } = run(file('raw.fits'), '--parallel-skip', '0,0');
    expect(status).toBe(0);
    expect(stdout).toContain(expected(assembled));
    expect(stdout).toMatch(/^parallel-overscan +done/m);
  });

  test.each([
    [['--steps', 'bias,dusting'], /--steps knows saturation, .*brighter-fatter, not "dusting"/],
    [['--recipe', 'slow'], /--recipe knows rapid, full, not "slow"/],
    [['--overscan', 'mode'], /--overscan knows median-per-row, .*spline, not "mode"/],
    [['--geometry', 'guess'], /--geometry knows table, header, not "guess"/],
    [['--serial-skip', '3'], /--serial-skip wants 2 numbers/],
    [['--serial-skip', '-1,3'], /--serial-skip wants whole numbers from 0/],
    [['--dust', 'F'], /--dust/],
  ])('refuses %j', (args, message) => {
    const { status, stdout, stderr } = run(file('raw.fits'), ...args, '--json');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^error: usage: isr: [^\n]+\n$/);
    expect(stderr).toMatch(message);
  });

  test('names the file that is at fault', () => {
    const missing = file('none.fits');
    expect(run(file('raw.fits'), '--bias', missing).stderr).toBe(
      `error: io: ${missing}: there is no such file\n`,
    );
    const half = file('half.fits');
    writeFileSync(half, readFileSync(file('bias.fits')).subarray(0, 5000));
    expect(run(file('raw.fits'), '--bias', half).stderr).toMatch(
      /^error: malformed: .*half\.fits: [^\n]+\n$/,
    );
    expect(run(file('bias.fits')).stderr).toMatch(/^error: malformed: .*bias\.fits: [^\n]+\n$/);
    expect(run(file('raw.fits'), '--out', join(scratch, 'no', 'directory')).stderr).toMatch(
      /^error: io: .*directory: there is no such directory to write it into\n$/,
    );
  });
});

/** With NaN in one column. */
function imageHashWithNan(at: (x: number, y: number) => number, column: number): string {
  return imageSha256(
    Float32Array.from({ length: FRAME_WIDTH * FRAME_HEIGHT }, (_, i) => {
      const x = i % FRAME_WIDTH;
      return x === column ? Number.NaN : at(x, Math.floor(i / FRAME_WIDTH));
    }),
  );
}

test('the hash has one zero and one NaN', () => {
  const odd = new Float32Array([-0, Number.NaN, 1]);
  new Uint32Array(odd.buffer)[1] = 0xffc00001;
  const plain = new Uint32Array([0, 0x7fc00000, 0x3f800000]);
  expect(imageSha256(odd)).toBe(createHash('sha256').update(new Uint8Array(plain.buffer)).digest('hex'));
});

test('what is said of several segments in the same words is one line for people', () => {
  expect(
    oncePerKind([
      'DATASEC of Segment10 is [1:2]',
      'C10: gain not known',
      'DATASEC of Segment07 is [1:2]',
      'DATASEC of Segment17 is [3:4]',
      'C11: gain not known',
      'C12: gain not known',
    ]),
  ).toEqual([
    'DATASEC of Segment10 is [1:2] (and so in 1 more)',
    'C10: gain not known (and so in 2 more)',
    'DATASEC of Segment17 is [3:4]',
  ]);
});
