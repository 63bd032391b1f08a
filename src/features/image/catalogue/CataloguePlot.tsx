/** Two columns against each other; a frame drawn in the plot chooses rows, and rows chosen elsewhere stand out. */
import { useMemo, useState } from 'react';
import { useStore } from 'zustand';
import { Plot } from '../Plot.tsx';
import type { PlotChoice, PlotTrace } from '../plot.ts';
import { Select } from '../Select.tsx';
import type { CatalogueStore, ShownCatalogue } from './catalogueStore.ts';

/** More points than these cannot be told apart, and each costs an element of the page. */
const MOST_POINTS = 4000;
const FIRST_X = ['signal_to_noise', 'flux'];
const FIRST_Y = ['fwhm_px'];

export interface CataloguePlotProps {
  readonly store: CatalogueStore;
  readonly catalogue: ShownCatalogue;
  readonly theme?: string;
}

export function CataloguePlot({ store, catalogue, theme }: CataloguePlotProps) {
  const { table, name, where } = catalogue;
  const chosen = useStore(store, (s) => s.chosen);
  const numeric = useMemo(() => table.columns.filter((column) => column.kind === 'numbers'), [table]);
  const first = (wanted: readonly string[], otherwise: string | undefined) =>
    numeric.find((column) => wanted.includes(column.name))?.name ?? otherwise ?? numeric[0]?.name ?? '';
  const [xName, setX] = useState(first(FIRST_X, where?.first));
  const [yName, setY] = useState(first(FIRST_Y, where?.second));
  const { x, y } = useMemo(
    () => ({
      x: numeric.find((column) => column.name === xName),
      y: numeric.find((column) => column.name === yName),
    }),
    [numeric, xName, yName],
  );
  const step = Math.max(1, Math.ceil(table.rows / MOST_POINTS));
  const traces = useMemo((): readonly PlotTrace[] => {
    const thin = (values: Float64Array | undefined) =>
      (values ?? new Float64Array(0)).filter((_, i) => i % step === 0);
    return [{ name, x: thin(x?.values), y: thin(y?.values), mode: 'markers' }];
  }, [name, x, y, step]);
  const layout = useMemo(() => ({ x: titleOf(x), y: titleOf(y), logX: spansDecades(x?.values) }), [x, y]);
  const choice = useMemo(
    (): PlotChoice => ({
      chosen: [...chosen].filter((row) => row % step === 0).map((row) => row / step),
      onChoose: (points) => store.choose((points ?? []).map((point) => point * step)),
    }),
    [chosen, store, step],
  );
  if (numeric.length === 0) return null;
  const names = numeric.map((column) => [column.name, column.name] as const);
  return (
    <>
      <div className="region-tools">
        <Select label="Across" title="Column across" value={xName} options={names} choose={setX} />
        <Select label="Upwards" title="Column upwards" value={yName} options={names} choose={setY} />
      </div>
      {step > 1 && <p className="image-readout-note">Every {step}th row is drawn and can be framed here.</p>}
      <Plot
        label={`${yName} against ${xName}`}
        traces={traces}
        layout={layout}
        name={name}
        choice={choice}
        {...(theme && { theme })}
      />
    </>
  );
}

/** Fluxes are all above 0 and differ by more than a factor of a hundred. */
function spansDecades(values: Float64Array | undefined): boolean {
  let [least, most] = [Infinity, 0];
  for (const value of values ?? []) {
    if (Number.isNaN(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return least > 0 && most > 100 * least;
}

function titleOf(column: { readonly name: string; readonly unit: string } | undefined): string {
  return column ? `${column.name}${column.unit && ` (${column.unit})`}` : '';
}
