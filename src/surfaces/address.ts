/**
 * What every surface reads of its address, once, at the start. Each value is checked by itself; what is not known is left
 * out and named. Nothing of an address is ever fetched or executed.
 */
import type { ExposureId } from '../core/dataId.ts';
import type { Repository, SiteInfo } from '../services/siteInfo.ts';
import { isTheme, type Theme } from './keptState.ts';
import {
  allNotKnown,
  LONGEST_SEARCH,
  notKnown,
  PARAMETERS,
  viewStateFromQuery,
  type ViewState,
} from './viewState.ts';

export interface Address {
  /** Null follows the newest. */
  readonly exposure: ExposureId | null;
  /** By name; null is the site's first. */
  readonly repository: string | null;
  /** Of kiosk and panel; the workspace has the user's own. */
  readonly theme: Theme;
  readonly view: ViewState;
  /** Not read yet: what reads it is loaded behind the first picture. */
  readonly regions: string;
  /** What was left out, as sentences. */
  readonly problems: readonly string[];
}

const KNOWN: ReadonlySet<string> = new Set([
  ...PARAMETERS,
  ...['exposure', 'repository', 'theme', 'regions'],
  // Of the workspace (workspace/pageAddress.ts): the same address opens everywhere.
  ...['compare', 'lock', 'match', 'blink', 'efd'],
]);

export function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const { state: view, problems: viewProblems } = viewStateFromQuery(search);
  const problems = [...viewProblems];
  const read = <T>(name: string, parse: (text: string) => T | null): T | null => {
    const text = query.get(name) ?? '';
    if (text === '') return null;
    const value = parse(text);
    if (value === null) problems.push(notKnown(name, text));
    return value;
  };
  const exposure = read('exposure', exposureIdOf);
  const theme = read('theme', (text) => (isTheme(text) ? text : null)) ?? 'dark';
  const whole = search.length <= LONGEST_SEARCH;
  const unknown = whole ? [...new Set(query.keys())].filter((name) => !KNOWN.has(name)) : [];
  problems.push(...allNotKnown(unknown, 'parameter', (name) => notKnown(name, query.get(name) ?? '')));
  const regions = whole ? (query.get('regions') ?? '') : '';
  return { exposure, repository: query.get('repository') || null, theme, view, regions, problems };
}

/** Null where it is no whole number of at most 16 digits. */
export function exposureIdOf(text: string): ExposureId | null {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(id) ? id : null;
}

/** The site is known later than the address: a repository that it has not got is named then. */
export function repositoryProblems(
  { repository }: Address,
  site: SiteInfo,
  chosen: Repository,
): readonly string[] {
  if (repository === null || repository === chosen.name) return [];
  const names = site.repositories.map(({ name }) => name).join(', ');
  return [`${notKnown('repository', repository)} This site has ${names}.`];
}
