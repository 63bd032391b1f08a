import { describe, expect, it } from 'vitest';
import { createStore } from 'zustand/vanilla';
import { AppError } from '../../../core/errors.ts';
import type { Source } from '../../../core/measure/detectSources.ts';
import type { ImageWorker } from '../../../services/workerPool.ts';
import type { OpenedImage, SourcesAnswer } from '../../../workers/image/contract.ts';
import { FIRST_STATE, type ImageState, type ImageStore } from '../imageState.ts';
import { createCatalogueStore, SOURCES } from './catalogueStore.ts';

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

const source = (x: number, y: number): Source => ({
  x,
  y,
  flux: 1000,
  apertureRadiusPx: 9,
  signalToNoise: 50,
  fwhmPx: 8,
  ellipticity: 0.1,
  positionAngleDeg: 0,
  peak: 90,
  saturated: false,
});

function harness() {
  const state = createStore<ImageState>(() => FIRST_STATE);
  const asked: { key: string; answer: (sources: readonly Source[]) => void; fail: (why: string) => void }[] =
    [];
  let offset = 0;
  const image = {
    ...state,
    setOverlays: (overlays: Partial<ImageState['overlays']>) =>
      state.setState((s) => ({ overlays: { ...s.overlays, ...overlays } })),
    setView: (view: ImageState['view']) => state.setState({ view }),
    sources: () =>
      new Promise<SourcesAnswer>((resolve, reject) => {
        asked.push({
          key: state.getState().shownAs!.key,
          answer: (sources) => resolve({ unit: 'adu', sources }),
          fail: (why) => reject(new AppError('NotFound', why)),
        });
      }),
  } as unknown as ImageStore;
  const worker = {
    // A sky whose pixels move from image to image.
    pixelsOfSky: async ({ skyDeg }: { skyDeg: Float64Array }) => skyDeg.map((value) => value * 10 + offset),
    fitsTable: async () => Promise.reject(new AppError('MalformedFits', 'the header has no END')),
  } as unknown as ImageWorker;
  const store = createCatalogueStore(image, worker);
  const show = async (key: string, more: Partial<OpenedImage> = {}) => {
    offset += 1;
    state.setState({ shownAs: { key, preview: null, ...more } as OpenedImage });
    await tick();
  };
  const file = (name: string, text: string) => new File([text], name);
  return { store, image, asked, show, file };
}

const placesOf = (store: ReturnType<typeof harness>['store'], name: string) => [
  ...store.getState().catalogues.find((each) => each.name === name)!.at,
];

describe('the sources of the image', () => {
  it('are looked for when they are wanted, and again in each image that comes', async () => {
    const { store, image, asked, show } = harness();
    await show('one');
    expect(asked).toHaveLength(0);
    image.setOverlays({ sources: true });
    expect(store.getState().finding).toBe(true);
    asked[0]!.answer([source(10, 20)]);
    await tick();
    expect(store.getState()).toMatchObject({ active: SOURCES, finding: false, problem: null });
    expect(placesOf(store, 'sources')).toEqual([10, 20]);
    await show('two');
    await show('three');
    // The answer about an image that is gone comes late.
    asked[2]!.answer([source(1, 2), source(3, 4)]);
    await tick();
    asked[1]!.answer([]);
    await tick();
    expect(asked.map(({ key }) => key)).toEqual(['one', 'two', 'three']);
    expect(placesOf(store, 'sources')).toEqual([1, 2, 3, 4]);
    store.remove(SOURCES);
    expect(image.getState().overlays.sources).toBe(false);
    expect(store.getState()).toMatchObject({ catalogues: [], active: null });
  });

  it('wait for true pixels, and say why there are none', async () => {
    const { store, image, asked, show } = harness();
    image.setOverlays({ sources: true });
    await show('preview', { preview: { binPx: 8, share: 1 } });
    expect(asked).toHaveLength(0);
    await show('full');
    asked[0]!.fail('The overscan is shown.');
    await tick();
    expect(store.getState()).toMatchObject({ finding: false, problem: 'No sources: The overscan is shown.' });
  });
});

