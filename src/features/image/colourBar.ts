/** The colour bar from the lower to the upper limit: which colour and which value it has where. */
import { colourTable } from '../../core/display/colourMaps.ts';
import { equalizedValue } from '../../core/display/equalized.ts';
import { brightness, contrasted } from '../../core/display/stretch.ts';
import { formatFixed } from '../../core/units.ts';
import type { OpenedImage } from '../../workers/image/contract.ts';
import { type DisplayState, isPerAmplifier, shownLimits } from './displayState.ts';
import type { ImageState } from './imageState.ts';

const TICKS = 5;

export interface ColourBarScale {
  /** Texts at places of the bar from 0 to 1; none where one number cannot stand for all pixels. */
  readonly ticks: readonly { readonly place: number; readonly text: string }[];
  /** Empty for a ratio. */
  readonly unit: string;
  /** How the bar is to be read, where it is not as usual. */
  readonly note: string;
}

export function colourBarScale(
  display: DisplayState,
  { statistics, unit }: Pick<OpenedImage, 'statistics' | 'unit'>,
  survey: ImageState['survey'],
): ColourBarScale {
  const shownUnit = unit === 'ratio' ? '' : unit;
  if (isPerAmplifier(display))
    return { ticks: [], unit: shownUnit, note: 'each amplifier between its own limits' };
  const limits = shownLimits(display, statistics, survey);
  const [low, high] = limits;
  if (!Number.isFinite(high - low)) return { ticks: [], unit: '', note: 'no pixel has a value' };
  const equalized = display.stretch === 'equalize';
  const places = Array.from({ length: TICKS }, (_, i) => i / (TICKS - 1));
  const values = places.map((place) =>
    equalized ? equalizedValue(statistics.percentiles, limits, place) : low + place * (high - low),
  );
  /** To the nearer neighbour. */
  const stepAt = (i: number) =>
    Math.min(...[values[i - 1], values[i + 1]].map((next = Infinity) => Math.abs(next - (values[i] ?? 0))));
  const decimals = (i: number) => decimalsFor(equalized ? stepAt(i) : (high - low) / (TICKS - 1));
  return {
    ticks: places.map((place, i) => ({ place, text: formatFixed(values[i] ?? Number.NaN, decimals(i)) })),
    unit: shownUnit,
    note: equalized ? 'equalized: the values are not evenly spaced' : '',
  };
}

/** Two digits of the step from one to the next, so that they can be told apart. */
function decimalsFor(step: number): number {
  return step > 0 && Number.isFinite(step) ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(step)))) : 0;
}

/** As CSS colours, from one end to the other. */
export function rampColours(
  { colourMap, stretch, contrast, invert }: DisplayState,
  count: number,
): readonly string[] {
  const table = colourTable(colourMap);
  return Array.from({ length: count }, (_, i) => {
    const place = i / Math.max(1, count - 1);
    // The bar is linear in value, and its colours are stretched; an equalized one is linear in brightness.
    const bright = stretch === 'equalize' ? place : brightness(place, [0, 1], stretch);
    const t = contrasted(bright, contrast);
    const at = Math.round((invert ? 1 - t : t) * 255) * 4;
    return `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
  });
}
