// Runs the page's measurements on the requests of stdin: one JSON list in, one JSON list out, NaN as null.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const MEASURE = resolve(import.meta.dirname, '../../src/core/measure');
const folder = await mkdtemp(join(tmpdir(), 'measure-'));
try {
  const entry = join(folder, 'entry.ts');
  const names = ['examine', 'cuts', 'statistics'];
  await writeFile(entry, names.map((name) => `export * from '${MEASURE}/${name}.ts';`).join('\n'));
  const bundle = await rolldown({ input: entry });
  const file = join(folder, 'bundle.mjs');
  await bundle.write({ file, format: 'esm' });
  const { examineStar, lineCut, regionStatistics } = await import(pathToFileURL(file).href);

  let text = '';
  for await (const piece of process.stdin) text += piece;
  const answers = JSON.parse(text).map(({ what, cutout, start, end, options, widthPx, how }) => {
    const values = Float32Array.from(cutout.values, (value) => value ?? NaN);
    if (what === 'statistics') return regionStatistics(values);
    if (what === 'cut') return lineCut({ ...cutout, values }, start, end, widthPx, how);
    return examineStar({ ...cutout, values }, start, options);
  });
  const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
  process.stdout.write(JSON.stringify(answers, plain));
} finally {
  await rm(folder, { recursive: true });
}
