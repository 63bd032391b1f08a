import { describe, expect, test } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import { taiFromUnixMs } from '../../core/time.ts';
import {
  awaitReadouts,
  findLateImage,
  runningCadenceMs,
  type CameraView,
  type LateImageFacts,
} from './lateImage.ts';

const NOW = Date.UTC(2026, 10, 22, 3);

function taken(seqNum: number, secondsAgo: number, raws = 1): Exposure {
  return {
    instrument: 'LATISS',
    exposure: 2026112200000 + seqNum,
    obsId: `AT_O_20261122_${String(seqNum).padStart(6, '0')}`,
    dayObs: 20261122,
    seqNum,
    observationType: 'science/object',
    observationReason: '',
    targetName: '',
    scienceProgram: '',
    physicalFilter: '',
    group: '',
    exposureTimeSeconds: 10,
    darkTimeSeconds: 10,
    shutterOpenTai: taiFromUnixMs(NOW - (secondsAgo + 10) * 1000),
    shutterCloseTai: taiFromUnixMs(NOW - secondsAgo * 1000),
    raws: raws ? [{ datasetId: 'd', detector: 0, fileBytes: 1, landedUnixMs: 1, registeredUnixMs: 1 }] : [],
  };
}
/** Every 15 s, the newest so long ago. */
const night = (newestSecondsAgo: number) =>
  [5, 4, 3, 2, 1].map((n, i) => taken(n, newestSecondsAgo + 15 * i));

function late(more: Partial<LateImageFacts>, cameraNow: Partial<CameraView> = {}) {
  const camera: CameraView = {
    phase: 'idle',
    endsAtUnixMs: null,
    imageName: 'AT_O_20261122_000005',
    sinceUnixMs: NOW - 3_000,
    ...cameraNow,
  };
  const exposures = more.exposures ?? night(5);
  return findLateImage({
    now: NOW,
    camera,
    awaited: awaitReadouts([], null, camera, exposures),
    exposures,
    registryProblem: null,
    refused: [],
    imageProblem: null,
    watchedSince: NOW - 3_600_000,
    ...more,
  });
}

test('a night that runs is no alarm', () => {
  expect(late({})).toBeNull();
  expect(
    late({}, { phase: 'exposing', endsAtUnixMs: NOW + 4_000, imageName: 'AT_O_20261122_000006' }),
  ).toBeNull();
  expect(
    late({}, { phase: 'reading', endsAtUnixMs: NOW - 7_000, imageName: 'AT_O_20261122_000006' }),
  ).toBeNull();
});

