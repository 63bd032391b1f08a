/** The catalogues that lie over the image: where they come from, and rows, plot and markers that are chosen together. */
import { useRef, useState } from 'react';
import { useStore, type StoreApi } from 'zustand';
import type { PlaceColumns, PlaceKind } from '../../../core/catalogue/places.ts';
import { saveCsv } from '../../../services/saveFile.ts';
import type { ImageStore } from '../imageState.ts';
import '../image.css';
import '../regions/regions.css';
import { Select } from '../Select.tsx';
import './catalogue.css';
import { CataloguePlot } from './CataloguePlot.tsx';
import type { CatalogueStore, KernelTables, ShownCatalogue } from './catalogueStore.ts';
import { CatalogueTable } from './CatalogueTable.tsx';
import { catalogueCsv } from './catalogueCsv.ts';

export interface CatalogueViewProps {
  readonly image: ImageStore;
  readonly store: CatalogueStore;
  readonly kernel: StoreApi<KernelTables>;
  readonly theme?: string;
}

export function CatalogueView({ image, store, kernel, theme }: CatalogueViewProps) {
  const { catalogues, active, problem, finding, brushing } = useStore(store);
  const sources = useStore(image, (s) => s.overlays.sources);
  const shown = catalogues.find(({ id }) => id === active);
  return (
    <div data-testid="catalogue-view">
      <label className="catalogue-row">
        <input
          type="checkbox"
          checked={sources}
          onChange={(event) => image.setOverlays({ sources: event.target.checked })}
        />
        Sources of the image on the screen (L) {finding && <span className="muted">· looking…</span>}
      </label>
      <Readers store={store} kernel={kernel} />
      {problem && <p role="alert">{problem}</p>}
      {catalogues.length === 0 && (
        <p className="image-isr-none">
          Markers from a table: CSV with named columns, a FITS table, or a table of the notebook.
        </p>
      )}
      {catalogues.map((catalogue) => (
        <Line key={catalogue.id} store={store} catalogue={catalogue} active={catalogue.id === active} />
      ))}
      {shown && (
        <>
          {shown.note && <p className="image-readout-note">{shown.note}</p>}
          {shown.id !== 'sources' && <Where store={store} catalogue={shown} />}
          <div className="region-tools">
            <button
              type="button"
              className="image-choice"
              aria-pressed={brushing}
              title="A drag on the image chooses the rows that it frames"
              onClick={() => store.setBrushing(!brushing)}
            >
              Brush the image
            </button>
            <button
              type="button"
              className="image-button"
              onClick={() =>
                saveCsv(
                  catalogueCsv(shown, store.getState().chosen),
                  `${shown.name.replace(/\.\w+$/, '')}.csv`,
                )
              }
            >
              CSV
            </button>
          </div>
          <CatalogueTable key={shown.id} store={store} catalogue={shown} />
          <CataloguePlot key={`plot-${shown.id}`} store={store} catalogue={shown} {...(theme && { theme })} />
        </>
      )}
    </div>
  );
}

function Readers({ store, kernel }: Pick<CatalogueViewProps, 'store' | 'kernel'>) {
  const input = useRef<HTMLInputElement>(null);
  const ask = useStore(kernel, (s) => s.ask);
  const taking = useStore(store, (s) => s.taking);
  const [name, setName] = useState('');
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="Catalogue file"
        accept=".csv,.tsv,.txt,.ecsv,.dat,.fits,.fit,.gz"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          if (file) void store.readFile(file);
        }}
      />
      <div className="region-tools">
        <button type="button" className="image-button" onClick={() => input.current?.click()}>
          Open CSV or FITS table…
        </button>
      </div>
      <form
        className="catalogue-kernel"
        onSubmit={(event) => {
          event.preventDefault();
          if (ask && name.trim()) void store.take(name.trim(), ask);
        }}
      >
        <input
          className="image-number-input"
          aria-label="Name of a table in the notebook"
          placeholder="table of the notebook, e.g. stars"
          value={name}
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
        <button
          type="submit"
          className="image-button"
          disabled={!ask || name.trim() === '' || taking !== null}
          title={
            ask
              ? 'A DataFrame, an astropy table, a structured array, a dict of columns'
              : 'There is no kernel yet'
          }
        >
          Take
        </button>
      </form>
      {taking !== null && <p className="image-readout-note">Waiting for the notebook’s {taking}…</p>}
    </>
  );
}

interface OfCatalogue {
  readonly store: CatalogueStore;
  readonly catalogue: ShownCatalogue;
}

function Line({ store, catalogue, active }: OfCatalogue & { readonly active: boolean }) {
  const { id, name, visible, colour, table, at } = catalogue;
  let placed = 0;
  for (let i = 0; i < at.length; i += 2) if (Number.isFinite(at[i]! + at[i + 1]!)) placed += 1;
  return (
    <div className="catalogue-row region" data-colour={colour} data-testid="catalogue" data-name={name}>
      <input
        type="checkbox"
        checked={visible}
        aria-label={`Show ${name}`}
        onChange={(event) => store.setVisible(id, event.target.checked)}
      />
      <span className="catalogue-swatch" aria-hidden="true" />
      <button
        type="button"
        className="image-choice"
        aria-pressed={active}
        onClick={() => store.setActive(id)}
      >
        {name}{' '}
        <span className="muted">
          {placed === table.rows ? `${table.rows} rows` : `${placed} of ${table.rows} rows have a place`}
        </span>
      </button>
      <button
        type="button"
        className="image-button"
        aria-label={`Remove ${name}`}
        onClick={() => store.remove(id)}
      >
        ×
      </button>
    </div>
  );
}

const KINDS: readonly (readonly [PlaceKind, string])[] = [
  ['pixel', 'pixels from 0'],
  ['fits', 'pixels from 1'],
  ['sky', 'RA, Dec (ICRS)'],
];

/** Which columns say where a row is; guessed by their names. */
function Where({ store, catalogue }: OfCatalogue) {
  const { id, table, where } = catalogue;
  const names = table.columns.map(({ name }) => [name, name] as const);
  const now: PlaceColumns = where ?? {
    kind: 'pixel',
    first: names[0]?.[0] ?? '',
    second: names[1]?.[0] ?? '',
  };
  const set = (change: Partial<PlaceColumns>) => store.setWhere(id, { ...now, ...change });
  return (
    <>
      {!where && (
        <p role="alert">
          No columns with a known name say where the rows are: choose them, and what they are.
        </p>
      )}
      <div className="catalogue-where">
        <Select
          label="Kind of places"
          title="What the two columns are"
          value={now.kind}
          options={KINDS}
          choose={(kind) => set({ kind: kind as PlaceKind })}
        />
        <Select
          label="Column of x or right ascension"
          title="x or right ascension"
          value={now.first}
          options={names}
          choose={(first) => set({ first })}
        />
        <Select
          label="Column of y or declination"
          title="y or declination"
          value={now.second}
          options={names}
          choose={(second) => set({ second })}
        />
      </div>
    </>
  );
}
