import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COLUMN_IDS, EXPOSURE_COLUMNS, type ColumnId } from '../../core/exposureColumns.ts';
import type { SortKey, TableQuery } from './contract.ts';
import { createTableApi } from './tableApi.ts';

type Cell = number | string | null;
type Cells = { readonly [column in Exclude<ColumnId, 'exposure'>]?: Cell };
type Row = Cells & { readonly exposure: number };

const ALL: TableQuery = { night: null, words: '', filters: {}, sort: [] };
const EVERYTHING = { begin: 0, end: Infinity };

function row(dayObs: number, seqNum: number, more: Cells = {}): Row {
  return {
    exposure: dayObs * 100_000 + seqNum,
    obsId: `AT_O_${dayObs}_${String(seqNum).padStart(6, '0')}`,
    dayObs,
    seqNum,
    observationType: 'science',
    targetName: 'HD 2811',
    hasRaw: 1,
    exposureTimeSeconds: 30,
    ...more,
  };
}

function answer(rows: readonly Row[], more: object = {}): Record<string, unknown> {
  const columns = Object.fromEntries(COLUMN_IDS.map((id) => [id, rows.map((r) => r[id] ?? null)]));
  return {
    version: 1,
    asOfUnixMs: 1_795_000_000_000,
    reset: false,
    rows: rows.length,
    columns,
    removed: [],
    ...more,
  };
}

/** A worker's api whose service gives these answers, one after the other. */
async function tableOf(...answers: readonly unknown[]) {
  const asked: string[] = [];
  const left = [...answers];
  const api = createTableApi((url) => {
    asked.push(url);
    const next = left.shift();
    return Promise.resolve(next instanceof Response ? next : new Response(JSON.stringify(next)));
  });
  await api.start({ tableUrl: 'https://hub/p/api/repositories/oods/table' });
  const shown = async (query: Partial<TableQuery> = {}, columns: readonly ColumnId[] = ['exposure']) =>
    api.view({ query: { ...ALL, ...query }, find: [], range: EVERYTHING, columns });
  const exposures = async (query: Partial<TableQuery> = {}) => (await shown(query)).window.exposures;
  return { api, asked, shown, exposures };
}

const cellOf = fc.record({
  dayObs: fc.integer({ min: 20261120, max: 20261123 }),
  airmass: fc.option(fc.constantFrom(1, 1.2, 1.5, 2, 0), { nil: null }),
  saturatedPixels: fc.option(fc.constantFrom(0, 1, 2), { nil: null }),
  targetName: fc.constantFrom('', 'HD 2811', 'hd 2811', 'Sky', '=1+1', 'a,"b"\r\nc'),
  observationType: fc.constantFrom('bias', 'science', 'focus'),
  problem: fc.option(fc.string({ unit: 'binary', maxLength: 6 }), { nil: null }),
  hasRaw: fc.constantFrom(0, 1),
});
const someRows = fc
  .array(cellOf, { maxLength: 40 })
  .map((cells) => cells.map((cell, i) => row(cell.dayObs, i + 1, cell)));

const newestFirst = (a: Row, b: Row) =>
  Number(b['dayObs']) - Number(a['dayObs']) || Number(b['seqNum']) - Number(a['seqNum']);

