import { expect, test } from 'vitest';
import { chosenRepository, sourceName, type SiteInfo } from './siteInfo.ts';

function siteWith(...repositories: readonly (readonly [name: string, role: string])[]): SiteInfo {
  return {
    name: 'demo',
    instrument: 'LATISS',
    repositories: repositories.map(([name, role]) => ({
      name,
      role,
      instrument: 'LATISS',
      lifetimeSeconds: null,
    })),
    efd: { available: true, reason: null },
    hubBase: '/nb/',
    portalOrigins: [],
  };
}

test('the address names a repository, or else the first is shown; a site without any gets a sentence', () => {
  const site = siteWith(['a', 'oods'], ['b', 'dbb']);
  expect(chosenRepository(site, null).name).toBe('a');
  expect(chosenRepository(site, 'b').name).toBe('b');
  for (const unknown of ['c', '__proto__', '<script>']) {
    expect(chosenRepository(site, unknown).name).toBe('a');
  }
  expect(() => chosenRepository(siteWith(), null)).toThrow('--oods');
});

test('a repository is called by its role while it is the only one of it', () => {
  const names = (site: SiteInfo) => site.repositories.map((repository) => sourceName(site, repository));
  expect(names(siteWith(['latiss', 'oods'], ['archive', 'dbb'], ['mine', 'other']))).toEqual([
    'OODS',
    'DBB',
    'mine',
  ]);
  expect(names(siteWith(['north', 'oods'], ['south', 'oods']))).toEqual(['north', 'south']);
});
