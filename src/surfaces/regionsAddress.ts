/** The regions of an address, with sentences for what is none. */
import { regionsFromText } from '../core/regions/addressText.ts';
import type { Region } from '../core/regions/region.ts';
import { notKnown } from './viewState.ts';

const MOST_NAMED = 3;

export function regionsOfAddress(
  text: string,
  newId: () => string,
): { readonly regions: readonly Region[]; readonly problems: readonly string[] } {
  if (text === '') return { regions: [], problems: [] };
  const { regions, unknown } = regionsFromText(text, newId);
  const problems = unknown.slice(0, MOST_NAMED).map((piece) => notKnown('regions', piece));
  if (unknown.length > MOST_NAMED) problems.push(`So were ${unknown.length - MOST_NAMED} more regions.`);
  return { regions, problems };
}
