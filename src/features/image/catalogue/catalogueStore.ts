/**
 * Catalogues over the image: the sources of the image on the screen, tables from files and from the notebook. Rows are
 * chosen in the table, in the plot and on the image, and are the same rows in all three.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { guessPlaces, type PlaceColumns, placesOf } from '../../../core/catalogue/places.ts';
import { MOST_ROWS, type TableColumns } from '../../../core/catalogue/table.ts';
import { toAppError } from '../../../core/errors.ts';
import type { DetectorPixel } from '../../../core/frames.ts';
import type { ColourName } from '../../../core/regions/palette.ts';
import type { ImageWorker } from '../../../services/workerPool.ts';
import type { ImageStore } from '../imageState.ts';
import type { PaneTools } from '../PanePointer.tsx';
import { sourcesTable } from './sourcesTable.ts';

export interface ShownCatalogue {
  readonly id: string;
  readonly name: string;
  readonly table: TableColumns;
  readonly colour: ColourName;
  readonly visible: boolean;
  /** Null: the user has to say which columns they are. */
  readonly where: PlaceColumns | null;
  /** Detector pixels, x and y of each row; NaN where the row has no place on this image. */
  readonly at: Float64Array;
  /** What was left out when it was read, as a sentence. */
  readonly note: string | null;
}

export interface CatalogueState {
  readonly catalogues: readonly ShownCatalogue[];
  /** Its table and plot are shown, its rows are chosen. */
  readonly active: string | null;
  /** Row numbers of the active one. */
  readonly chosen: ReadonlySet<number>;
  /** The next drag on the image chooses what it frames. */
  readonly brushing: boolean;
  readonly brush: { readonly from: DetectorPixel; readonly to: DetectorPixel } | null;
  readonly finding: boolean;
  /** The table that the notebook is asked for. */
  readonly taking: string | null;
  readonly problem: string | null;
}

/** The notebook's answer to the name of a table, as CSV; null while there is no kernel. */
export interface KernelTables {
  readonly ask: ((name: string) => Promise<string>) | null;
}

export interface CatalogueStore extends StoreApi<CatalogueState> {
  readonly tools: PaneTools;
  add(name: string, table: TableColumns, note?: string | null): void;
  /** CSV or a FITS table. */
  readFile(file: File): Promise<void>;
  /** A table of the notebook, which answers with CSV. */
  take(name: string, ask: (name: string) => Promise<string>): Promise<void>;
  remove(id: string): void;
  setActive(id: string): void;
  setVisible(id: string, visible: boolean): void;
  setWhere(id: string, where: PlaceColumns): void;
  choose(rows: Iterable<number>): void;
  setBrushing(brushing: boolean): void;
  /** Moves the view so that a row is in the middle, if it is on the image. */
  lookAt(row: number): void;
}

export const SOURCES = 'sources';
const COLOURS: readonly ColourName[] = ['cyan', 'magenta', 'yellow', 'orange', 'red', 'blue'];
const LARGEST_FILE_BYTES = 200_000_000;
const SIMPLE = 'SIMPLE';
const GZIP = 0x8b1f;
const LEAST_SCALE = 2;

