/** The command line as it is installed, on real files. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

// Each run starts a program; on a busy machine that takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const PROGRAM = resolve(import.meta.dirname, '../bin/astro-fits-wasm.mjs');
const FIXTURES = resolve(import.meta.dirname, '../../fixtures/engine');
const RAW = join(FIXTURES, 'raw-rice.fits');
const PLAIN = join(FIXTURES, 'plain-images.fits');

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'astro fits '));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function run(args: readonly string[], input?: Uint8Array) {
  const { status, stdout, stderr } = spawnSync(PROGRAM, args, { encoding: 'utf8', ...(input && { input }) });
  return { status, stdout, stderr };
}

/** The one JSON document of a run that ends well. */
function json(...args: string[]): unknown {
  const { status, stdout, stderr } = run([...args, '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** The one line of a run that fails; standard output stays empty. */
function failure(...args: string[]): string {
  const { status, stdout, stderr } = run(args);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^[^\n]+\n$/);
  return stderr.trimEnd();
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}

/** A primary header without data. */
function primary(...cards: string[]): Buffer {
  const header = Buffer.alloc(2880, ' ');
  const all = [
    'SIMPLE  =                    T',
    'BITPIX  =                    8',
    'NAXIS   =                    0',
  ];
  [...all, ...cards, 'END'].forEach((card, i) => header.write(card, 80 * i));
  return header;
}

function extension(...cards: string[]): Buffer {
  const header = primary('PCOUNT  =                    0', 'GCOUNT  =                    1', ...cards);
  header.write("XTENSION= 'IMAGE   '          ");
  return header;
}

describe('help', () => {
  test('is there for the program and each command', () => {
    const { status, stdout } = run(['--help']);
    expect(status).toBe(0);
    const names = [...stdout.matchAll(/^ {2}(\w+) {2}/gm)].map(([, name]) => name ?? '');
    expect(names).toEqual(expect.arrayContaining(['info', 'header', 'stats', 'isr', 'wcs', 'verify']));
    for (const name of names) {
      const help = run([name, '--help']);
      expect(help.status).toBe(0);
      expect(help.stdout).toMatch(new RegExp(`^usage: astro-fits-wasm ${name} (FILE|RAW)`));
    }
  });
});

describe('info', () => {
  test('lists the HDUs of a raw', () => {
    const hdus = json('info', RAW) as Record<string, unknown>[];
    expect(hdus).toHaveLength(5);
    expect(hdus[0]).toMatchObject({ index: 0, name: '', type: 'primary', width: 0, height: 0, shape: null });
    expect(hdus[1]).toEqual({
      index: 1,
      name: 'Segment10',
      type: 'compressed-image',
      width: 96,
      height: 24,
      shape: [24, 96],
      bitpix: 32,
      compression: 'RICE_1',
      sections: { DATASEC: '[4:64,1:20]' },
    });
  });

  test('tells people the same', () => {
    const { stdout } = run(['info', RAW]);
    expect(stdout).toMatch(/^1 +Segment10 +compressed-image +24 x 96 +32 +RICE_1 +DATASEC=\[4:64,1:20\]$/m);
  });
});

describe('header', () => {
  test('prints the cards of the file as they are', () => {
    const bytes = readFileSync(RAW).toString('latin1');
    const { stdout } = run(['header', RAW, '--hdu', '1']);
    const cards = stdout.split('\n').slice(0, -1);
    expect(cards.at(-1)).toBe('END'.padEnd(80));
    expect(bytes).toContain(cards.join(''));
    expect(cards[0]).toMatch(/^XTENSION= 'BINTABLE'/);
    const all = run(['header', RAW]).stdout;
    expect(all.match(/^END {77}$/gm)).toHaveLength(5);
    expect(all).toContain(stdout);
    expect(json('header', RAW, '--hdu', '1')).toEqual([{ index: 1, cards }]);
  });

  test('an HDU that is not there is a failure', () => {
    expect(failure('header', RAW, '--hdu', '5')).toBe(
      `error: usage: ${RAW}: there is no HDU 5; the file has HDUs 0 to 4`,
    );
    expect(failure('header', RAW, '--hdu', '-1')).toMatch(/^error: usage: header: --hdu wants/);
  });
});

describe('stats', () => {
  test('gives shape, type and figures of each image', () => {
    const images = json('stats', PLAIN) as { index: number; dtype: string; shape: number[] }[];
    expect(images.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(images.map(({ dtype }) => dtype)).toEqual([
      'uint8',
      'int16',
      'int32',
      'int64',
      'float32',
      'float64',
    ]);
    for (const { shape } of images) expect(shape).toEqual([5, 9]);
  });

  test('is the same from standard input, gzipped, and under a name with spaces', () => {
    const bytes = readFileSync(RAW);
    const expected = json('stats', RAW);
    expect(expected).toHaveLength(4);
    expect(json('stats', write('with spaces.fits', bytes))).toEqual(expected);
    expect(json('stats', write('gzipped.fits', gzipSync(bytes)))).toEqual(expected);
    expect(JSON.parse(run(['stats', '-', '--json'], bytes).stdout)).toEqual(expected);
  });
});

describe('wcs', () => {
  const cards = [
    "CTYPE1  = 'RA---TAN'",
    "CTYPE2  = 'DEC--TAN'",
    'CRPIX1  = 11',
    'CRPIX2  = 21',
    'CRVAL1  = 359.5',
    'CRVAL2  = -30',
    'CD1_1   = -0.001',
    'CD2_2   = 0.001',
    "RADESYS = 'ICRS'",
  ];

  test('turns pixels into places and places into pixels', () => {
    const path = write('sky.fits', primary(...cards));
    const at = json('wcs', path, '--pixel', '10,20');
    // The reference pixel, which the header counts from 1.
    expect(at).toEqual({
      hdu: 0,
      types: ['RA---TAN', 'DEC--TAN'],
      frame: 'ICRS',
      equinox: null,
      pixel: [10, 20],
      sky: [359.5, expect.closeTo(-30, 12)],
      icrs: [359.5, expect.closeTo(-30, 12)],
    });
    const there = json('wcs', path, '--pixel', '-1000,1500.25') as { sky: [number, number] };
    const back = json('wcs', path, '--sky', there.sky.join(',')) as { pixel: [number, number] };
    expect(back.pixel[0]).toBeCloseTo(-1000, 6);
    expect(back.pixel[1]).toBeCloseTo(1500.25, 6);
    // A tangent plane shows half of the sky.
    expect(json('wcs', path, '--sky', '179.5,30')).toMatchObject({ pixel: null });
    const { stdout } = run(['wcs', path, '--pixel', '10,20']);
    expect(stdout).toMatch(
      /^pixel 10, 20\nsky {3}359\.5, -[\d.]+ \(RA---TAN, DEC--TAN; ICRS\)\nICRS {2}359\.5, -/,
    );
  });

  test('takes the first HDU with a sky under that letter', () => {
    const linear = extension("CTYPE1  = 'LINEAR'", "CTYPE2  = 'LINEAR'");
    const sky = extension(...cards);
    const both = extension(...cards, ...cards.map((card) => card.replace(/^(\w+) /, '$1B')));
    const path = write('three skies.fits', Buffer.concat([primary(), linear, sky, both]));
    expect(json('wcs', path, '--pixel', '10,20')).toMatchObject({ hdu: 2 });
    expect(json('wcs', path, '--pixel', '10,20', '--alternate', 'B')).toMatchObject({ hdu: 3 });
    expect(failure('wcs', path, '--pixel', '10,20', '--hdu', '1')).toMatch(/HDU 1/);
    expect(failure('wcs', path, '--pixel', '10,20', '--alternate', 'C')).toMatch(
      /^error: usage: .*skies\.fits: no HDU has sky coordinates: CTYPE1C/,
    );
    expect(failure('wcs', path, '--pixel', '10,20', '--alternate', 'b')).toMatch(
      /^error: usage: wcs: --alternate wants a letter from A to Z, not "b"$/,
    );
  });

  test('says what is missing', () => {
    const path = write('no sky.fits', primary());
    expect(failure('wcs', path, '--pixel', '1,2')).toMatch(/^error: \w+: .*no sky\.fits: .*CTYPE/);
    expect(failure('wcs', path)).toMatch(/^error: usage: wcs: either --pixel/);
    expect(failure('wcs', path, '--pixel', '1')).toMatch(/^error: usage: wcs: --pixel wants 2 numbers/);
    expect(failure('wcs', path, '--pixel', '1,2', '--hdu', '3')).toMatch(/there is no HDU 3/);
  });
});

describe('verify', () => {
  test('finds nothing in a sound file', () => {
    const path = write('sound.fits', primary("DATASUM = '0'"));
    expect(json('verify', path)).toEqual([
      { index: 0, name: '', checksum: 'absent', datasum: 'good', computed_datasum: 0, problems: [] },
    ]);
  });

  test('names the bad card and the bad sum, and still describes the file', () => {
    const path = write('unsound.fits', primary("DATASUM = '1'", 'WRONG   =  1 2 3'));
    const { status, stdout, stderr } = run(['verify', path, '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ datasum: 'bad', problems: [{ card: 5 }] }]);
    expect(stderr).toMatch(
      /^error: malformed: .*unsound\.fits: 2 faults, the first: HDU 0, card 5: [^\n]+\n$/,
    );
    expect(run(['verify', path]).stdout).toMatch(/^HDU 0: DATASUM does not agree/m);
  });

  test.each([['verify'], ['wcs', '--pixel', '10,20'], ['stats'], ['info'], ['header']])(
    'a file larger than the memory limit is read HDU by HDU: %s',
    (command, ...options) => {
      const bytes = 6 * 2880 * 128;
      const image = extension("CTYPE1  = 'RA---TAN'", "CTYPE2  = 'DEC--TAN'", 'CRVAL1  = 1');
      image.write('NAXIS   =                    1', 160);
      const card = image.indexOf('PCOUNT');
      const header = Buffer.concat([
        image.subarray(0, card),
        Buffer.from(`NAXIS1  = ${String(bytes).padStart(20)}`.padEnd(80)),
        image.subarray(card, 2800),
      ]);
      const hdu = Buffer.concat([header, Buffer.alloc(bytes)]);
      const path = write('large.fits', Buffer.concat([primary(), ...Array.from({ length: 8 }, () => hdu)]));
      const { status, stderr } = run([command, path, '--memory-limit', '8', ...options, '--json']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );
});

describe('header', () => {
  test('bytes that a terminal would obey are shown by number', () => {
    const path = write('escape.fits', primary('COMMENT \u001b[31m red'));
    expect(run(['header', path]).stdout).toContain('COMMENT \\x1b[31m red');
    const [{ cards }] = json('header', path) as [{ cards: string[] }];
    expect(cards[3]).toBe('COMMENT \u001b[31m red'.padEnd(80));
  });
});

describe('failures', () => {
  test.skipIf(!existsSync('/dev/full'))('of writing the answer', () => {
    const command = `"${PROGRAM}" info "${RAW}" --json`;
    const full = spawnSync('sh', ['-c', `${command} > /dev/full`], { encoding: 'utf8' });
    expect(full.status).toBe(1);
    expect(full.stderr).toBe('error: io: standard output: the disk is full\n');
    const closed = spawnSync('sh', ['-c', `${command} | true`], { encoding: 'utf8' });
    expect(closed.stderr).toBe('');
  });

  test('of standard input that is a directory', () => {
    const input = openSync(scratch, 'r');
    const { status, stdout, stderr } = spawnSync(PROGRAM, ['info', '-'], {
      encoding: 'utf8',
      stdio: [input, 'pipe', 'pipe'],
    });
    closeSync(input);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe('error: io: -: it is a directory\n');
  });

  test('of an engine that cannot start', () => {
    const copy = join(scratch, 'copy');
    for (const part of ['bin', 'dist', 'package.json']) {
      cpSync(resolve(import.meta.dirname, '..', part), join(copy, part), { recursive: true });
    }
    writeFileSync(join(copy, 'dist/astro_fits.wasm'), 'no module');
    const { status, stderr } = spawnSync(join(copy, 'bin/astro-fits-wasm.mjs'), ['info', PLAIN], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: io: .*astro_fits\.wasm: the engine could not start: [^\n]+\n$/);
  });

  test('of arguments', () => {
    expect(failure('stats')).toMatch(/^error: usage: stats: no file is given/);
    expect(failure('stats', 'a', 'b')).toMatch(/^error: usage: stats: .*"b"/);
    expect(failure('measure', RAW)).toMatch(/^error: usage: astro-fits-wasm: .*"measure".*info/);
    expect(failure('info', RAW, '--deep')).toMatch(/^error: usage: info: .*--deep/);
    expect(failure('info', RAW, '--memory-limit', 'much')).toMatch(
      /^error: usage: info: --memory-limit.*"much"/,
    );
  });

  test('of files', () => {
    expect(failure('info', join(scratch, 'none.fits'))).toBe(
      `error: io: ${join(scratch, 'none.fits')}: there is no such file`,
    );
    expect(failure('info', scratch)).toMatch(/^error: io: .*directory$/);
    expect(failure('info', write('empty.fits', new Uint8Array()))).toMatch(
      /^error: malformed: .*empty\.fits: /,
    );
    const text = write('text.fits', Buffer.from('no FITS at all, '.repeat(400)));
    expect(failure('stats', text, '--json')).toMatch(/^error: malformed: .*text\.fits: /);
  });

  test('say HDU and byte of a truncation, and stay one line whatever the name is', () => {
    const path = write('two\nlines.fits', readFileSync(RAW).subarray(0, 9000));
    expect(failure('stats', path, '--json')).toMatch(
      /^error: malformed: .*two\\nlines\.fits: .*HDU 2, byte 9000/,
    );
  });

  test('say the tile that cannot be decoded', () => {
    const bytes = new Uint8Array(readFileSync(RAW));
    // The first tile of HDU 2, behind its header and its table of 24 descriptors.
    const header = Buffer.from(bytes).indexOf('END      ', 2880 * 3, 'latin1');
    const table = Math.ceil((header + 80) / 2880) * 2880;
    new DataView(bytes.buffer).setUint32(table, 5);
    expect(failure('stats', write('broken.fits', bytes))).toMatch(
      /^error: malformed: .*broken\.fits: .*\(HDU 2, tile 0/,
    );
  });

  test('say that a compressed image is larger than any memory, or has no size', () => {
    const compressed = (...axes: string[]): string => {
      const cards = [
        'BITPIX  = 8',
        'NAXIS   = 2',
        'NAXIS1  = 8',
        'NAXIS2  = 1',
        'PCOUNT  = 0',
        'GCOUNT  = 1',
      ];
      cards.push('TFIELDS = 1', "TTYPE1  = 'COMPRESSED_DATA'", "TFORM1  = '1PB(0)'", 'ZIMAGE  = T');
      cards.push("ZCMPTYPE= 'RICE_1'", 'ZBITPIX = 32', ...axes, 'END');
      const header = Buffer.alloc(2880, ' ');
      ["XTENSION= 'BINTABLE'", ...cards].forEach((card, i) => header.write(card, 80 * i));
      return write('axes.fits', Buffer.concat([primary(), header, Buffer.alloc(2880)]));
    };
    const side = (axis: number, length: number): string => `ZNAXIS${axis} = ${length}`;
    expect(failure('stats', compressed('ZNAXIS  = 2', side(1, 2 ** 31), side(2, 2 ** 31)))).toMatch(
      /^error: limit: .*axes\.fits: .*\(HDU 1, ZNAXIS/,
    );
    expect(failure('stats', compressed('ZNAXIS  = 2', side(1, 5)))).toMatch(
      /^error: malformed: .*HDU 1, ZNAXIS/,
    );
    expect(failure('stats', compressed())).toMatch(/^error: malformed: .*HDU 1, ZNAXIS/);
    expect(json('stats', compressed('ZNAXIS  = 0'))).toEqual([]);
    expect(json('stats', compressed('ZNAXIS  = 2', side(1, 0), side(2, 5)))).toEqual([]);
  });

  test('say the limit that a bomb meets', () => {
    const cards = [
      'SIMPLE  =                    T',
      'BITPIX  =                    8',
      'NAXIS   =                    1',
    ];
    cards.push('NAXIS1  =             50000000', 'END');
    const header = Buffer.alloc(2880, ' ');
    cards.forEach((card, i) => header.write(card, 80 * i));
    const bomb = gzipSync(Buffer.concat([header, Buffer.alloc(Math.ceil(50_000_000 / 2880) * 2880)]));
    const path = write('bomb.fits', bomb);
    expect(failure('stats', path, '--memory-limit', '16')).toMatch(/^error: limit: .*bomb\.fits: /);
    expect(json('stats', path)).toMatchObject([{ shape: [50_000_000], min: 0, max: 0, dtype: 'uint8' }]);
  });
});
