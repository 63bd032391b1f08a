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

test('the address names a repository, or the first is shown; an unknown one gets a sentence', () => {
  const site = siteWith(['a', 'oods'], ['b', 'dbb']);
  expect(chosenRepository(site, null).name).toBe('a');
  expect(chosenRepository(site, 'b').name).toBe('b');
  expect(() => chosenRepository(site, 'c')).toThrow('This site has no repository c; it has a, b.');
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
