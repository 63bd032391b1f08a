import { describe, expect, test, vi } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import { AppError } from '../../core/errors.ts';
import type { ButlerClient, ExposureKey, ExposureSnapshot } from '../../services/butler/butlerClient.ts';
import { dataIdText } from './dataIdText.ts';
import {
  createExposuresStore,
  newerCount,
  selectedExposure,
  visibleExposures,
  type ExposuresStoreParts,
} from './exposuresStore.ts';

function exposure(seqNum: number, more: Partial<Exposure> = {}): Exposure {
  const dayObs = more.dayObs ?? 20261122;
  return {
    instrument: 'LATISS',
    exposure: dayObs * 100_000 + seqNum,
    obsId: `AT_O_${dayObs}_${String(seqNum).padStart(6, '0')}`,
    dayObs,
    seqNum,
    observationType: 'science/object',
    observationReason: 'object',
    targetName: 'HD 2811',
    scienceProgram: 'AUXTEL',
    physicalFilter: 'SDSSr_65mm~empty',
    group: 'g',
    exposureTimeSeconds: 30,
    darkTimeSeconds: 30,
    shutterOpenTai: 0n,
    shutterCloseTai: 0n,
    raws: [{ datasetId: `d${seqNum}`, detector: 0, fileBytes: 1, landedUnixMs: 1, registeredUnixMs: 1 }],
    ...more,
  };
}
const noRaw = (seqNum: number) => exposure(seqNum, { raws: [] });

let arrivals = 1000;
function snapshot(exposures: readonly Exposure[], more: Partial<ExposureSnapshot> = {}): ExposureSnapshot {
  return { exposures, asOf: 5, receivedAt: ++arrivals, source: 'OODS', stale: null, refused: [], ...more };
}
const down = new AppError('Unreachable', 'No answer.');

function storeWith(more: Partial<ExposuresStoreParts> = {}) {
  const asked: ExposureKey[] = [];
  const butler: ButlerClient = {
    source: 'OODS',
    fileUrlPrefix: '/files/',
    watch: () => undefined,
    findCalibs: async () => ({ bias: null, dark: null, flat: null }),
    async findExposure(which) {
      asked.push(which);
      const { dayObs, seqNum } =
        'exposure' in which
          ? { dayObs: Math.floor(which.exposure / 100_000), seqNum: which.exposure % 100_000 }
          : which;
      if (seqNum === 404) throw new AppError('NotFound', `OODS has no exposure ${dayObs} 404.`);
      return exposure(seqNum, { dayObs });
    },
  };
  const store = createExposuresStore({ butler, serverNow: () => Date.UTC(2026, 10, 22, 16), ...more });
  const shown = () => selectedExposure(store.getState())?.seqNum;
  return { store, asked, shown };
}

describe('following', () => {
  test('shows each newest exposure that has a raw', () => {
    const { store, shown } = storeWith();
    store.apply(snapshot([exposure(2), exposure(1)]));
    expect(shown()).toBe(2);
    store.apply(snapshot([noRaw(3), exposure(2), exposure(1)]));
    expect(shown()).toBe(2);
    store.apply(snapshot([exposure(3), exposure(2), exposure(1)]));
    expect(shown()).toBe(3);
  });

  test('is paused by whatever is opened by hand; newer ones are then counted, not shown', () => {
    const { store, shown } = storeWith();
    store.apply(snapshot([exposure(2), exposure(1)]));
    store.select(exposure(1));
    store.apply(snapshot([exposure(4), noRaw(3), exposure(2), exposure(1)]));
    expect([shown(), newerCount(store.getState()), store.getState().following]).toEqual([1, 2, false]);
    store.follow();
    expect([shown(), newerCount(store.getState()), store.getState().following]).toEqual([4, 0, true]);
  });

  test('keeps what is shown when it leaves the list', () => {
    const { store, shown } = storeWith();
    store.apply(snapshot([exposure(2), exposure(1)]));
    store.select(exposure(1));
    store.apply(snapshot([exposure(3), exposure(2)]));
    expect(shown()).toBe(1);
    store.apply(snapshot([exposure(4), exposure(3)]));
    expect([shown(), newerCount(store.getState())]).toEqual([1, 2]);
    store.apply(snapshot([]));
    store.follow();
    expect(shown()).toBe(1);
  });

  test('starts paused on the exposure that the address asks for', () => {
    const { store, shown } = storeWith({ initial: exposure(1).exposure });
    store.apply(snapshot([exposure(2), exposure(1)]));
    expect([shown(), store.getState().following]).toEqual([1, false]);
  });
});

describe('stepping', () => {
  const rows = [exposure(4), exposure(3, { targetName: 'NGC 1' }), exposure(2), exposure(1)];

  test('goes by age, stops at the ends and pauses', () => {
    const { store, shown } = storeWith();
    store.apply(snapshot(rows));
    store.step(-1);
    expect([shown(), store.getState().following]).toEqual([3, false]);
    store.step(1);
    store.step(1);
    expect(shown()).toBe(4);
    for (let i = 0; i < 9; i++) store.step(-1);
    expect(shown()).toBe(1);
  });

  test('keeps to the rows that the filter leaves, also from outside of them', () => {
    const { store, shown } = storeWith();
    store.apply(snapshot(rows));
    store.setFilter('hd 2811');
    store.step(-1);
    expect(shown()).toBe(2);
    store.select(exposure(3));
    store.step(1);
    expect(shown()).toBe(4);
  });

  test('crosses nights', () => {
    const { store, shown } = storeWith();
    store.apply(snapshot([exposure(1), exposure(900, { dayObs: 20261121 })]));
    store.step(-1);
    expect(shown()).toBe(900);
    store.step(1);
    expect(shown()).toBe(1);
  });
});

