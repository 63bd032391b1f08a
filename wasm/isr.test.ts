/** Instrument signature removal through the public API: raws of true geometry and small ones, made row by row. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type {
  Calib,
  CalibKind,
  Engine,
  FitsStream,
  Hdu,
  IsrJob,
  IsrRequest,
  Plane,
  StepName,
} from './index.ts';
import { FitsError, STEP_NAMES, createEngine } from './index.ts';
import type { Cards, Family, SegmentRows } from './test/rawFile.ts';
import { ALL_SEGMENTS, ITL, concatenate, masterFile, rawParts } from './test/rawFile.ts';

const MODULE = new Uint8Array(readFileSync(resolve(import.meta.dirname, 'dist/astro_fits.wasm')));

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine(MODULE);
});

const LATISS: Family = { ...ITL, cards: [['INSTRUME', 'LATISS']] };
const COMCAM: Family = {
  ...ITL,
  cards: [
    ['INSTRUME', 'COMCAM'],
    ['RAFTBAY', 'R22'],
    ['CCDSLOT', 'S01'],
    ['CCD_MANU', 'ITL'],
  ],
};
const E2V: Family = {
  rawWidth: 576,
  rawHeight: 2048,
  prescan: 10,
  width: 512,
  height: 2002,
  segments: ALL_SEGMENTS,
  cards: [
    ['INSTRUME', 'lsstCam'],
    ['RAFTBAY', 'R22'],
    ['CCDSLOT', 'S11'],
    ['CCD_MANU', 'E2V'],
  ],
};
const half = (slot: string, segments: readonly string[]): Family => ({
  ...ITL,
  segments,
  cards: [
    ['INSTRUME', 'lsstCam'],
    ['RAFTBAY', 'R00'],
    ['CCDSLOT', slot],
    ['CCD_MANU', 'ITL'],
  ],
});
const IMSIM: Family = {
  ...ITL,
  cards: [
    ['INSTRUME', 'CAMERA'],
    ['TESTTYPE', 'IMSIM'],
    ['CHIPID', 'R11_S20'],
  ],
};
/** Of no camera: geometry, gain and read noise come from its headers. */
const SMALL: Family = {
  rawWidth: 3 + 12 + 40,
  rawHeight: 10 + 14,
  prescan: 3,
  width: 12,
  height: 10,
  segments: ALL_SEGMENTS,
  cards: [
    ['DETSIZE', '[1:96,1:20]'],
    ['DARKTIME', 10],
  ],
};
const smallCards = (segment: string): Cards => {
  const x0 = 12 * Number(segment[1]);
  return [
    ['DATASEC', '[4:15,1:10]'],
    ['DETSEC', `[${x0 + 12}:${x0 + 1},1:10]`],
    ['GAIN', 1.25],
    ['RDNOISE', 8],
  ];
};

/** Levels, slopes, and numbers that repeat but look like noise; what `mark` gives comes on top. */
function noisyRows(mark: (segment: string, x: number, y: number) => number = () => 0): SegmentRows {
  const pixel = (segment: string, x: number, y: number): number =>
    20_000 + 100 * Number(segment) + y + ((x * 7919 + y * 104_729) % 13) + mark(segment, x, y);
  return {
    key: (segment, y) => `${segment},${y}`,
    rowOf: (segment, y) => Int32Array.from({ length: SMALL.rawWidth }, (_, x) => pixel(segment, x, y)),
  };
}

const smallRaw = (mark?: (segment: string, x: number, y: number) => number): Uint8Array[] =>
  rawParts(SMALL, noisyRows(mark), { segmentCards: smallCards });

/** Every row of a segment is 1000, with some pixels of the image area at other values: [x, y] in readout order. */
function markedRows(family: Family, marks: readonly (readonly [number, number, number])[]): SegmentRows {
  return {
    key: (segment, y) => (marks.some((mark) => mark[1] === y) ? `${segment},${y}` : 'plain'),
    rowOf: (segment, y) => {
      const row = new Int32Array(family.rawWidth).fill(1000);
      for (const [x, markY, value] of marks)
        if (markY === y) row[family.prescan + x] = value + Number(segment) * 10;
      return row;
    },
  };
}

