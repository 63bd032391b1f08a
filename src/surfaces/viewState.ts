/**
 * One address is the whole state of the image: the exposure (`exposure`, read in address.ts), how it is reduced, drawn
 * and looked at. The same on every surface. Each parameter is checked by itself: what is not known is left out and
 * named, the rest counts. Nothing of an address is ever fetched or executed.
 *
 * | parameter  | example                | what                                                              |
 * | ---------- | ---------------------- | ----------------------------------------------------------------- |
 * | `isr`      | `full,spline,-dark`    | recipe, overscan method, steps switched on (`+gain`) and off; `untrimmed`: whole segments |
 * | `stretch`  | `asinh`                |                                                                   |
 * | `limits`   | `p99.5`, `s3`, `-5..9` | `zscale`, `minmax`, `symmetric`, central per cent, sigmas, or from..to |
 * | `amp`      | `1`                    | each amplifier between its own limits                             |
 * | `contrast` | `0.4,2`                | bias and contrast                                                 |
 * | `map`      | `viridis`              | colour map                                                        |
 * | `invert`   | `1`                    |                                                                   |
 * | `turn`     | `180m`                 | degrees counter-clockwise; `m`: mirrored in x first               |
 * | `smooth`   | `2`                    | sigma of the Gaussian over the picture, in detector pixels        |
 * | `bin`      | `4`                    | means of so many by so many pixels                                |
 * | `view`     | `2036,2000,0.5`        | detector x, y in the middle; device pixels per detector pixel     |
 * | `over`     | `amp,-grid`            | overlays switched on and off                                      |
 * | `planes`   | `-CR,SAT*ff0000*0.4`   | mask planes that are not shown (`-`), or in another colour and opacity |
 */
import type { Orientation, View } from '../core/camera/view.ts';
import { BINS } from '../core/display/binning.ts';
import { COLOUR_MAPS } from '../core/display/colourMapNames.ts';
import type { Contrast } from '../core/display/stretch.ts';
import { STRETCHES } from '../core/display/stretch.ts';
import type { DisplayState, LimitsRule } from '../features/image/displayState.ts';
import { FIRST_DISPLAY, FIRST_ISR, isSmoothSigma, PERCENTS } from '../features/image/displayState.ts';
import type { ImageStore, Overlays } from '../features/image/imageState.ts';
import { FIRST_STATE } from '../features/image/imageState.ts';
import { FIRST_MASK_LOOKS, lookOf, type MaskLook, type MaskLooks } from '../features/image/maskLooks.ts';
import type { IsrRecipe, OverscanMethod, Recipe, StepName } from '../workers/image/contract.ts';

/** What an address carries besides the exposure. */
export interface ViewState {
  readonly isr: IsrRecipe;
  readonly display: DisplayState;
  readonly view: View | 'fit';
  readonly overlays: Overlays;
  readonly maskLooks: MaskLooks;
}

export const FIRST_VIEW_STATE: ViewState = {
  isr: FIRST_ISR,
  display: FIRST_DISPLAY,
  view: 'fit',
  overlays: FIRST_STATE.overlays,
  maskLooks: FIRST_MASK_LOOKS,
};

/** Of the query; servers and proxies take no more for certain. */
export const LONGEST_SEARCH = 8192;

const RECIPES: readonly Recipe[] = ['rapid', 'full'];
const OVERSCANS: readonly OverscanMethod[] = [
  'median-per-row',
  'plain-median-per-row',
  'mean-per-row',
  'median',
  'mean',
  'spline',
];
export const STEPS: readonly StepName[] = [
  'saturation',
  'serial-overscan',
  'parallel-overscan',
  'crosstalk',
  'linearity',
  'gain',
  'bias',
  'dark',
  'flat',
  'defects',
  'interpolate',
  'variance',
  'cosmic-rays',
  'brighter-fatter',
];

export const PARAMETERS = [
  'isr',
  'stretch',
  'limits',
  'amp',
  'contrast',
  'map',
  'invert',
  'turn',
  'smooth',
  'bin',
  'view',
  'over',
  'planes',
] as const;

/** Plain decimal numbers only; no more than any value on the screen needs. */
const NUMBER = /^-?\d{1,12}(\.\d{1,9})?(e[+-]?\d{1,2})?$/i;