describe('a catalogue from a file', () => {
  it('is placed by its columns, on the sky anew for each image', async () => {
    const { store, show, file } = harness();
    await show('one');
    await store.readFile(file('pixels.csv', 'x,y\n1,2\n3,4\n'));
    await store.readFile(file('sky.csv', 'ra,dec\n1,2\n'));
    await tick();
    expect(placesOf(store, 'pixels.csv')).toEqual([1, 2, 3, 4]);
    expect(placesOf(store, 'sky.csv')).toEqual([11, 21]);
    await show('two');
    expect(placesOf(store, 'sky.csv')).toEqual([12, 22]);
    const { id } = store.getState().catalogues[0]!;
    store.setWhere(id, { kind: 'fits', first: 'x', second: 'y' });
    await tick();
    expect(placesOf(store, 'pixels.csv')).toEqual([0, 1, 2, 3]);
  });

  it('that cannot be read says so, and nothing is lost', async () => {
    const { store, file } = harness();
    await store.readFile(file('stars.csv', 'x,y\n1,2\n'));
    await store.readFile(file('words.txt', 'nothing'));
    expect(store.getState().problem).toMatch(/^words.txt was not read: /);
    await store.readFile(file('bad.fits', 'SIMPLE  =                    T'));
    expect(store.getState().problem).toBe('bad.fits was not read: the header has no END.');
    await store.readFile(file('empty.csv', ''));
    expect(store.getState().problem).toMatch(/^empty.csv was not read: /);
    expect(store.getState().catalogues.map(({ name }) => name)).toEqual(['stars.csv']);
  });

  it('or from the notebook, whose refusal is told', async () => {
    const { store } = harness();
    await store.take('night', async () => 'x,y\n5,6\n');
    expect(store.getState()).toMatchObject({ taking: null, problem: null });
    await store.take('day', async () => Promise.reject(new AppError('NotFound', 'NameError: day')));
    expect(store.getState()).toMatchObject({ taking: null, problem: 'day was not taken: NameError: day' });
    expect(store.getState().catalogues).toHaveLength(1);
  });
});

describe('rows', () => {
  it('are chosen at the marker that is nearest to the pointer, and framed by a brush', async () => {
    const { store, file } = harness();
    await store.readFile(file('a.csv', 'x,y\n10,10\n12,10\n50,50\n'));
    await store.readFile(file('b.csv', 'x,y\n100,100\n'));
    await tick();
    const [a, b] = store.getState().catalogues;
    expect(store.tools.press({ x: 11.4, y: 10 }, 3)).toBe(true);
    expect(store.getState()).toMatchObject({ active: a!.id, chosen: new Set([1]) });
    expect(store.tools.press({ x: 30, y: 30 }, 3)).toBe(false);
    store.setVisible(b!.id, false);
    expect(store.tools.press({ x: 100, y: 100 }, 3)).toBe(false);

    store.setBrushing(true);
    expect(store.tools.press({ x: 60, y: 60 }, 3)).toBe(true);
    store.tools.move({ x: 11, y: 9 });
    expect(store.getState().chosen).toEqual(new Set([1, 2]));
    store.tools.release({ x: 11, y: 9 });
    expect(store.getState()).toMatchObject({ brush: null, chosen: new Set([1, 2]) });
    store.setActive(b!.id);
    expect(store.getState().chosen.size).toBe(0);
  });

  it('bring their place into the middle', async () => {
    const { store, image, file } = harness();
    await store.readFile(file('a.csv', 'x,y\n10,20\n,\n1,\n'));
    await tick();
    store.lookAt(0);
    expect(image.getState().view).toMatchObject({ centre: { x: 10, y: 20 }, devicePixelsPerPixel: 2 });
    store.lookAt(1);
    expect(image.getState().view).toMatchObject({ centre: { x: 10, y: 20 } });
  });
});