function open(parts: readonly Uint8Array[], into: Engine = engine): FitsStream {
  const stream = into.openStream();
  for (const part of parts) stream.push(part);
  stream.end();
  return stream;
}

function readCalib(kind: CalibKind, file: Uint8Array, into: Engine = engine): Calib {
  const stream = open([file], into);
  const reading = into.readCalib(stream, kind, `${kind}.fits`);
  while (!reading.step(3));
  stream.free();
  return reading.calib;
}

function finish(job: IsrJob, rows = 256): IsrJob {
  let state = job.step(rows);
  while (state === 'more') state = job.step(rows);
  expect(state).toBe('done');
  return job;
}

/** The job, done; its planes are freed by `freePlanes`. */
function run(parts: readonly Uint8Array[], request: IsrRequest = {}, on: Engine = engine): IsrJob {
  const stream = open(parts, on);
  const job = on.isr(stream, request);
  try {
    return finish(job);
  } finally {
    job.free();
    stream.free();
  }
}

const planesOf = ({ image, mask, variance }: IsrJob): Plane[] =>
  [image, mask, variance].filter((plane) => plane !== undefined);

function freePlanes(job: IsrJob): void {
  for (const plane of planesOf(job)) engine.free(plane);
}

function hashOf(job: IsrJob): string {
  const hash = createHash('sha256');
  for (const plane of planesOf(job)) {
    const { buffer, byteOffset, byteLength } = plane.view();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

function failure(action: () => unknown): FitsError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FitsError);
    return error as FitsError;
  }
  throw new Error('nothing was thrown');
}

/** All masters of the small raw. */
function smallCalibs(into: Engine = engine): Readonly<Record<'bias' | 'dark' | 'flat', Calib>> {
  const unit = (text: string): Cards => [['BUNIT', text]];
  return {
    bias: readCalib(
      'bias',
      masterFile(96, 20, (x, y) => x - 2 * y, unit('adu')),
      into,
    ),
    dark: readCalib(
      'dark',
      masterFile(96, 20, (x, y) => (x + y) / 8, unit('adu')),
      into,
    ),
    flat: readCalib(
      'flat',
      masterFile(96, 20, (x) => 0.5 + x / 128),
      into,
    ),
  };
}

/** Where a segment's first-read pixel, the last of its first row and the first of its last row are in the DM frame. */
interface Placed {
  readonly first: readonly [number, number];
  readonly endOfRow: readonly [number, number];
  readonly lastRow: readonly [number, number];
}

const placed = (
  first: readonly [number, number],
  endOfRow: readonly [number, number],
  lastRow: readonly [number, number],
): Placed => ({ first, endOfRow, lastRow });

// Typed off the camera files: ITL segments are read towards the same side in both halves, E2V halves are turned by 180
// degrees; Segment1x is the upper half, but for imSim; the first-read row lies at the outer edge.
const GEOMETRIES: readonly (readonly [string, Family, readonly [number, number], Record<string, Placed>])[] =
  [
    [
      'LATISS',
      LATISS,
      [4072, 4000],
      {
        '10': placed([508, 3999], [0, 3999], [508, 2000]),
        '17': placed([4071, 3999], [3563, 3999], [4071, 2000]),
        '07': placed([4071, 0], [3563, 0], [4071, 1999]),
        '00': placed([508, 0], [0, 0], [508, 1999]),
      },
    ],
    [
      'LSSTComCam',
      COMCAM,
      [4072, 4000],
      {
        '12': placed([1526, 3999], [1018, 3999], [1526, 2000]),
        '02': placed([1526, 0], [1018, 0], [1526, 1999]),
      },
    ],
    [
      'LSSTCam E2V, whose upper half is upside down',
      E2V,
      [4096, 4004],
      {
        '10': placed([511, 4003], [0, 4003], [511, 2002]),
        '17': placed([4095, 4003], [3584, 4003], [4095, 2002]),
        '07': placed([3584, 0], [4095, 0], [3584, 2001]),
        '00': placed([0, 0], [511, 0], [0, 2001]),
      },
    ],
    [
      'the wavefront half SW0',
      half('SW0', ALL_SEGMENTS.slice(0, 8)),
      [4072, 2000],
      {
        '10': placed([4071, 1999], [3563, 1999], [4071, 0]),
        '17': placed([508, 1999], [0, 1999], [508, 0]),
      },
    ],
    [
      'the wavefront half SW1',
      half('SW1', ALL_SEGMENTS.slice(8)),
      [4072, 2000],
      {
        '07': placed([4071, 1999], [3563, 1999], [4071, 0]),
        '00': placed([508, 1999], [0, 1999], [508, 0]),
      },
    ],
    [
      'LSSTCam-imSim, whose halves change places',
      IMSIM,
      [4072, 4000],
      {
        '10': placed([508, 0], [0, 0], [508, 1999]),
        '00': placed([508, 3999], [0, 3999], [508, 2000]),
      },
    ],
  ];