function number(text: string | undefined): number | undefined {
  if (text === undefined || !NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function numbers(text: string, separator: string, count: number): readonly number[] | undefined {
  const values = text.split(separator).map(number);
  if (values.length !== count || values.includes(undefined)) return undefined;
  return values as number[];
}

const oneOf = <T extends string>(names: readonly T[], text: string): T | undefined =>
  names.find((name) => name === text);

const flag = (text: string): boolean | undefined => (text === '1' ? true : text === '0' ? false : undefined);

export function parseLimits(text: string): LimitsRule | undefined {
  if (text === 'zscale' || text === 'minmax' || text === 'symmetric') return { rule: text };
  const percent = PERCENTS.find((each) => text === `p${each}`);
  if (percent !== undefined) return { rule: 'percentile', percent };
  if (text.startsWith('s')) {
    const sigmas = number(text.slice(1));
    return sigmas !== undefined && sigmas > 0 && sigmas <= 1000 ? { rule: 'sigma', sigmas } : undefined;
  }
  const [low, high] = numbers(text, '..', 2) ?? [];
  if (low === undefined || high === undefined || low > high) return undefined;
  return { rule: 'manual', limits: [low, high] };
}

function parseIsr(text: string): IsrRecipe | undefined {
  let { recipe, overscan, untrimmed } = FIRST_ISR;
  const switched: Partial<Record<StepName, boolean>> = {};
  for (const word of text.split(',')) {
    const step = oneOf(STEPS, word.slice(1));
    const [asRecipe, asOverscan] = [oneOf(RECIPES, word), oneOf(OVERSCANS, word)];
    // An address may have its plus signs turned into blanks on the way.
    if (step && /^[-+ ]/.test(word)) switched[step] = word[0] !== '-';
    else if (word === 'untrimmed') untrimmed = true;
    else if (asRecipe) recipe = asRecipe;
    else if (asOverscan) overscan = asOverscan;
    else return undefined;
  }
  return { recipe, overscan, switched, untrimmed };
}

function parseContrast(text: string): Contrast | undefined {
  const [bias, contrast] = numbers(text, ',', 2) ?? [];
  if (bias === undefined || contrast === undefined) return undefined;
  if (bias < 0 || bias > 1 || contrast < 0.1 || contrast > 10) return undefined;
  return { bias, contrast };
}

function parseTurn(text: string): Orientation | undefined {
  const mirrored = text.endsWith('m');
  const rotationDeg = number(mirrored ? text.slice(0, -1) : text);
  if (rotationDeg === undefined || rotationDeg < 0 || rotationDeg >= 360) return undefined;
  return { rotationDeg, mirrored };
}

function parseSigma(text: string): number | undefined {
  const sigmaPx = number(text);
  return sigmaPx !== undefined && isSmoothSigma(sigmaPx) ? sigmaPx : undefined;
}

/** Without the orientation, which `turn` has. */
function parseView(text: string): View | undefined {
  const [x, y, scale] = numbers(text, ',', 3) ?? [];
  if (x === undefined || y === undefined || scale === undefined) return undefined;
  // No detector is larger; a scale beyond these shows nothing.
  if (Math.abs(x) > 1e5 || Math.abs(y) > 1e5 || scale < 1e-3 || scale > 64) return undefined;
  return { centre: { x, y }, devicePixelsPerPixel: scale, rotationDeg: 0, mirrored: false };
}

function parseOverlays(text: string): Overlays | undefined {
  let { amplifiers, pixelGrid, mask, compass, skyGrid, marks, sources, panner, magnifier } =
    FIRST_STATE.overlays;
  for (const word of text.split(',')) {
    const on = !word.startsWith('-');
    const name = on ? word : word.slice(1);
    if (name === 'amp') amplifiers = on;
    else if (name === 'grid') pixelGrid = on;
    else if (name === 'mask') mask = on;
    else if (name === 'compass') compass = on;
    else if (name === 'sky') skyGrid = on;
    else if (name === 'marks') marks = on;
    else if (name === 'sources') sources = on;
    else if (name === 'panner') panner = on;
    else if (name === 'magnifier') magnifier = on;
    else return undefined;
  }
  return { amplifiers, pixelGrid, mask, compass, skyGrid, marks, sources, panner, magnifier };
}

/** A mask has 32 bits. */
const MOST_PLANES = 32;
/** As the camera's software names planes; no name of JavaScript's own is one. */
const PLANE = /^[A-Z][A-Z0-9_]{0,39}$/;

function parsePlanes(text: string): MaskLooks | undefined {
  const words = text.split(',');
  const looks = words.map((word): readonly [string, MaskLook] | undefined => {
    const visible = !word.startsWith('-');
    const [plane = '', colour = '', opacityText = '', ...more] = (visible ? word : word.slice(1)).split('*');
    if (!PLANE.test(plane) || more.length > 0) return undefined;
    const first = lookOf(FIRST_MASK_LOOKS, plane);
    const opacity = opacityText === '' ? first.opacity : number(opacityText);
    if (opacity === undefined || opacity < 0 || opacity > 1) return undefined;
    if (colour !== '' && !/^[0-9a-f]{6}$/i.test(colour)) return undefined;
    return [plane, { visible, colour: colour ? `#${colour.toLowerCase()}` : first.colour, opacity }];
  });
  if (words.length > MOST_PLANES || looks.includes(undefined)) return undefined;
  return Object.fromEntries(looks.filter((look) => look !== undefined));
}

export interface ParsedViewState {
  readonly state: ViewState;
  /** What was left out, as sentences. */
  readonly problems: readonly string[];
}

export function viewStateFromQuery(search: string): ParsedViewState {
  if (search.length > LONGEST_SEARCH) {
    const problem = `The address has ${search.length} characters, of which at most ${LONGEST_SEARCH} are read: only its exposure, repository and theme count.`;
    return { state: FIRST_VIEW_STATE, problems: [problem] };
  }
  const query = new URLSearchParams(search);
  const problems: string[] = [];
  const read = <T>(
    name: (typeof PARAMETERS)[number],
    parse: (text: string) => T | undefined,
    first: T,
  ): T => {
    const text = query.get(name);
    if (text === null) return first;
    const value = parse(text);
    if (value === undefined) problems.push(notKnown(name, text));
    return value ?? first;
  };
  const display: DisplayState = {
    stretch: read('stretch', (text) => oneOf(STRETCHES, text), FIRST_DISPLAY.stretch),
    limits: read('limits', parseLimits, FIRST_DISPLAY.limits),
    perAmplifier: read('amp', flag, FIRST_DISPLAY.perAmplifier),
    contrast: read('contrast', parseContrast, FIRST_DISPLAY.contrast),
    colourMap: read('map', (text) => oneOf(COLOUR_MAPS, text), FIRST_DISPLAY.colourMap),
    invert: read('invert', flag, FIRST_DISPLAY.invert),
    orientation: read('turn', parseTurn, FIRST_DISPLAY.orientation),
    smoothSigmaPx: read('smooth', parseSigma, FIRST_DISPLAY.smoothSigmaPx),
    bin: read('bin', (text) => BINS.find((bin) => text === `${bin}`), FIRST_DISPLAY.bin),
  };
  const isr = read('isr', parseIsr, FIRST_ISR);
  const view = read<View | 'fit'>('view', parseView, 'fit');
  const overlays = read('over', parseOverlays, FIRST_STATE.overlays);
  const maskLooks = read('planes', parsePlanes, FIRST_MASK_LOOKS);
  return { state: { isr, display, view, overlays, maskLooks }, problems };
}

export function notKnown(name: string, text: string): string {
  return `The address’s ${printable(name)}=${printable(text)} is not known and was left out.`;
}

/** So many are named one by one. */
const MOST_NAMED = 3;

/** A sentence for each of the first; the last, of all others, must be clear by itself: it may stand alone on a line. */
export function allNotKnown(
  unknown: readonly string[],
  what: 'parameter' | 'region',
  sentence: (each: string) => string,
): readonly string[] {
  const more = unknown.length - MOST_NAMED;
  const named = unknown.slice(0, MOST_NAMED).map(sentence);
  if (more <= 0) return named;
  const others = more === 1 ? `1 more ${what} of the address is` : `${more} more ${what}s of the address are`;
  return [...named, `${others} not known.`];
}

/** For a sentence: no control characters, nothing that turns the writing, not long. */
function printable(text: string): string {
  const plain = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return plain.length > 40 ? `${plain.slice(0, 40)}…` : plain;
}

export function viewStateOf(image: ImageStore): ViewState {
  const { isr, display, view, overlays, maskLooks } = image.getState();
  return { isr, display, view, overlays, maskLooks };
}

export function applyViewState(image: ImageStore, state: ViewState): void {
  const { isr, display, view, overlays, maskLooks } = state;
  image.setIsr(isr);
  image.setDisplay(display);
  image.setOverlays(overlays);
  for (const [plane, look] of Object.entries(maskLooks)) image.setMaskLook(plane, look);
  image.setView(view);
}
