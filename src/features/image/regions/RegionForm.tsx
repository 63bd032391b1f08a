/** The chosen region by its words and numbers, in detector pixels. */
import { useState } from 'react';
import { numbersOf, withTyped } from '../../../core/regions/numbers.ts';
import { COLOUR_NAMES } from '../../../core/regions/palette.ts';
import { LONGEST_LABEL, printableLabel, type Region } from '../../../core/regions/region.ts';
import type { RegionStore } from './regionStore.ts';

/** Two fields each: who has more works with the image or a file. */
const MOST_VERTICES = 24;

interface RegionFormProps {
  readonly store: RegionStore;
  readonly region: Region;
}

export function RegionForm({ store, region }: RegionFormProps) {
  const many = region.kind === 'polygon' && region.vertices.length > MOST_VERTICES;
  return (
    <div className="region-form" role="group" aria-label={`The chosen ${region.kind}`}>
      <Field
        name="label"
        text={region.label}
        longest={LONGEST_LABEL}
        take={(typed) => {
          store.put({ ...region, label: printableLabel(typed) });
          return undefined;
        }}
      />
      <label className="region-field" data-wide="true">
        colour
        <select
          className="image-select"
          value={region.colour}
          onChange={(event) => {
            const colour = COLOUR_NAMES.find((each) => each === event.target.value);
            if (colour) store.put({ ...region, colour });
          }}
        >
          {COLOUR_NAMES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {!many &&
        numbersOf(region).map((number) => (
          <Field
            key={number.name}
            name={number.name}
            unit={number.unit}
            text={String(Number(number.value.toFixed(3)))}
            take={(typed) => {
              const changed = withTyped(number, typed);
              if ('problem' in changed) return changed.problem;
              store.put(changed);
              return undefined;
            }}
          />
        ))}
      {region.kind === 'polygon' && (
        <p className="image-isr-none">
          {many && `${region.vertices.length} vertices: move them on the image. `}
          Double click an edge of it on the image for another vertex, a vertex to take it away.
        </p>
      )}
      <div className="region-tools">
        <button
          type="button"
          className="image-button"
          title="Another one beside it (D)"
          onClick={() => store.copy(region.id)}
        >
          Copy
        </button>
        <button type="button" className="image-button" title="Delete" onClick={() => store.remove(region.id)}>
          Delete
        </button>
      </div>
    </div>
  );
}

interface FieldProps {
  readonly name: string;
  readonly unit?: string;
  readonly text: string;
  readonly longest?: number;
  /** What was typed; says what is wrong with it. */
  readonly take: (typed: string) => string | undefined;
}

/** Taken with Enter or when it is left; Escape goes back. Until then the region may move without changing what is typed. */
function Field({ name, unit, text, longest, take }: FieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | undefined>();
  const end = (what: string | undefined) => {
    setProblem(what);
    if (what === undefined) setTyped(null);
  };
  const commit = () => {
    if (typed !== null) end(typed === text ? undefined : take(typed));
  };
  return (
    <label className="region-field" data-wide={unit === undefined}>
      {name}
      <span>
        <input
          className={unit ? 'image-limit image-number' : 'image-limit'}
          inputMode={unit ? 'decimal' : 'text'}
          maxLength={longest}
          aria-invalid={problem !== undefined}
          value={typed ?? text}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit();
            else if (event.key === 'Escape') end(undefined);
          }}
        />
        {unit && <span className="image-unit"> {unit}</span>}
      </span>
      {problem && (
        <span role="alert" className="region-problem">
          {problem}
        </span>
      )}
    </label>
  );
}
