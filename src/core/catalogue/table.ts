/** A catalogue as columns, wherever it came from. */

export type TableColumn =
  | { readonly kind: 'numbers'; readonly name: string; readonly unit: string; readonly values: Float64Array }
  | {
      readonly kind: 'texts';
      readonly name: string;
      readonly unit: string;
      readonly values: readonly string[];
    };

export interface TableColumns {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

/** More rows than that are not read: no display of markers has a use for them. */
export const MOST_ROWS = 200_000;

export function numbersOf({ columns }: TableColumns, name: string): Float64Array | undefined {
  const column = columns.find((each) => each.name === name);
  return column?.kind === 'numbers' ? column.values : undefined;
}

/** Texts that are all numbers, or empty, become numbers; without a value NaN. */
export function columnOfTexts(name: string, unit: string, texts: readonly string[]): TableColumn {
  const values = new Float64Array(texts.length);
  let some = false;
  for (const [row, text] of texts.entries()) {
    const trimmed = text.trim();
    if (/^(|nan|null|none|-|--)$/i.test(trimmed)) {
      values[row] = NaN;
      continue;
    }
    const value = Number(trimmed);
    if (Number.isNaN(value)) return { kind: 'texts', name, unit, values: texts };
    values[row] = value;
    some = true;
  }
  return some ? { kind: 'numbers', name, unit, values } : { kind: 'texts', name, unit, values: texts };
}