describe('the stage that stopped is named', () => {
  test('an exposure whose readout does not start', () => {
    const alarm = late(
      {},
      { phase: 'exposing', endsAtUnixMs: NOW - 9_000, imageName: 'AT_O_20261122_000006' },
    );
    expect(alarm).toMatchObject({
      stage: 'exposing',
      sentence: expect.stringContaining('AT_O_20261122_000006'),
    });
  });

  test('a readout that does not end', () => {
    const alarm = late(
      {},
      { phase: 'reading', endsAtUnixMs: NOW - 9_000, imageName: 'AT_O_20261122_000006' },
    );
    expect(alarm).toMatchObject({ stage: 'readout', sentence: expect.stringContaining('9 s ago') });
  });

  test('a file that did not land or was not registered', () => {
    const next = { imageName: 'AT_O_20261122_000006', sinceUnixMs: NOW - 12_000 };
    expect(late({}, next)).toMatchObject({ stage: 'landing', sentence: expect.stringContaining('12 s') });
    expect(late({}, { ...next, sinceUnixMs: NOW - 7_000 })).toBeNull();
    const withoutFile = [taken(6, 12, 0), ...night(27)];
    expect(late({ exposures: withoutFile }, next)).toMatchObject({
      stage: 'landing',
      sentence: expect.stringContaining('without its file'),
    });
  });

  test('a file that did not land while the camera went on to the next exposures', () => {
    const name = (seqNum: number) => `AT_O_20261122_00000${seqNum}`;
    const exposing = (seqNum: number, secondsAgo: number): CameraView => ({
      phase: 'exposing',
      endsAtUnixMs: NOW + 1_000,
      imageName: name(seqNum),
      sinceUnixMs: NOW - secondsAgo * 1000,
    });
    const [sixth, seventh, eighth] = [exposing(6, 24), exposing(7, 14), exposing(8, 4)];
    const afterOne = awaitReadouts([], sixth, seventh, night(40));
    const awaited = awaitReadouts(afterOne, seventh, eighth, night(40));
    expect(awaited.map((readout) => readout.imageName)).toEqual([name(6), name(7)]);
    expect(late({ awaited, exposures: night(40) }, eighth)).toMatchObject({
      stage: 'landing',
      sentence: expect.stringContaining(name(6)),
    });
    // The next file that comes ends it, also when one between was lost.
    expect(awaitReadouts(awaited, eighth, eighth, [taken(7, 2), ...night(40)])).toEqual([]);
  });

  test('a camera that starts no exposure, once it rests longer than three times the cadence and 45 s', () => {
    expect(late({ exposures: night(44) }, { sinceUnixMs: NOW - 44_000 })).toBeNull();
    expect(late({ exposures: night(50) }, { sinceUnixMs: NOW - 50_000 })).toMatchObject({ stage: 'camera' });
  });

  test('not the rest of a camera that rested before the page was opened', () => {
    const facts = { exposures: night(5_000), watchedSince: NOW - 60_000 };
    expect(late(facts, { sinceUnixMs: NOW - 5_000_000 })).toBeNull();
    expect(late(facts, { phase: 'unknown', imageName: null })).toBeNull();
  });

  test('a registry that does not answer, before all else and not for one busy moment', () => {
    const registryProblem = { sentence: 'Locked.', since: NOW - 11_000 };
    expect(late({ registryProblem })).toMatchObject({
      stage: 'registry',
      sentence: expect.stringContaining('Locked.'),
    });
    expect(late({ registryProblem: { ...registryProblem, since: NOW - 9_000 } })).toBeNull();
  });

  test('an image that could not be decoded, at once', () => {
    const imageProblem = { exposure: 6, sentence: '20261122 6: the file is truncated.' };
    expect(late({ imageProblem })).toMatchObject({ stage: 'decode', sentence: imageProblem.sentence });
  });

  test('without camera events the cadence tells, and the sentence says what it cannot know', () => {
    const unknown = { phase: 'unknown', imageName: null } as const;
    expect(late({ exposures: night(50) }, unknown)).toBeNull();
    expect(late({ exposures: night(54) }, unknown)).toMatchObject({
      stage: 'unknown',
      sentence: expect.stringContaining('every 15 s'),
    });
  });
});

test('one fault keeps one key while its sentence counts on', () => {
  const camera = { phase: 'reading', endsAtUnixMs: NOW - 9_000, imageName: 'x' } as const;
  const [first, second] = [late({}, camera), late({ now: NOW + 1_000 }, camera)];
  expect(second?.key).toBe(first?.key);
  expect(second?.sentence).not.toBe(first?.sentence);
});

test('the cadence is a median: one long gap between sets does not move it', () => {
  expect(runningCadenceMs([taken(4, 0), taken(3, 15), taken(2, 30), taken(1, 630)])).toBe(15_000);
  expect(runningCadenceMs([taken(2, 0), taken(1, 15)])).toBeNull();
});

test('a refused file is named with its reason until a newer one has come', () => {
  const refused = [
    {
      fileName: 'AT_O_20261122_000006_R00_S00.fits.fz',
      obsId: 'AT_O_20261122_000006',
      reason: 'It is not FITS.',
      refusedUnixMs: NOW - 500,
    },
  ];
  expect(late({ refused })).toMatchObject({
    stage: 'ingest',
    sentence: 'AT_O_20261122_000006 has landed and was refused by the ingester: It is not FITS.',
  });
  const [next] = night(1);
  const [raw] = next?.raws ?? [];
  const newer = { ...next, raws: [{ ...raw, landedUnixMs: NOW - 100 }] } as Exposure;
  expect(late({ refused, exposures: [newer, ...night(16)] })).toBeNull();
});