describe('assembly', () => {
  test.each(GEOMETRIES)('puts the pixels of %s where they belong', (_, family, size, places) => {
    const { width, height } = family;
    const marks = [
      [0, 0, 30_000],
      [width - 1, 0, 40_000],
      [0, height - 1, 50_000],
    ] as const;
    const job = run(rawParts(family, markedRows(family, marks)), { steps: ['assemble'] });
    expect([job.image.width, job.image.height]).toEqual(size);
    for (const [segment, { first, endOfRow, lastRow }] of Object.entries(places)) {
      const number = 10 * Number(segment);
      expect(job.image.at(...first), `first of ${segment}`).toBe(30_000 + number);
      expect(job.image.at(...endOfRow), `end of row of ${segment}`).toBe(40_000 + number);
      expect(job.image.at(...lastRow), `last row of ${segment}`).toBe(50_000 + number);
    }
    // Nothing of a prescan or an overscan got in, and nothing lies twice.
    const counts = new Map<number, number>();
    for (const value of job.image.view() as Float32Array) counts.set(value, (counts.get(value) ?? 0) + 1);
    expect(counts.get(1000)).toBe(size[0] * size[1] - 3 * family.segments.length);
    expect(counts.size).toBe(1 + 3 * family.segments.length);
    expect(job.mask).toBeUndefined();
    expect(job.report.warnings).toEqual([]);
    freePlanes(job);
  });
});

describe('overscan', () => {
  test('a bleed over the columns of a few rows does not move their level', () => {
    const level = (segment: string, x: number, y: number): number =>
      x >= 15 && x < 33 && y >= 3 && y < 5 && segment === '14' ? 4000 : 0;
    const request: IsrRequest = { steps: ['serial-overscan', 'assemble'] };
    const [clean, hurt] = [run(smallRaw(), request), run(smallRaw(level), request)];
    const plain = run(smallRaw(level), { ...request, overscan: 'plain-median-per-row' });
    const most = (a: IsrJob, b: IsrJob): number => {
      const [left, right] = [a.image.view(), b.image.view()] as [Float32Array, Float32Array];
      return Math.max(...left.map((value, i) => Math.abs(value - (right[i] ?? Number.NaN))));
    };
    // The noise of the overscan is a whole number from 0 to 12: with 15 of 34 columns far above it, a plain median is
    // one of its largest.
    expect(most(clean, hurt)).toBeLessThan(2);
    expect(most(clean, plain)).toBeGreaterThan(4);
    for (const job of [clean, hurt, plain]) freePlanes(job);
  });

  test('rows and columns lose their levels', () => {
    const drift = (_: string, x: number, y: number): number => (x < 15 && y < 10 ? 50 : 0);
    const job = run(smallRaw(drift));
    expect(job.report.steps.map(({ name }) => name)).toEqual([
      'saturation',
      'serial-overscan',
      'parallel-overscan',
      'assemble',
    ]);
    const { percentiles, min, max } = engine.statistics(job.image, [0.5]);
    expect(Math.abs((percentiles[0] ?? 0) - 50)).toBeLessThan(4);
    expect(min).toBeGreaterThan(50 - 14);
    expect(max).toBeLessThan(50 + 14);
    freePlanes(job);
  });
});

