/** Rows of cells as RFC 4180. */

export type CsvCell = string | number | null;

/**
 * A spreadsheet takes a text that begins like this for a formula and runs it; texts of headers are other people's
 * (OWASP, "CSV injection"): an apostrophe in front keeps them texts.
 */
const FORMULA = /^[=+\-@\t\r]/;
/** A number in any form, sexagesimal ones too: −12 30 00 is a declination and no formula. */
const NUMBER = /^[+-][\d.][\d.: ]*$/;

/** With a line end after every line; what is not known (null, or no finite number) is an empty cell. */
export function csvText(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

/** All digits that a number has. */
export function csvCell(cell: CsvCell): string {
  if (typeof cell !== 'string') return cell === null || !Number.isFinite(cell) ? '' : String(cell);
  const text = withoutFormula(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function withoutFormula(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}