describe('the order', () => {
  test('is newest first where nothing is sorted', async () => {
    await fc.assert(
      fc.asyncProperty(someRows, async (rows) => {
        const { api, exposures } = await tableOf(answer(rows));
        await api.refresh();
        expect(await exposures()).toEqual([...rows].sort(newestFirst).map((r) => r.exposure));
      }),
      { numRuns: 50 },
    );
  });

  test('follows its keys one after the other, the unknown last both ways, the equal newest first', async () => {
    const keys = fc.uniqueArray(
      fc.record({
        column: fc.constantFrom<ColumnId>('airmass', 'targetName', 'saturatedPixels', 'dayObs'),
        descending: fc.boolean(),
      }),
      { selector: (k) => k.column, maxLength: 3 },
    );
    const compare = (a: Row, b: Row, { column, descending }: SortKey) => {
      const fold = (cell: Cell | undefined) => (typeof cell === 'string' ? cell.toLowerCase() : cell);
      const [x, y] = [fold(a[column]), fold(b[column])];
      const blank = (cell: Cell | undefined) => cell === null || cell === undefined || cell === '';
      if (blank(x) || blank(y)) return Number(blank(x)) - Number(blank(y));
      const up = x! < y! ? -1 : x! > y! ? 1 : 0;
      return descending ? -up : up;
    };
    await fc.assert(
      fc.asyncProperty(someRows, keys, async (rows, sort) => {
        const { api, exposures } = await tableOf(answer(rows));
        await api.refresh();
        const expected = rows.toSorted(
          (a, b) => sort.map((key) => compare(a, b, key)).find((c) => c !== 0) ?? newestFirst(a, b),
        );
        expect(await exposures({ sort })).toEqual(expected.map((r) => r.exposure));
      }),
      { numRuns: 200 },
    );
  });
});

