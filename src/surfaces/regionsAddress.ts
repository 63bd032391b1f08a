/** The regions of an address, with sentences for what is none. */
import { regionsFromText } from '../core/regions/addressText.ts';
import type { Region } from '../core/regions/region.ts';
import { allNotKnown, notKnown } from './viewState.ts';

export function regionsOfAddress(
  text: string,
  newId: () => string,
): { readonly regions: readonly Region[]; readonly problems: readonly string[] } {
  if (text === '') return { regions: [], problems: [] };
  const { regions, unknown } = regionsFromText(text, newId);
  const problems = allNotKnown(unknown, 'region', (piece) => notKnown('regions', piece));
  return { regions, problems };
}
