/** Writing to standard output: JSON documents and aligned columns. */

/**
 * One JSON document. NaN becomes null. Infinities become 1e999, which every reader of JSON rounds to infinity; numbers
 * beyond 2^53 have an exponent, so that Python reads them as the float64 that they are.
 */
export function toJson(value: unknown): string {
  if (typeof value === 'number') return numberToJson(value);
  if (Array.isArray(value)) return `[${value.map((each) => toJson(each)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => `${JSON.stringify(name)}:${toJson(each)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

function numberToJson(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (!Number.isFinite(value)) return value > 0 ? '1e999' : '-1e999';
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? value.toExponential() : String(value);
}

/** What a header should not hold, and a terminal would obey or garble, as `\xNN`. */
export const printable = (text: string): string => text.replaceAll(/[^ -~]/g, byNumber);

const byNumber = (character: string): string =>
  `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;

/** Columns as wide as their widest cell. Names of files keep their letters, but nothing commands the terminal. */
export function columns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll(/\p{Cc}/gu, byNumber)));
  const widths: number[] = [];
  for (const row of cells)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Numbers for people: integers whole, others with 7 digits. */
export function shortNumber(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '-';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
}