describe('filters', () => {
  test.each<[string, (airmass: number | null) => boolean]>([
    ['>1.2', (v) => v !== null && v > 1.2],
    ['>= 1.2', (v) => v !== null && v >= 1.2],
    ['<=1.5', (v) => v !== null && v <= 1.5],
    ['1.2..2', (v) => v !== null && v >= 1.2 && v <= 2],
    ['2 .. 1.2', (v) => v !== null && v >= 1.2 && v <= 2],
    ['..1', (v) => v !== null && v <= 1],
    ['=0', (v) => v === 0],
    ['0', (v) => v === 0],
    ['!0', (v) => v !== null && v !== 0],
    ['!1..1.5', (v) => v !== null && !(v >= 1 && v <= 1.5)],
    ['>=1 !1.2', (v) => v !== null && v >= 1 && v !== 1.2],
    ['empty', (v) => v === null],
    ['!known', (v) => v === null],
    ['known', (v) => v !== null],
    ['  ', () => true],
  ])('“%s” on numbers', async (typed, passes) => {
    const values = [null, 0, 1, 1.2, 1.5, 2, 10, -3];
    const rows = values.map((airmass, i) => row(20261122, i + 1, { airmass }));
    const { api, exposures } = await tableOf(answer(rows));
    await api.refresh();
    const expected = rows.filter((r) => passes(r['airmass'] as number | null)).map((r) => r.exposure);
    expect((await exposures({ filters: { airmass: typed } })).toReversed()).toEqual(expected);
  });

  test.each([
    ['2811 hd', ['HD 2811', 'hd 2811 b']],
    ['"hd 2811 b"', ['hd 2811 b']],
    ['!hd', ['', 'Sky', '>1']],
    ['""', ['']],
    ['!""', ['HD 2811', 'hd 2811 b', 'Sky', '>1']],
    ['>1', ['>1']],
    ['!', ['', 'HD 2811', 'hd 2811 b', 'Sky', '>1']],
    ['nothing', []],
  ])('“%s” on texts', async (typed, expected) => {
    const names = ['', 'HD 2811', 'hd 2811 b', 'Sky', '>1'];
    const { api, shown } = await tableOf(
      answer(names.map((targetName, i) => row(20261122, 9 - i, { targetName }))),
    );
    await api.refresh();
    const { window, count, total } = await shown({ filters: { targetName: typed } }, ['targetName']);
    expect(window.cells[0]).toEqual(expected);
    expect([count, total]).toEqual([expected.length, names.length]);
  });

  test('that make no sense filter nothing and say so', async () => {
    for (const typed of ['>', 'x', '1..2..3', '..', '!', '>1 abc', '1e']) {
      const { api, shown } = await tableOf(answer([row(20261122, 1)]));
      await api.refresh();
      const view = await shown({ filters: { airmass: typed } });
      expect(view.count).toBe(1);
      expect(view.problems.airmass).toContain('>1.2');
    }
  });

  test('over all texts take every word, in whatever column', async () => {
    const rows = [
      row(20261122, 143, { targetName: 'HD 2811', observationType: 'science' }),
      row(20261122, 7, { targetName: 'Sky', observationType: 'flat', exposureTimeSeconds: 143 }),
      row(20261121, 8, { targetName: 'HD 2811', observationType: 'bias' }),
    ];
    const { api, exposures } = await tableOf(answer(rows));
    await api.refresh();
    const seqs = async (words: string) => (await exposures({ words })).map((id) => id % 100_000);
    expect(await seqs('hd SCIENCE')).toEqual([143]);
    expect(await seqs('143')).toEqual([143]);
    expect(await seqs('20261122 !flat')).toEqual([143]);
    expect(await seqs('yes')).toEqual([]);
  });

  test('of a night and of columns hold together', async () => {
    await fc.assert(
      fc.asyncProperty(
        someRows,
        fc.option(fc.integer({ min: 20261120, max: 20261123 }), { nil: null }),
        fc.constantFrom('', 'bias', '!bias', 'i'),
        fc.constantFrom('', '>0', 'empty'),
        async (rows, night, type, airmass) => {
          const { api, exposures } = await tableOf(answer(rows));
          await api.refresh();
          const expected = rows.filter(
            (r) =>
              (night === null || r['dayObs'] === night) &&
              String(r['observationType']).includes(type.replace('!', '')) !== type.startsWith('!') &&
              (airmass === '' ||
                (airmass === 'empty' ? r['airmass'] === null : (r['airmass'] as number) > 0)),
          );
          const filters = { observationType: type, airmass };
          expect(await exposures({ night, filters })).toEqual(
            expected.sort(newestFirst).map((r) => r.exposure),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('changes', () => {
  test('end in the same table as one whole answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        someRows,
        fc.array(fc.record({ rows: someRows, removed: fc.array(fc.nat(40)), reset: fc.boolean() }), {
          maxLength: 4,
        }),
        async (first, later) => {
          const { api, shown, asked } = await tableOf(
            answer(first),
            ...later.map(({ rows, removed, reset }, i) =>
              answer(rows, { version: i + 2, reset, removed: removed.map((n) => 2026112200000 + n) }),
            ),
          );
          const model = new Map(first.map((r) => [r.exposure, r]));
          await api.refresh();
          for (const [i, { rows, removed, reset }] of later.entries()) {
            if (i % 2 === 0) await shown();
            await api.refresh();
            if (reset) model.clear();
            for (const n of removed) model.delete(2026112200000 + n);
            for (const r of rows) model.set(r.exposure, r);
          }
          expect(asked.slice(1)).toEqual(later.map((_, i) => `${asked[0]}?since=${i + 1}`));
          const expected = [...model.values()].sort(newestFirst);
          const { window, total, nights } = await shown({}, COLUMN_IDS);
          expect(total).toBe(expected.length);
          expect(window.exposures).toEqual(expected.map((r) => r.exposure));
          COLUMN_IDS.forEach((id, c) => {
            expect([...(window.cells[c] ?? [])]).toEqual(expected.map((r) => asShown(id, r[id])));
          });
          expect(nights.reduce((sum, night) => sum + night.exposures, 0)).toBe(expected.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('wait for the next view, so that rows and files always belong to one table', async () => {
    const { api, shown } = await tableOf(
      answer([row(20261122, 2), row(20261122, 1)]),
      answer([row(20261122, 3)], { version: 2, removed: [2026112200001] }),
    );
    expect(await api.refresh()).toMatchObject({ changed: true });
    const before = await shown();
    await api.refresh();
    const rows = await api.rows({ ...EVERYTHING, columns: ['exposure'] });
    expect(rows.revision).toBe(before.revision);
    expect(rows.exposures).toEqual([2026112200002, 2026112200001]);
    const [file, after] = await Promise.all([api.csv(['seqNum']), shown()]);
    expect(await file.text()).toBe('seqNum\r\n2\r\n1\r\n');
    expect(after.window.exposures).toEqual([2026112200003, 2026112200002]);
  });

  test('wait for a file that is being written', async () => {
    const many = Array.from({ length: 9000 }, (_, i) => row(20261122, i + 1));
    const gone = many.slice(0, 5000).map((r) => r.exposure);
    const { api, shown } = await tableOf(answer(many), answer([], { version: 2, removed: gone }));
    await api.refresh();
    await shown();
    await api.refresh();
    const [file, after] = await Promise.all([api.csv(['seqNum']), shown()]);
    expect((await file.text()).trimEnd().split('\r\n').slice(1).map(Number)).toEqual(
      many.map((r) => r['seqNum']).toReversed(),
    );
    expect(after.count).toBe(4000);
  });

  test('an answer without any says so, and a failure keeps the table', async () => {
    const { api, exposures } = await tableOf(
      answer([row(20261122, 1)]),
      answer([], { version: 1, asOfUnixMs: 7 }),
      new Response('<html>sign in</html>'),
      new Response(JSON.stringify({ tag: 'RegistryBusy', message: 'Locked.' }), { status: 503 }),
      answer([row(20261122, 2)], { version: 5 }),
    );
    await api.refresh();
    expect(await api.refresh()).toEqual({ changed: false, asOfUnixMs: 7 });
    await expect(api.refresh()).rejects.toMatchObject({ tag: 'Unreachable' });
    await expect(api.refresh()).rejects.toMatchObject({ tag: 'RegistryBusy', message: 'Locked.' });
    expect(await exposures()).toEqual([2026112200001]);
    await api.refresh();
    expect(await exposures()).toEqual([2026112200002, 2026112200001]);
  });

  test('find exposures where they are now', async () => {
    const { api } = await tableOf(answer([1, 2, 3].map((seq) => row(20261122, seq))));
    await api.refresh();
    const view = await api.view({
      query: { ...ALL, filters: { seqNum: '!2' } },
      find: [2026112200001, 2026112200002, 17],
      range: { begin: 1, end: 2 },
      columns: ['seqNum'],
    });
    expect(view.found).toEqual([1, null, null]);
    expect(view.window).toMatchObject({ begin: 1, end: 2, exposures: [2026112200001] });
  });
});

function asShown(id: ColumnId, cell: Cell | undefined): Cell {
  if (EXPOSURE_COLUMNS[id].kind === 'flag') return cell === null ? '' : cell === 1 ? 'yes' : 'no';
  if (EXPOSURE_COLUMNS[id].kind === 'text') return cell ?? '';
  return cell ?? NaN;
}

describe('what is not known', () => {
  test('is empty everywhere and never zero; a zero stays a zero', async () => {
    const rows = [row(20261122, 2, { airmass: null }), row(20261122, 1, { airmass: 0, fwhmStars: 0 })];
    const { columns, ...same } = answer(rows);
    const { focusZMm: _, ...without } = columns as Record<string, unknown>;
    const { api, shown, exposures } = await tableOf({ ...same, columns: without });
    await api.refresh();
    const { window } = await shown({}, ['airmass', 'focusZMm', 'fwhmStars']);
    expect(window.cells.map((c) => [...c])).toEqual([
      [NaN, 0],
      [NaN, NaN],
      [NaN, 0],
    ]);
    const ids: ColumnId[] = ['seqNum', 'airmass', 'focusZMm', 'problem', 'fwhmStars'];
    expect(await (await api.csv(ids)).text()).toBe(`${ids.join(',')}\r\n2,,,,\r\n1,0,,,0\r\n`);
    expect(await api.tsv({ ...EVERYTHING, columns: ids })).toBe('2\t\t\t\t\n1\t0\t\t\t0');
    expect(await exposures({ filters: { airmass: '=0' } })).toEqual([2026112200001]);
    expect(await exposures({ filters: { airmass: '<1' } })).toEqual([2026112200001]);
  });
});

/** RFC 4180 and nothing else: fields with quote marks doubled, lines end with CR LF. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  for (let at = 0; at < text.length;) {
    let field = '';
    if (text[at] === '"') {
      for (at++; ; at++) {
        if (at >= text.length) throw new Error('a quote mark is never closed');
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') field += text[at++];
        else break;
      }
      at++;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') {
        if (text[at] === '"' || text[at] === '\n') throw new Error(`not quoted: ${text[at]}`);
        field += text[at++];
      }
    }
    line.push(field);
    if (text[at] === ',') at++;
    else if (text.slice(at, at + 2) === '\r\n') {
      lines.push(line);
      line = [];
      at += 2;
    } else throw new Error(`neither a comma nor a line end at ${at}`);
  }
  return lines;
}

describe('files', () => {
  test('come back as they went, formulas disarmed, whatever the texts hold', async () => {
    const hostile = fc.array(
      fc.tuple(
        fc.oneof(
          fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', '"', ',', '\r', '\n', 'a', 'µ') }),
          fc.string({ unit: 'grapheme' }),
        ),
        fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: null }),
      ),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (cells) => {
        const rows = cells.map(([targetName, raDeg], i) => row(20261122, 99 - i, { targetName, raDeg }));
        const { api, shown } = await tableOf(answer(rows));
        await api.refresh();
        await shown();
        const columns: ColumnId[] = ['raDeg', 'targetName'];
        const [head, ...lines] = parseCsv(await (await api.csv(columns)).text());
        expect(head).toEqual(columns);
        lines.forEach(([number, text], i) => {
          const [targetName, raDeg] = cells[i]!;
          expect(text).toBe(/^[=+\-@\t\r]/.test(targetName) ? `'${targetName}` : targetName);
          if (raDeg === null) expect(number).toBe('');
          else expect(Number(number)).toBe(raDeg === 0 ? 0 : raDeg);
        });
        expect(lines).toHaveLength(cells.length);
        const pasted = (await api.tsv({ ...EVERYTHING, columns })).split('\n');
        expect(pasted).toHaveLength(cells.length);
        for (const line of pasted) expect(line.split('\t')).toHaveLength(2);
      }),
      { numRuns: 200 },
    );
  });

  test('hold the filtered rows in their order and the chosen columns in theirs', async () => {
    const rows = [1, 2, 3].map((seq) => row(20261122, seq, { airmass: 4 - seq }));
    const { api, shown } = await tableOf(answer(rows));
    await api.refresh();
    await shown({ filters: { seqNum: '>1' }, sort: [{ column: 'airmass', descending: true }] });
    const text = await (await api.csv(['airmass', 'seqNum'])).text();
    expect(text).toBe('airmass,seqNum\r\n2,2\r\n1,3\r\n');
  });

  test('a single empty cell is a line of its own', async () => {
    const { api, shown } = await tableOf(answer([row(20261122, 1), row(20261122, 2)]));
    await api.refresh();
    await shown();
    expect(parseCsv(await (await api.csv(['airmass'])).text())).toEqual([['airmass'], [''], ['']]);
  });
});

describe('answers of another form', () => {
  const good = () => answer([row(20261122, 1), row(20261122, 2)]) as { columns: Record<string, unknown> };
  const withColumn = (id: string, cells: unknown) => {
    const wire = good();
    return { ...wire, columns: { ...wire.columns, [id]: cells } };
  };
  test.each<[string, unknown, string]>([
    ['no object', 7, 'the whole'],
    ['null', null, 'the whole'],
    ['no columns', { ...good(), columns: null }, 'columns'],
    ['columns that are no lists', withColumn('airmass', 'x'), 'airmass'],
    ['a column too short', withColumn('airmass', [1]), 'airmass'],
    ['a column too long', withColumn('targetName', ['a', 'b', 'c']), 'targetName'],
    ['rows that do not count', { ...good(), rows: 3 }, 'exposure'],
    ['a text among numbers', withColumn('airmass', [1, '2']), 'airmass, row 1'],
    ['a number among texts', withColumn('targetName', ['a', 2]), 'targetName, row 1'],
    ['an object among texts', withColumn('targetName', [{}, 'a']), 'targetName, row 0'],
    ['a flag of two', withColumn('hasRaw', [1, 2]), 'hasRaw, row 1'],
    ['no exposure ids', withColumn('exposure', undefined), 'exposure'],
    ['an id that is none', withColumn('exposure', [1, null]), 'exposure, row 1'],
    ['an id beyond 2^53', withColumn('exposure', [1, 2 ** 54]), 'exposure, row 1'],
    ['a broken night', withColumn('dayObs', [1.5, 2]), 'dayObs, row 0'],
    ['removed texts', { ...good(), removed: ['1'] }, 'removed'],
    ['no version', { ...good(), version: null }, 'version'],
  ])('%s', async (_, wire, place) => {
    const { api, exposures } = await tableOf(answer([row(20261122, 5)]), wire, answer([], { version: 2 }));
    await api.refresh();
    const refused = await api.refresh().catch((thrown: unknown) => thrown as Error);
    expect(refused).toMatchObject({ tag: 'Bug' });
    expect((refused as Error).message).toContain(place);
    expect(await exposures()).toEqual([2026112200005]);
  });

  test('an overflowing number is refused, an unknown column left out', async () => {
    const text = JSON.stringify(withColumn('airmass', ['OVER', 1])).replace('"OVER"', '1e999');
    const { api } = await tableOf(new Response(text));
    await expect(api.refresh()).rejects.toMatchObject({ tag: 'Bug' });
    const more = await tableOf(withColumn('__proto__', [1]), withColumn('newer', [{}]));
    await more.api.refresh();
    await more.api.refresh();
    expect(await more.exposures()).toHaveLength(2);
  });
});

describe('100,000 rows', () => {
  const types = ['bias', 'dark', 'flat', 'science', 'acq', 'focus'];
  const rows = Array.from({ length: 100_000 }, (_, i) =>
    row(20260101 + Math.floor(i / 1000), (i % 1000) + 1, {
      observationType: types[i % types.length] ?? '',
      targetName: `HD ${(i * 7919) % 5000}`,
      airmass: i % 3 === 0 ? null : 1 + ((i * 31) % 1000) / 1000,
      backgroundAdu: i % 5 === 0 ? null : (i * 13) % 7000,
    }),
  );

  test('are loaded, filtered, sorted and written as the small ones are', async () => {
    const wire = JSON.stringify(answer(rows));
    const { api, shown } = await tableOf(new Response(wire), answer([row(20270101, 1)], { version: 2 }));
    const took: Record<string, number> = {};
    const timed = async <T>(name: string, act: () => Promise<T>) => {
      const begin = performance.now();
      const result = await act();
      took[name] = Math.round(performance.now() - begin);
      return result;
    };
    await timed('refresh', () => api.refresh());
    const ends = { begin: 0, end: 60 };
    const view = (query: Partial<TableQuery>) =>
      api.view({ query: { ...ALL, ...query }, find: [], range: ends, columns: COLUMN_IDS });
    expect((await timed('first view', () => view({}))).count).toBe(100_000);
    const sort: SortKey[] = [
      { column: 'targetName', descending: false },
      { column: 'airmass', descending: true },
    ];
    const filters = { airmass: '>1.5', observationType: '!bias' };
    const { window, count } = await timed('filter and two keys', () => view({ sort, filters, words: 'hd' }));
    const expected = rows.filter((r) => Number(r['airmass'] ?? 0) > 1.5 && r['observationType'] !== 'bias');
    expect(count).toBe(expected.length);
    const keys = Array.from({ length: 60 }, (_, i) =>
      String(window.cells[COLUMN_IDS.indexOf('targetName')]?.[i]),
    );
    expect(keys).toEqual(keys.toSorted());
    await timed('sort by obsId', () => view({ sort: [{ column: 'obsId', descending: false }] }));
    await timed('sort by background', () => view({ sort: [{ column: 'backgroundAdu', descending: true }] }));
    const file = await timed('csv', () => api.csv(COLUMN_IDS));
    expect((await file.text()).split('\r\n')).toHaveLength(100_002);
    await timed('one new row', () => api.refresh());
    expect((await timed('view with it', () => view({}))).window.exposures[0]).toBe(2027010100001);
    expect((await shown({ night: 20260101 })).count).toBe(1000);
    console.info(`table of 100,000 rows, ${(wire.length / 1e6).toFixed(1)} MB of JSON, ms:`, took);
  });
});
