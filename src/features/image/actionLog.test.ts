import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exposure } from '../../core/dataId.ts';
import type { Region } from '../../core/regions/region.ts';
import type { Action, ShownAction } from './actionLog.ts';
import { literal, pythonOf } from './actionLog.ts';

const exposure = (targetName: string): Exposure => ({
  instrument: 'LATISS',
  exposure: 2026112200143,
  obsId: 'AT_O_20261122_000143',
  dayObs: 20261122,
  seqNum: 143,
  observationType: 'science',
  observationReason: '',
  targetName,
  scienceProgram: '',
  physicalFilter: 'empty~empty',
  group: '',
  exposureTimeSeconds: 1,
  darkTimeSeconds: 1,
  shutterOpenTai: 0n,
  shutterCloseTai: 0n,
  raws: [],
});

const shown = (targetName: string): ShownAction => ({
  kind: 'shown',
  exposure: exposure(targetName),
  recipe: 'rapid',
  overscan: 'median-per-row',
  steps: [
    { name: 'assemble', done: true, switchable: false },
    { name: 'bias', done: true, dataset: '0123456789abcdef0123456789abcdef', switchable: true },
    { name: 'flat', done: false, skippedBecause: 'off', switchable: true },
  ],
});

const HOSTILE = [
  "HD 1'); import os; os.system('rm -rf ~') #",
  'a\nimport os',
  'a\\',
  "\\'",
  '"""',
  '\u2028import os',
  '\u202eevil',
  '\0',
  '😀 \ud800',
];

/** What Python makes of the text: each literal's value, and the names of all that is called. */
function python(code: string, input: string): string {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', code], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

describe('literal', () => {
  it.each(HOSTILE)('of %j is that text, and one token', (text) => {
    const code =
      'import ast, json, sys; v = ast.literal_eval(sys.stdin.read()); print(json.dumps([ord(c) for c in v]))';
    const expected = Array.from(text, (character) => character.codePointAt(0));
    expect(JSON.parse(python(code, literal(text)))).toEqual(expected);
  });

  it('has nothing but plain ASCII in one line, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(literal(text)).toMatch(/^'[\x20-\x7e]*'$/);
      }),
    );
  });
});

describe('the log as Python', () => {
  const region = (shape: object, more: { convertedTo?: 'electron' } = {}): Action => ({
    kind: 'region',
    ...more,
    region: { id: 'a', label: '', colour: 'green', ...shape } as Region,
  });
  const actions: readonly Action[] = [
    ...HOSTILE.map(shown),
    {
      kind: 'examined',
      x: 10.5,
      y: 20,
      camera: {
        gainElectronPerAdu: 1.1,
        readNoiseElectron: null,
        saturation: 60_000.5,
        plateScaleArcsecPerPx: 0.0952,
      },
    },
    { kind: 'cross', at: { x: 1200, y: 900 }, widthPx: 5, how: 'median', width: 4072, height: 4000 },
    ...HOSTILE.map((name): Action => ({ kind: 'health', exposure: exposure(name) })),
    ...HOSTILE.map((name): Action => ({ kind: 'combined', how: 'ratio', by: shown(name) })),
    { kind: 'combined', how: 'difference', by: shown('HD 2811') },
    region({ kind: 'point', centre: { x: 1, y: 2 } }),
    region({ kind: 'line', from: { x: 1, y: 2 }, to: { x: 30, y: 4 }, widthPx: 3 }),
    region({ kind: 'circle', centre: { x: 10, y: 20 }, radiusPx: 5 }, { convertedTo: 'electron' }),
    region({ kind: 'annulus', centre: { x: 10, y: 20 }, innerPx: 2, outerPx: 5 }),
    region({ kind: 'ellipse', centre: { x: 10, y: 20 }, semiMajorPx: 5, semiMinorPx: 3, angleDeg: 30 }),
    region({ kind: 'box', centre: { x: 10, y: 20 }, widthPx: 5, heightPx: 3, angleDeg: -30 }),
    region({
      kind: 'polygon',
      vertices: [
        { x: 1, y: 2 },
        { x: 5, y: 2 },
        { x: 3, y: 8 },
      ],
    }),
  ];

  it('is a cell that Python can read, which calls nothing but what it should', () => {
    const code = `
import ast, json, sys
tree = ast.parse(sys.stdin.read())
names = {n.func.id if isinstance(n.func, ast.Name) else n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call)}
imports = {a.name for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names}
print(json.dumps([sorted(names), sorted(imports)]))`;
    const [calls, imports] = JSON.parse(python(code, pythonOf(actions))) as [string[], string[]];
    expect(calls).toEqual(
      [
        ...['Engine', 'UUID', 'abs', 'amplifier_health', 'amplifiers', 'astype', 'camera', 'copy', 'cos'],
        ...['counted', 'deg2rad', 'examine', 'getDataset', 'getURI', 'in_unit', 'indices', 'isfinite', 'isr'],
        ...['items', 'line_cut', 'lower', 'nanmedian', 'raw_of', 'read', 'region_statistics'],
        ...['serial_overscan', 'shared_noise'],
        ...['shown', 'sin', 'sum', 'where', 'zeros', 'zip'],
      ].toSorted(),
    );
    expect(imports).toEqual(
      [
        ...['Engine', 'UUID', 'amplifier_health', 'examine', 'line_cut', 'numpy', 'region_statistics'],
        ...['serial_overscan', 'shared_noise'],
      ].toSorted(),
    );
  });

  it('imports nothing that no action takes', () => {
    const text = pythonOf([shown('HD 2811')]);
    expect(text).not.toContain('amplifier_health');
    expect(pythonOf([{ kind: 'health', exposure: exposure('HD 2811') }])).not.toContain('UUID(');
  });

  it.each([
    [1, 900, 'mean', 'np.nanmean(known[900:901, :], axis=0)', 'np.nanmean(known[:, 1200:1201], axis=1)'],
    [21, 3, 'median', 'np.nanmedian(known[0:14, :], axis=0)', 'np.nanmedian(known[:, 1190:1211], axis=1)'],
    [1e6, 900, 'mean', 'np.nanmean(known[0:4000, :], axis=0)', 'np.nanmean(known[:, 0:4072], axis=1)'],
  ] as const)('cuts %d px about row %d by the %s, within the image', (widthPx, y, how, row, column) => {
    const text = pythonOf([{ kind: 'cross', at: { x: 1200, y }, widthPx, how, width: 4072, height: 4000 }]);
    expect(text).toContain(`row = ${row}`);
    expect(text).toContain(`column = ${column}`);
  });

  it('takes the other image of a difference with its own steps', () => {
    const text = pythonOf([
      shown('HD 2811'),
      {
        kind: 'combined',
        how: 'difference',
        by: { ...shown('HD 1'), exposure: { ...exposure('HD 1'), exposure: 7 } },
      },
    ]);
    expect(text).toMatch(/'exposure': 7, 'detector': 0}\nother = shown\(/);
    expect(text).toContain('difference = result.image - other.image');
  });

  it('names the exposure, the steps that ran and their calibs', () => {
    const text = pythonOf([shown('HD 2811')]);
    expect(text).toContain("data_id = {'instrument': 'LATISS', 'exposure': 2026112200143, 'detector': 0}");
    expect(text).toContain("steps=['assemble', 'bias'],");
    expect(text).toContain("calibs={'bias': UUID('0123456789abcdef0123456789abcdef')},");
  });
});