export function createCatalogueStore(image: ImageStore, worker: ImageWorker): CatalogueStore {
  const store = createStore<CatalogueState>(() => ({
    catalogues: [],
    active: null,
    chosen: new Set(),
    brushing: false,
    brush: null,
    finding: false,
    taking: null,
    problem: null,
  }));
  const { getState: get, setState: set } = store;
  let made = 0;

  const activeOne = () => get().catalogues.find(({ id }) => id === get().active);

  const put = (catalogue: ShownCatalogue) =>
    set(({ catalogues }) => ({
      catalogues: catalogues.some(({ id }) => id === catalogue.id)
        ? catalogues.map((each) => (each.id === catalogue.id ? catalogue : each))
        : [...catalogues, catalogue],
    }));

  /** Coordinates on the sky become pixels of the image on the screen. */
  const place = async ({ id, table, where }: ShownCatalogue) => {
    if (!where) return;
    const { shownAs } = image.getState();
    let at = placesOf(table, where);
    if (where.kind === 'sky') {
      const skyDeg = at;
      at = new Float64Array(skyDeg.length).fill(NaN);
      // With an image that is gone meanwhile it has no places until the next one comes.
      if (shownAs && !shownAs.preview)
        at = await worker.pixelsOfSky({ key: shownAs.key, skyDeg }).catch(() => at);
    }
    const now = get().catalogues.find((each) => each.id === id);
    if (now?.where === where && now.table === table && image.getState().shownAs === shownAs)
      put({ ...now, at });
  };

  const show = (catalogue: ShownCatalogue) => {
    put(catalogue);
    void place(catalogue);
  };

  const find = async () => {
    const { shownAs, overlays } = image.getState();
    if (!overlays.sources) return forget(SOURCES);
    if (!shownAs || shownAs.preview) return;
    set({ finding: true });
    try {
      const answer = await image.sources();
      if (!answer || image.getState().shownAs !== shownAs || !image.getState().overlays.sources) return;
      const table = sourcesTable(answer);
      const before = get().catalogues.find(({ id }) => id === SOURCES);
      if (get().active === SOURCES) set({ chosen: new Set() });
      show({
        id: SOURCES,
        name: 'sources',
        colour: 'green',
        visible: before?.visible ?? true,
        table,
        where: guessPlaces(table) ?? null,
        at: new Float64Array(2 * table.rows).fill(NaN),
        note: null,
      });
      set(({ active }) => ({ active: active ?? SOURCES, problem: null }));
    } catch (thrown) {
      if (image.getState().shownAs === shownAs) set({ problem: `No sources: ${toAppError(thrown).message}` });
    } finally {
      if (image.getState().shownAs === shownAs) set({ finding: false });
    }
  };

  const forget = (gone: string) => {
    const catalogues = get().catalogues.filter(({ id }) => id !== gone);
    if (catalogues.length === get().catalogues.length) return;
    set({ catalogues });
    if (get().active === gone) set({ active: catalogues.at(-1)?.id ?? null, chosen: new Set() });
  };

  image.subscribe((state, before) => {
    if (state.overlays.sources !== before.overlays.sources) void find();
    else if (state.shownAs !== before.shownAs && state.overlays.sources) void find();
    if (state.shownAs === before.shownAs) return;
    for (const catalogue of get().catalogues) if (catalogue.where?.kind === 'sky') void place(catalogue);
  });

  const nearest = (to: DetectorPixel, tolerancePx: number): { id: string; row: number } | undefined => {
    let best: { id: string; row: number } | undefined;
    let least = tolerancePx;
    for (const { id, at, visible } of get().catalogues) {
      if (!visible) continue;
      for (let row = 0; 2 * row < at.length; row++) {
        const away = Math.hypot((at[2 * row] as number) - to.x, (at[2 * row + 1] as number) - to.y);
        if (!(away <= least)) continue;
        least = away;
        best = { id, row };
      }
    }
    return best;
  };

  const framed = ({ at }: ShownCatalogue, from: DetectorPixel, to: DetectorPixel): number[] => {
    const [x0, x1] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [y0, y1] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    return Array.from({ length: at.length / 2 }, (_, row) => row).filter((row) => {
      const [x, y] = [at[2 * row] as number, at[2 * row + 1] as number];
      return x >= x0 && x <= x1 && y >= y0 && y <= y1;
    });
  };

  const add = (name: string, table: TableColumns, note: string | null = null) => {
    const id = `catalogue-${++made}`;
    const colour = COLOURS[(made - 1) % COLOURS.length] ?? 'cyan';
    const at = new Float64Array(2 * table.rows).fill(NaN);
    set({ active: id, chosen: new Set(), problem: null });
    show({ id, name, table, colour, visible: true, where: guessPlaces(table) ?? null, at, note });
  };

  const addCsv = async (name: string, text: string) => {
    const { readCsv } = await import('./readCsv.ts');
    const read = readCsv(text);
    if ('problem' in read) set({ problem: `${name} was not read: ${read.problem}.` });
    else add(name, read.table, read.note);
  };

  return {
    ...store,
    tools: {
      press(at, tolerancePx) {
        if (get().brushing) {
          set({ brush: { from: at, to: at } });
          return true;
        }
        const hit = nearest(at, tolerancePx);
        if (!hit) return false;
        set({ active: hit.id, chosen: new Set([hit.row]) });
        return true;
      },
      move(to) {
        const { brush } = get();
        const catalogue = activeOne();
        if (!brush || !catalogue) return;
        set({ brush: { from: brush.from, to }, chosen: new Set(framed(catalogue, brush.from, to)) });
      },
      release: () => set({ brush: null }),
    },
    add,
    async readFile(file) {
      try {
        if (file.size > LARGEST_FILE_BYTES) {
          set({ problem: `${file.name} was not read: files of more than 200 MB are not.` });
          return;
        }
        const bytes = new Uint8Array(await file.arrayBuffer());
        const text = () => new TextDecoder().decode(bytes);
        const isFits =
          bytes[0]! + 256 * bytes[1]! === GZIP || String.fromCharCode(...bytes.subarray(0, 6)) === SIMPLE;
        if (!isFits) return await addCsv(file.name, text());
        const table = await worker.fitsTable(bytes);
        add(
          file.name,
          table,
          table.rows === MOST_ROWS ? `Only the first ${MOST_ROWS} rows were read.` : null,
        );
      } catch (thrown) {
        set({ problem: `${file.name} was not read: ${toAppError(thrown).message}.` });
      }
    },
    async take(name, ask) {
      set({ taking: name, problem: null });
      try {
        await addCsv(name, await ask(name));
      } catch (thrown) {
        set({ problem: `${name} was not taken: ${toAppError(thrown).message}` });
      } finally {
        set({ taking: null });
      }
    },
    remove(id) {
      if (id === SOURCES) image.setOverlays({ sources: false });
      else forget(id);
    },
    setActive: (active) => get().active !== active && set({ active, chosen: new Set() }),
    setVisible(id, visible) {
      const catalogue = get().catalogues.find((each) => each.id === id);
      if (catalogue) put({ ...catalogue, visible });
    },
    setWhere(id, where) {
      const catalogue = get().catalogues.find((each) => each.id === id);
      if (catalogue) show({ ...catalogue, where });
    },
    choose: (rows) => set({ chosen: new Set(rows) }),
    setBrushing: (brushing) => set({ brushing }),
    lookAt(row) {
      const at = activeOne()?.at;
      const [x, y] = [at?.[2 * row] ?? NaN, at?.[2 * row + 1] ?? NaN];
      if (!Number.isFinite(x) || !Number.isFinite(y)) return;
      const { view, display } = image.getState();
      const scale = view === 'fit' ? LEAST_SCALE : view.devicePixelsPerPixel;
      image.setView({ centre: { x, y }, devicePixelsPerPixel: scale, ...display.orientation });
    },
  };
}
