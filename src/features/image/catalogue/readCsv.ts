/** A CSV file as columns: commas, semicolons, tabs or blanks, `#` before comments, the names in the first line. */
import Papa from 'papaparse';
import { columnOfTexts, MOST_ROWS, type TableColumns } from '../../../core/catalogue/table.ts';

export interface ReadTable {
  readonly table: TableColumns;
  /** What was left out, as a sentence; null when all of it is there. */
  readonly note: string | null;
}

export function readCsv(text: string): ReadTable | { readonly problem: string } {
  // Aligned with blanks, as astropy and SExtractor write.
  const plain = /^[^,;\t]*$/m.test(firstLine(text))
    ? text.replaceAll(/^ +| +$/gm, '').replaceAll(/ +/g, ' ')
    : text;
  const { data, meta } = Papa.parse<string[]>(plain, {
    comments: '#',
    skipEmptyLines: 'greedy',
    delimitersToGuess: [',', '\t', ';', ' ', '|'],
    preview: MOST_ROWS + 2,
  });
  const [names, ...all] = data;
  if (!names || names.length < 2)
    return { problem: 'it has no columns: the first line has to name two or more' };
  if (all.length === 0) return { problem: 'it has no rows below the names of its columns' };
  const whole = all.filter((row) => row.length >= names.length).slice(0, MOST_ROWS);
  const uneven = all.filter((row) => row.length < names.length).length;
  const columns = names.map((name, i) => {
    const [, label = '', unit = ''] = /^(.*?)(?:\s*\[(.*)\])?$/.exec(name.trim()) ?? [];
    return columnOfTexts(
      label || `col${i + 1}`,
      unit,
      whole.map((row) => row[i] ?? ''),
    );
  });
  const notes = [
    ...(uneven > 0 ? [`${uneven} lines have fewer cells than there are columns and were left out.`] : []),
    ...(meta.truncated || all.length > MOST_ROWS ? [`Only the first ${MOST_ROWS} rows were read.`] : []),
  ];
  return { table: { rows: whole.length, columns }, note: notes.join(' ') || null };
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 200).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
}