describe('a raw that arrives', () => {
  // Of a camera that the table knows, so that work begins with the first segment.
  const parts = rawParts(LATISS, {
    key: (segment, y) => `${segment},${y % 7},${y < 2000}`,
    rowOf: (segment, y) =>
      Int32Array.from({ length: LATISS.rawWidth }, (_, x) =>
        x === 90 && y % 7 === 3 ? 200_000 : 20_000 + Number(segment) + ((x * 7919 + (y % 7) * 104_729) % 13),
      ),
  });

  test.each([13, 2881, 65_537])('in chunks of %i bytes gives the same as in one', (size) => {
    const steps: readonly StepName[] = [
      'saturation',
      'serial-overscan',
      'parallel-overscan',
      'assemble',
      'variance',
      'interpolate',
    ];
    const request: IsrRequest = { steps, statistics: size === 2881 };
    const whole = run(parts, request);
    const wanted = [hashOf(whole), whole.report];
    freePlanes(whole);
    const file = concatenate(parts);
    const stream = engine.openStream({ expectedBytes: file.length });
    const job = engine.isr(stream, request);
    let waits = 0;
    let worked = 0;
    for (let at = 0; at < file.length; at += size) {
      stream.push(file.subarray(at, at + size));
      let state = job.step(500);
      if (state === 'more') worked++;
      while (state === 'more') state = job.step(500);
      if (state === 'done') break;
      waits++;
    }
    expect(waits).toBeGreaterThanOrEqual(Math.floor((0.99 * file.length) / size));
    // Chunks after which there was work for more than one call: those that ended a segment, or several.
    expect(worked).toBeGreaterThan(Math.min(14, 0.5 * waits));
    expect(planesOf(job).length).toBe(3);
    expect([hashOf(job), job.report]).toEqual(wanted);
    freePlanes(job);
    stream.free();
  });

  test('is worked on segment by segment, and its bytes are given back', () => {
    const [primary, ...segments] = parts;
    const stream = engine.openStream();
    const job = engine.isr(stream);
    expect(job.step(100)).toBe('waiting');
    stream.push(primary as Uint8Array);
    expect(job.step(100)).toBe('waiting');
    expect(job.currentStep).toBe('read');
    const advance = (): string => {
      let state = job.step(500);
      while (state === 'more') state = job.step(500);
      return state;
    };
    for (const [i, segment] of segments.entries()) {
      // Without its last block a segment is not there.
      stream.push(segment.subarray(0, -2880));
      expect(advance()).toBe('waiting');
      const hdu = stream.hdus[i + 1] as Hdu;
      expect([hdu.name, hdu.complete]).toEqual([`Segment${ALL_SEGMENTS[i]}`, false]);
      expect(failure(() => job.image).message).toBe('the job is not done');
      stream.push(segment.subarray(-2880));
      stream.decode(hdu).free();
      expect(advance()).toBe(i + 1 < segments.length ? 'waiting' : 'done');
      expect(failure(() => stream.decode(hdu)).message).toContain('released');
    }
    expect(job.currentStep).toBeUndefined();
    freePlanes(job);
    stream.free();
  });

  test('and is truncated says which segment is missing', () => {
    const stream = engine.openStream();
    const job = engine.isr(stream);
    for (const part of rawParts(LATISS, markedRows(LATISS, []), { without: '14' })) stream.push(part);
    stream.end();
    const error = failure(() => finish(job));
    expect(error).toMatchObject({ tag: 'MalformedFits', detail: { kind: 'malformed' } });
    expect(error.message).toContain('no HDU Segment14: 15 of 16 segments are there');
    job.free();
    stream.free();
  });

  test('with a broken tile names its HDU and tile', () => {
    const stream = open(rawParts(SMALL, noisyRows(), { segmentCards: smallCards, brokenTileIn: '12' }));
    const job = engine.isr(stream);
    const error = failure(() => finish(job));
    expect(error).toMatchObject({ tag: 'MalformedFits', detail: { hduIndex: 3, tile: 17 } });
    expect(error.message).toMatch(/RICE.*\(HDU 3, tile 17/);
    job.free();
    stream.free();
  });
});

describe('saturation', () => {
  const marks = [
    [100, 5, 142_857],
    [101, 5, 142_856],
    [102, 5, 119_999 + 1000],
    [103, 5, 120_000 + 1000],
  ] as const;
  // 10 * segment is added to marks: Segment00 has them as they are. Row 5 lies at y = 5, column x at 508 - x.
  const saturated = (job: IsrJob): boolean[] => {
    const bit = 1 << (job.report.mask_planes['SAT'] as number);
    return marks.map(([x]) => ((job.mask?.at(508 - x, 5) ?? 0) & bit) !== 0);
  };

  test('is told from the camera table on raw adu in the rapid recipe', () => {
    const job = run(rawParts(LATISS, markedRows(LATISS, marks)));
    expect(job.report.saturation).toEqual({ threshold: 142_857, unit: 'adu', source: 'camera table' });
    expect(job.report.mask_planes).toMatchObject({ BAD: 0, SAT: 1, INTRP: 2, CR: 3 });
    expect(saturated(job)).toEqual([true, false, false, false]);
    freePlanes(job);
  });

  test('is told behind the serial overscan in the full recipe', () => {
    const job = run(rawParts(LATISS, markedRows(LATISS, marks)), { recipe: 'full' });
    expect(job.report.saturation).toMatchObject({ threshold: 120_000, unit: 'adu' });
    expect(saturated(job)).toEqual([true, true, false, true]);
    freePlanes(job);
  });

  test('has a level for each amplifier, and none where nobody knows it', () => {
    const known = run(rawParts(E2V, markedRows(E2V, [])));
    const camera = engine.camera('LSSTCam', 94).amplifiers;
    const levels = known.report.amplifiers.map(({ saturation_threshold: level }) => level);
    expect(levels).toEqual(camera.map(({ saturationAdu }) => saturationAdu));
    expect(new Set(levels).size).toBeGreaterThan(1);
    expect(known.report.saturation.threshold).toBeNull();
    freePlanes(known);
    const unknown = run(smallRaw());
    expect(unknown.report.steps[0]).toEqual({
      name: 'saturation',
      done: false,
      reason: 'the saturation level is not known',
    });
    freePlanes(unknown);
  });
});

describe('the report', () => {
  test.each([
    [
      'rapid',
      'saturation serial-overscan parallel-overscan assemble bias variance linearity crosstalk defects brighter-fatter dark flat gain cosmic-rays interpolate',
    ],
    [
      'full',
      'serial-overscan saturation gain crosstalk parallel-overscan linearity assemble bias dark defects brighter-fatter variance flat cosmic-rays interpolate',
    ],
  ] as const)('lists the steps in the order of the %s recipe', (recipe, order) => {
    const calibs = smallCalibs();
    const job = run(smallRaw(), { recipe, steps: [...STEP_NAMES].reverse(), calibs });
    expect(job.report.recipe).toBe(recipe);
    expect(job.report.unit).toBe('electron');
    expect(job.report.dark_scale).toBe(recipe === 'rapid' ? 10 : null);
    expect(job.report.steps.map(({ name }) => name)).toEqual(order.split(' '));
    const reasons = Object.fromEntries(
      job.report.steps.map((step) => [step.name, step.done ? step.with : step.reason]),
    );
    const wrong = 'it is in adu, the image at this step in electron';
    expect(reasons).toMatchObject({
      'serial-overscan': 'median-per-row',
      bias: recipe === 'rapid' ? 'bias.fits' : wrong,
      dark: recipe === 'rapid' ? 'dark.fits' : wrong,
      flat: 'flat.fits',
      gain: 'header GAIN',
      defects: 'no calibration was given',
      crosstalk: 'no calibration was given',
    });
    freePlanes(job);
    for (const calib of Object.values(calibs)) calib.free();
  });

  test('says why a calibration was not applied, and the image is as without it', () => {
    const bias = readCalib(
      'bias',
      masterFile(95, 20, () => 7),
    );
    const [without, job] = [run(smallRaw()), run(smallRaw(), { calibs: { bias } })];
    expect(job.report.steps.find(({ name }) => name === 'bias')).toEqual({
      name: 'bias',
      done: false,
      reason: 'it has 95 x 20 pixels, the image 96 x 20',
    });
    expect(job.image.view()).toEqual(without.image.view());
    for (const each of [job, without]) freePlanes(each);
    bias.free();
  });

  test('calibrations are applied the right way up', () => {
    const calibs = smallCalibs();
    const steps: readonly StepName[] = ['assemble', 'bias', 'dark', 'flat'];
    const [raw, job] = [run(smallRaw(), { steps: ['assemble'] }), run(smallRaw(), { steps, calibs })];
    for (const [x, y] of [
      [0, 0],
      [95, 0],
      [0, 19],
      [95, 19],
      [40, 7],
    ] as const) {
      // Whole numbers and eighths: exact but for the division, which is rounded once.
      const wanted = Math.fround((raw.image.at(x, y) - (x - 2 * y) - 10 * ((x + y) / 8)) / (0.5 + x / 128));
      expect(job.image.at(x, y)).toBe(wanted);
    }
    for (const each of [job, raw]) freePlanes(each);
    for (const calib of Object.values(calibs)) calib.free();
  });
});

describe('memory', () => {
  test.each([false, true])('is given back by cancelling anywhere (separate: %s)', async (separate) => {
    // With nothing in its memory that could hide a leak.
    const own = await createEngine(MODULE);
    const calibs = smallCalibs(own);
    const parts = smallRaw();
    const into = run(parts, { calibs, steps: STEP_NAMES }, own);
    const stages = new Set<string>();
    let settled = 0;
    for (let round = 0; round < 50; round++) {
      for (let steps = round % 11; ; steps += 11) {
        const stream = open(parts, own);
        const borrowed = { image: into.image };
        const job = own.isr(stream, {
          calibs,
          separate,
          steps: STEP_NAMES,
          ...(round % 2 === 0 ? { into: borrowed } : {}),
        });
        let state = 'more';
        for (let i = 0; i < steps && state === 'more'; i++) state = job.step(4);
        stages.add(job.currentStep ?? 'end');
        if (state === 'done') for (const plane of planesOf(job)) if (plane !== into.image) own.free(plane);
        job.free();
        stream.free();
        if (state === 'done') break;
      }
      if (round === 5) settled = own.memoryBytes;
    }
    expect(own.memoryBytes).toBe(settled);
    // A borrowed plane outlives the jobs that wrote to it.
    expect(into.image.at(1, 1)).not.toBeNaN();
    expect([...stages]).toEqual(expect.arrayContaining(['read', 'assemble', 'interpolate', 'end']));
  });

  test('planes are written into when they are given, and refused when they do not fit', () => {
    const first = run(smallRaw(), { steps: ['assemble', 'variance'] });
    const { image, mask, variance } = first;
    const before = hashOf(first);
    engine.summary(image);
    (image.view() as Float32Array).fill(-1);
    const given = { image, ...(mask && variance ? { mask, variance } : {}) };
    const again = run(smallRaw(), { steps: ['assemble', 'variance'], into: given });
    expect([again.image, again.mask, again.variance]).toEqual([image, mask, variance]);
    expect(again.image).toBe(image);
    expect(hashOf(again)).toBe(before);
    const binned = engine.bin(image, 2);
    expect(failure(() => run(smallRaw(), { into: { image: binned } })).message).toContain(
      'a plane to write into',
    );
    engine.free(binned);
    freePlanes(first);
  });
});

describe('what cannot be', () => {
  test('things of another engine are refused', async () => {
    const other = await createEngine(MODULE);
    const parts = smallRaw();
    const stream = open(parts);
    const foreign = smallCalibs(other);
    expect(failure(() => engine.isr(stream, { calibs: { bias: foreign.bias } })).message).toBe(
      'the calibration belongs to another engine',
    );
    expect(failure(() => engine.isr(stream, { into: { image: foreign.bias.plane as Plane } })).message).toBe(
      'the plane belongs to another engine',
    );
    expect(failure(() => other.isr(stream)).message).toBe('the stream belongs to another engine');
    expect(failure(() => other.readCalib(stream, 'bias', 'b')).message).toBe(
      'the stream belongs to another engine',
    );
    stream.free();
  });

  test('a job does not begin with what was freed', () => {
    const { bias, dark, flat } = smallCalibs();
    const plane = bias.plane as Plane;
    const stream = open(smallRaw());
    bias.free();
    expect(failure(() => plane.view()).message).toBe('the plane was freed');
    expect(failure(() => engine.isr(stream, { calibs: { bias } })).message).toBe('the calibration was freed');
    const image = engine.bin(flat.plane as Plane, 1);
    engine.free(image);
    expect(failure(() => engine.isr(stream, { into: { image } })).message).toBe('the plane was freed');
    stream.free();
    expect(failure(() => engine.isr(stream)).tag).toBe('WasmFailed');
    for (const calib of [dark, flat]) calib.free();
  });

  test('nor does it go on with it', () => {
    const begin = (request: IsrRequest): [FitsStream, IsrJob] => {
      const stream = open(smallRaw());
      const job = engine.isr(stream, request);
      expect(job.step(1)).toBe('more');
      return [stream, job];
    };
    const { bias, dark, flat } = smallCalibs();
    const [freed, orphan] = begin({});
    freed.free();
    expect(failure(() => orphan.step(1)).tag).toBe('WasmFailed');
    orphan.free();
    const [first, withBias] = begin({ calibs: { bias } });
    bias.free();
    expect(failure(() => withBias.step(1)).message).toBe('the calibration was freed');
    withBias.free();
    const image = engine.bin(flat.plane as Plane, 1);
    const [second, withImage] = begin({ into: { image } });
    engine.free(image);
    expect(failure(() => withImage.step(1)).message).toBe('the plane was freed');
    withImage.free();
    for (const each of [first, second, dark, flat]) each.free();
    const gone = open([masterFile(96, 20, () => 1)]);
    const reading = engine.readCalib(gone, 'bias', 'bias.fits');
    expect(reading.step(1)).toBe(false);
    gone.free();
    expect(failure(() => reading.step(1)).message).toBe('the stream was freed');
    reading.free();
  });

  test('a job that is over or given up does no more', () => {
    const stream = open(smallRaw());
    const job = engine.isr(stream, { steps: ['assemble'] });
    finish(job);
    expect(failure(() => job.step(1)).message).toBe('the job is over');
    job.free();
    expect(job.image.width).toBe(96);
    freePlanes(job);
    expect(failure(() => job.image.view()).message).toBe('the plane was freed');
    stream.free();
    const other = open(smallRaw());
    const given = engine.isr(other);
    given.step(1);
    given.free();
    given.free();
    expect(failure(() => given.step(1)).message).toBe('the job is over');
    expect(failure(() => given.report).message).toBe('the job is not done');
    expect(given.currentStep).toBeUndefined();
    other.free();
  });

  test.each([
    [{ steps: [] }, 'the set of steps is empty'],
    [{ geometry: 'guess' as 'table' }, 'no geometry guess'],
    [{ steps: ['dusting' as StepName] }, 'no step dusting'],
    [{ recipe: 'slow' as 'rapid' }, 'no recipe slow'],
    [{ serialSkip: [-2, 3] }, 'negative'],
  ] satisfies (readonly [IsrRequest, string])[])('%j is refused', (request, reason) => {
    const stream = open(smallRaw());
    expect(failure(() => engine.isr(stream, request)).message).toContain(reason);
    stream.free();
  });
});
