/**
 * Colour maps as look-up tables of 256 RGBA entries.
 *
 * viridis and inferno: S. van der Walt, N. Smith, E. Firing, CC0. cividis: J. R. Nuñez, C. R. Anderton, R. S. Renslow
 * (PLoS ONE 13(7) e0199239). Kept here is every fifth entry of the tables in matplotlib 3.11; the entries between are
 * interpolated, which is off by at most 1 of 255 (cividis: 4, at its dark end).
 */
import type { ColourMapName } from '../contract.ts';

const KNOTS: Readonly<Record<Exclude<ColourMapName, 'grey'>, string>> = {
  viridis:
    '44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f48893d4e8a' +
    '3a538b38598c355e8d33638d31688e2e6d8e2c718e2a768e297b8e27808e25848e23898e218e8d' +
    '20928c1f978b1e9c891fa18821a58524aa8328ae802eb37c35b7793dbc7446c06f50c46a5ac864' +
    '65cb5e70cf577cd25089d54895d840a2da37b0dd2fbddf26cae11fd8e219e5e419f1e51dfde725',
  inferno:
    '00000402020c0504170a072210092d160b391e0c45260c512f0a5b380962400a67490b6a510e6c' +
    '59106e61136e69166e71196e781c6d801f6c88226a902568982766a02a63a82e5fb0315bb73557' +
    'bf3952c63d4dcc4248d34743d94d3ddf5337e45a31e9612bed6925f1711ff47918f78212f98b0b' +
    'fa9407fb9d07fca60cfcb014fbba1ffac42af8cd37f6d746f4e156f2ea69f2f27df5f992fcffa4',
  cividis:
    '00224e002656002a5f002d68003070083370163770203a6f273e6e2e416d34456c3a486c3f4c6c' +
    '444f6c49536c4e566c535a6d575d6d5c616e60646f656870696b716d6f727272747676767a7a78' +
    '7e7d788381798885788d8878928c789690779b9476a09875a59c74aaa073afa471b5a86fbaac6d' +
    'bfb06bc4b468c9b965cfbd62d4c15fdac65bdfca57e5cf52ead34cf0d846f6dd3ffce236fee838',
};

/** The row of each map in `colourTables`. */
export const COLOUR_MAP_ROWS: readonly ColourMapName[] = ['grey', 'viridis', 'inferno', 'cividis'];

export function colourTable(name: ColourMapName): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const rgb = name === 'grey' ? [i, i, i] : interpolated(KNOTS[name], i / 5);
    table.set([...rgb, 255], i * 4);
  }
  return table;
}

function interpolated(knots: string, position: number): number[] {
  const left = Math.floor(position);
  const right = Math.min(left + 1, knots.length / 6 - 1);
  const fraction = position - left;
  const channel = (knot: number, c: number) =>
    Number.parseInt(knots.slice(knot * 6 + c * 2, knot * 6 + c * 2 + 2), 16);
  return [0, 1, 2].map((c) => Math.round(channel(left, c) * (1 - fraction) + channel(right, c) * fraction));
}

/** All maps, one per row, for one texture of 256 x 4. */
export function colourTables(): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(COLOUR_MAP_ROWS.length * 1024);
  COLOUR_MAP_ROWS.forEach((name, row) => all.set(colourTable(name), row * 1024));
  return all;
}
