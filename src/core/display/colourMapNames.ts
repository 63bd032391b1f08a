/** Apart from their tables, which only those load who draw. */

/** In the order of the rows of `colourTables`. */
export const COLOUR_MAPS = [
  'grey',
  'heat',
  'cool',
  'viridis',
  'magma',
  'inferno',
  'plasma',
  'cividis',
  'turbo',
] as const;
export type ColourMapName = (typeof COLOUR_MAPS)[number];

/** Their order of colours is the same to people with any of the common kinds of colour blindness. */
export const COLOUR_BLIND_SAFE: ReadonlySet<ColourMapName> = new Set([
  'grey',
  'viridis',
  'magma',
  'inferno',
  'plasma',
  'cividis',
]);
