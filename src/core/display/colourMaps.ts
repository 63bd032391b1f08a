/**
 * Colour maps as look-up tables of 256 RGBA entries.
 *
 * viridis, magma, inferno, plasma: S. van der Walt, N. Smith, E. Firing, CC0. cividis: J. R. Nuñez, C. R. Anderton,
 * R. S. Renslow (PLoS ONE 13(7) e0199239). turbo: A. Mikhailov (Google AI blog, 2019). Kept here is every fifth entry of
 * the tables in matplotlib 3.11; the entries between are interpolated, which is off by at most 2 of 255 (cividis: 4, at
 * its dark end). heat and cool are piecewise linear in each channel, with the corners of SAOImage DS9's maps of those
 * names.
 */

import { COLOUR_MAPS, type ColourMapName } from './colourMapNames.ts';

type Corner = readonly [position: number, level: number];
type Channels = readonly [red: readonly Corner[], green: readonly Corner[], blue: readonly Corner[]];

const CORNERS: Readonly<Record<'grey' | 'heat' | 'cool', Channels>> = {
  grey: [[], [], []],
  heat: [
    [
      [0, 0],
      [0.34, 1],
    ],
    [],
    [
      [0.65, 0],
      [0.98, 1],
    ],
  ],
  cool: [
    [
      [0.29, 0],
      [0.76, 0.1],
      [1, 1],
    ],
    [
      [0.22, 0],
      [0.96, 1],
    ],
    [
      [0, 0],
      [0.53, 1],
    ],
  ],
};

const KNOTS: Readonly<Record<Exclude<ColourMapName, keyof typeof CORNERS>, string>> = {
  viridis:
    '44015445085b470f62471669481d6f482374472a7946307d453681433c844142863e48883c4d8a' +
    '3a538b37588c355d8c32628d30678d2e6c8e2c718e2a768e287a8e267f8e24848d23898d218d8c' +
    '1f928c1e978a1e9b891ea08720a58523a98228ae7f2eb27c35b7783dbb7445bf6f4fc36959c764' +
    '64cb5d70ce567cd24f88d54795d73fa2da37afdc2ebdde26cae01ed7e219e4e318f1e51cfde724',
  magma:
    '00000301010b04041509071f0e0a2a140d351a104120114d281159301065390f6e420f744a1079' +
    '52127c5a157e61187f691c80711f81792281812581892881912a80992d7fa12f7ea9327cb1357a' +
    'b93778c23a75ca3e72d1426ed9466ae04b66e65162ec585ff0605df4685bf7715bf97b5dfb8460' +
    'fc8e63fd9768fda16efeaa74feb37bfebc82fec689fdcf92fdd89afde1a3fceaacfcf3b5fbfcbf',
  inferno:
    '00000301010b0403160906210f092d160b391d0c45260b502e0a5a370961400966480b6a500d6c' +
    '58106d60136e68166e70196e781c6d801f6b88216a902468982765a02a62a72d5faf315bb73456' +
    'be3852c53d4dcc4148d24742d94d3dde5337e45a31e8612bed6825f0701ef37918f68111f88a0b' +
    'fa9306fb9d06fba60bfbb014fbb91ef9c32af8cd37f5d745f3e056f1e968f1f27df5f891fcfea4',
  plasma:
    '0c07861b068c2505912f049538049940039c49029f5101a25901a46100a66800a77000a87801a8' +
    '7f03a78607a68e0ca49511a19b179ea21c9aa82296ae2791b42d8db93388be3883c33e7fc8447a' +
    'cd4975d14f71d6556dda5a68de6064e26660e56c5be97257ec7853ef7e4ef2854af58b46f79241' +
    'f9993dfaa039fca735fdaf31fdb62dfdbe29fdc626fcce25fad624f8df24f5e726f2f026eff821',
  cividis:
    '00224d00265500295e002c6700307008337016366f1f3a6e273d6d2e416c34446c39486c3f4b6b' +
    '444f6b49526b4e566c52596c575d6d5b606e60646e64676f686b716d6e72717273757575797977' +
    '7e7d788380788784788c8878918c77968f779b9376a09775a59b73aa9f72afa370b4a76fb9ab6d' +
    'beb06ac4b468c9b865cebc62d4c15ed9c55adfca56e4ce51ead34cefd846f5dc3ffbe136fde737',
  turbo:
    '30123b36215f3b2f7f3f3d9c424bb54458cb4666dd4673eb467ff6448cfd3f98fe38a5fb2fb1f3' +
    '26bde91ec9dc19d3cf17dcc21ae4b622eba92ff09a3ff58a51f97965fc6878fe598bfe4b9bfd40' +
    'a9fb39b6f735c3f133cfea34dae236e5d838edcf39f4c43af9ba38fcae34fea12ffd9229fb8323' +
    'f8741cf46516ee5810e84b0ce04008d73606ce2d04c32402b61c01a915019a0e018b09017a0402',
};

export function colourTable(name: ColourMapName): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const rgb =
      name === 'grey' || name === 'heat' || name === 'cool'
        ? CORNERS[name].map((corners) => Math.round(255 * levelAt(corners, i / 255)))
        : interpolated(KNOTS[name], i / 5);
    table.set([...rgb, 255], i * 4);
  }
  return table;
}

/** Constant before the first corner and behind the last; without corners the position itself. */
function levelAt(corners: readonly Corner[], position: number): number {
  const next = corners.findIndex(([at]) => at >= position);
  if (corners.length === 0) return position;
  if (next < 0) return corners.at(-1)?.[1] ?? 0;
  const [x1, y1] = corners[next] ?? [0, 0];
  const [x0, y0] = corners[next - 1] ?? [x1, y1];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (position - x0)) / (x1 - x0);
}

function interpolated(knots: string, position: number): number[] {
  const left = Math.floor(position);
  const right = Math.min(left + 1, knots.length / 6 - 1);
  const fraction = position - left;
  const channel = (knot: number, c: number) =>
    Number.parseInt(knots.slice(knot * 6 + c * 2, knot * 6 + c * 2 + 2), 16);
  return [0, 1, 2].map((c) => Math.round(channel(left, c) * (1 - fraction) + channel(right, c) * fraction));
}

/** All maps, one per row, for one texture of 256 x the number of maps. */
export function colourTables(): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(COLOUR_MAPS.length * 1024);
  COLOUR_MAPS.forEach((name, row) => all.set(colourTable(name), row * 1024));
  return all;
}