describe('a typed number', () => {
  test('opens an exposure of the list without asking', async () => {
    const { store, asked, shown } = storeWith();
    store.apply(snapshot([exposure(2), exposure(1)]));
    store.setGoTo('1');
    await store.openTyped('1');
    expect([shown(), store.getState().goTo, asked]).toEqual([1, null, []]);
  });

  test('asks for another night, and for tonight by the newest exposure’s night', async () => {
    const { store, asked, shown } = storeWith();
    store.apply(snapshot([exposure(2), exposure(1)]));
    await store.openTyped('20251231 77');
    await store.openTyped('78');
    expect(asked).toEqual([
      { dayObs: 20251231, seqNum: 77 },
      { dayObs: 20261122, seqNum: 78 },
    ]);
    expect([shown(), store.getState().following]).toEqual([78, false]);
  });

  test('takes tonight from the clock while the list is empty', async () => {
    const { store, asked } = storeWith();
    await store.openTyped('5');
    expect(asked).toEqual([{ dayObs: 20261122, seqNum: 5 }]);
  });

  test('says in a sentence what is wrong and leaves the image', async () => {
    const { store, shown } = storeWith();
    store.apply(snapshot([exposure(2)]));
    await store.openTyped('404');
    expect(store.getState().goToProblem).toBe('OODS has no exposure 20261122 404.');
    await store.openTyped('x');
    expect(store.getState().goToProblem).toContain('20261122 143');
    expect([shown(), store.getState().following]).toEqual([2, true]);
  });

  test('that was changed meanwhile opens nothing', async () => {
    const { store, shown } = storeWith();
    store.apply(snapshot([exposure(2)]));
    const opening = store.openTyped('1');
    store.setGoTo('12');
    await opening;
    expect([shown(), store.getState().goToBusy]).toEqual([2, false]);
  });
});

describe('an exposure that the address asks for', () => {
  test('is asked for when the list has not got it, and stays when the list moves on', async () => {
    const { store, asked, shown } = storeWith({ initial: 2025123100077 });
    store.apply(snapshot([exposure(2)]));
    await vi.waitFor(() => expect(shown()).toBe(77));
    store.apply(snapshot([exposure(3), exposure(2)]));
    expect([shown(), store.getState().following, asked]).toEqual([77, false, [{ exposure: 2025123100077 }]]);
  });

  test('is named when there is none, once; the newest is a key away', async () => {
    const { store, asked, shown } = storeWith({ initial: 2026112200404 });
    store.apply(snapshot([exposure(2)]));
    await vi.waitFor(() =>
      expect(store.getState().missing?.message).toBe('OODS has no exposure 20261122 404.'),
    );
    store.apply(snapshot([exposure(3), exposure(2)]));
    expect([shown(), asked.length]).toEqual([undefined, 1]);
    store.follow();
    expect([shown(), store.getState().missing]).toEqual([3, null]);
  });
});

describe('what was seen when', () => {
  test('is the first answer with a raw; what the first answer had did not come live', () => {
    const { store } = storeWith();
    const first = snapshot([exposure(1)]);
    store.apply(first);
    store.apply(snapshot([noRaw(2), exposure(1)]));
    const third = snapshot([exposure(2), exposure(1)]);
    store.apply(third);
    store.apply(snapshot([exposure(2), exposure(1)]));
    const id = (n: number) => exposure(n).exposure;
    expect([1, 2].map((n) => store.seenAt(id(n)))).toEqual([first.receivedAt, third.receivedAt]);
    expect([1, 2].map((n) => store.cameLive(id(n)))).toEqual([false, true]);
  });

  test('a failure before the first answer is no answer', () => {
    const { store } = storeWith();
    store.apply(snapshot([], { receivedAt: 0, stale: down }));
    expect(store.getState()).toMatchObject({ received: false, stale: down });
    store.apply(snapshot([exposure(1)]));
    expect(store.cameLive(exposure(1).exposure)).toBe(false);
  });
});

test('the filter wants every word somewhere in the row', () => {
  const rows = [exposure(12), exposure(3, { observationType: 'bias', targetName: '' })];
  const left = (filter: string) => visibleExposures(rows, filter).map((e) => e.seqNum);
  expect(left('')).toEqual([12, 3]);
  expect(left(' BIAS ')).toEqual([3]);
  expect(left('sdssr hd')).toEqual([12]);
  expect(left('hd bias')).toEqual([]);
});

test('the copied lines are Python that names instrument, exposure and detector', () => {
  expect(dataIdText(exposure(143))).toBe(
    'dataId = {"instrument": "LATISS", "exposure": 2026112200143, "detector": 0}\nbutler.get("raw", dataId, collections="LATISS/raw/all")\n',
  );
});
