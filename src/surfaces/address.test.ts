import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SiteInfo } from '../services/siteInfo.ts';
import { readAddress, repositoryProblems } from './address.ts';
import { regionsOfAddress } from './regionsAddress.ts';
import { FIRST_VIEW_STATE } from './viewState.ts';

const leftOut = (named: string) => `The address’s ${named} is not known and was left out.`;

describe('the address', () => {
  it('says what is shown on any surface', () => {
    const search =
      '?exposure=2026112200143&repository=OODS&theme=night&stretch=log&regions=p1,2' +
      '&compare=tile,prev&lock=sky&match=0&blink=2&efd=1h';
    expect(readAddress(search)).toMatchObject({
      exposure: 2026112200143,
      repository: 'OODS',
      theme: 'night',
      view: { display: { stretch: 'log' } },
      regions: 'p1,2',
      problems: [],
    });
    expect(readAddress('')).toEqual({
      exposure: null,
      repository: null,
      theme: 'dark',
      view: FIRST_VIEW_STATE,
      regions: '',
      problems: [],
    });
  });

  it.each([
    ['exposure=abc', 'exposure=abc'],
    ['exposure=-1', 'exposure=-1'],
    ['exposure=1e9', 'exposure=1e9'],
    ['exposure=0x10', 'exposure=0x10'],
    ['exposure=9999999999999999', 'exposure=9999999999999999'],
    ['exposure=99999999999999999', 'exposure=99999999999999999'],
    ['exposure=2026112200143%00', 'exposure=2026112200143?'],
    ['exposure=٢٠٢٦', 'exposure=????'],
    ['exposure=<script>alert(1)</script>', 'exposure=<script>alert(1)</script>'],
    ['theme=x', 'theme=x'],
    ['theme=__proto__', 'theme=__proto__'],
    ['theme=constructor', 'theme=constructor'],
    ['theme=%E2%80%AEthgil', 'theme=?thgil'],
    [`theme=${'x'.repeat(5000)}`, `theme=${'x'.repeat(40)}…`],
    ['fetch=https://evil.example', 'fetch=https://evil.example'],
    ['__proto__=1', '__proto__=1'],
    ['toString=1', 'toString=1'],
    ['%3Cscript%3E=%00', '<script>=?'],
    [`${'n'.repeat(5000)}=1`, `${'n'.repeat(40)}…=1`],
  ])('%s is left out and named; the rest counts', (bad, named) => {
    const { problems, ...rest } = readAddress(`?${bad}&invert=1`);
    expect(problems).toEqual([leftOut(named)]);
    expect(rest).toMatchObject({ exposure: null, theme: 'dark', view: { display: { invert: true } } });
  });

  it('names a few of many parameters that nobody knows, each once', () => {
    const { problems } = readAddress('?a=1&a=2&b=1&c=1&d=1&e=1');
    expect(problems).toEqual([
      ...['a=1', 'b=1', 'c=1'].map(leftOut),
      '2 more parameters of the address are not known.',
    ]);
    const { problems: four } = readAddress('?a=1&b=1&c=1&d=1');
    expect(four.at(-1)).toBe('1 more parameter of the address is not known.');
  });

  it('has an end, behind which only the exposure, repository and theme count', () => {
    const read = readAddress(`?exposure=5&theme=light&stretch=log&regions=${'p1,2;'.repeat(2000)}`);
    expect(read).toMatchObject({ exposure: 5, theme: 'light', view: FIRST_VIEW_STATE, regions: '' });
    expect(read.problems).toHaveLength(1);
    expect(read.problems[0]).toMatch(/8192/);
  });

  it('of any text is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        const { problems } = readAddress(`?${new URLSearchParams({ [name]: value })}`);
        // What is said of it is plain text on one line.
        for (const problem of problems)
          expect(problem.replaceAll('’', '').replace('…', '')).toMatch(/^[ -~]*$/);
      }),
    );
  });
});

describe('a repository that the site has not got', () => {
  const repository = { name: 'OODS', instrument: 'LATISS', role: 'oods', lifetimeSeconds: null };
  const site: SiteInfo = {
    name: 'demo',
    instrument: 'LATISS',
    repositories: [repository, { ...repository, name: 'archive' }],
    efd: { available: false, reason: null },
    hubBase: '/',
    portalOrigins: [],
  };

  it.each(['nowhere', '__proto__', '<b>x</b>'])('(%s) is named with those that it has', (asked) => {
    const address = readAddress(`?repository=${asked}`);
    expect(repositoryProblems(address, site, repository)).toEqual([
      `${leftOut(`repository=${asked}`)} This site has OODS, archive.`,
    ]);
  });

  it('is not spoken of where it is there, or none is asked for', () => {
    for (const search of ['', '?repository=', '?repository=OODS']) {
      expect(repositoryProblems(readAddress(search), site, repository)).toEqual([]);
    }
  });
});

it('regions of an address are shapes only; what is none is named', () => {
  const { regions, problems } = regionsOfAddress('p1,2*<script>;c5,6,7;javascript:alert(1)', () => 'id');
  expect(regions).toHaveLength(1);
  expect(problems).toEqual([leftOut('regions=p1,2*<script>'), leftOut('regions=javascript:alert(1)')]);
});
