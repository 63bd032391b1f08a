/** The verbs of `window.summitNotebook` that look at the image or change how it is seen; arguments come from anywhere. */
import { type Bin, BINS } from '../core/display/binning.ts';
import { COLOUR_MAPS } from '../core/display/colourMapNames.ts';
import { STRETCHES } from '../core/display/stretch.ts';
import { AppError } from '../core/errors.ts';
import { isSmoothSigma, type DisplayState, type LimitsRule } from '../features/image/displayState.ts';
import type { ImageStore } from '../features/image/imageState.ts';
import { parseLimits } from './viewState.ts';

/** Each may be left out and then stays as it is. */
export interface StretchSettings {
  readonly stretch?: string;
  /** `zscale`, `minmax`, `symmetric`, `p99.5`, `s3`, or low and high in the image's unit. */
  readonly limits?: string | readonly [number, number];
  readonly perAmplifier?: boolean;
  readonly bias?: number;
  readonly contrast?: number;
  readonly colourMap?: string;
  readonly invert?: boolean;
  /** Of a Gaussian, in detector pixels: 0, or 0.5 to 10. */
  readonly smooth?: number;
  /** 1 (automatic, by the zoom), 2, 4, 8 or 16. */
  readonly bin?: number;
}

/** `scale` is device pixels per detector pixel. */
export type ViewSettings =
  'fit' | { readonly centre: { readonly x: number; readonly y: number }; readonly scale: number };

export async function setStretch(image: ImageStore, settings: unknown): Promise<void> {
  const given = record(
    settings,
    'setStretch takes {stretch, limits, perAmplifier, bias, contrast, colourMap, invert, smooth, bin}',
  );
  const before = image.getState().display;
  const display: Partial<DisplayState> = {
    ...(given['stretch'] !== undefined && { stretch: oneOf(STRETCHES, given['stretch'], 'stretch') }),
    ...(given['limits'] !== undefined && { limits: limitsOf(given['limits']) }),
    ...(given['perAmplifier'] !== undefined && { perAmplifier: flag(given['perAmplifier'], 'perAmplifier') }),
    ...(given['colourMap'] !== undefined && {
      colourMap: oneOf(COLOUR_MAPS, given['colourMap'], 'colour map'),
    }),
    ...(given['invert'] !== undefined && { invert: flag(given['invert'], 'invert') }),
    ...(given['smooth'] !== undefined && { smoothSigmaPx: sigmaOf(given['smooth']) }),
    ...(given['bin'] !== undefined && { bin: binOf(given['bin']) }),
    contrast: {
      bias: number(given['bias'] ?? before.contrast.bias, 'bias', 0, 1),
      contrast: number(given['contrast'] ?? before.contrast.contrast, 'contrast', 0.1, 10),
    },
  };
  image.setDisplay(display);
  await image.settled();
}

export async function setView(image: ImageStore, settings: unknown): Promise<void> {
  if (settings === 'fit') image.fit();
  else {
    const usage = 'setView takes "fit" or {centre: {x, y}, scale}';
    const given = record(settings, usage);
    const centre = record(given['centre'], usage);
    image.setView({
      centre: { x: number(centre['x'], 'x', -1e5, 1e5), y: number(centre['y'], 'y', -1e5, 1e5) },
      devicePixelsPerPixel: number(given['scale'], 'scale', 1e-3, 64),
      ...image.getState().display.orientation,
    });
  }
  await image.settled();
}

function limitsOf(given: unknown): LimitsRule {
  if (typeof given === 'string') {
    const rule = parseLimits(given);
    if (rule) return rule;
  } else if (Array.isArray(given) && given.length === 2) {
    const [low, high] = given.map((value) => number(value, 'limit', -1e12, 1e12));
    if (low !== undefined && high !== undefined && low <= high)
      return { rule: 'manual', limits: [low, high] };
  }
  throw refused('limits are "zscale", "minmax", "symmetric", "p99.5", "s3" or [low, high]');
}

function sigmaOf(given: unknown): number {
  if (typeof given === 'number' && isSmoothSigma(given)) return given;
  throw refused('smooth is 0 or a sigma from 0.5 to 10 detector pixels');
}

function binOf(given: unknown): Bin {
  const bin = BINS.find((each) => each === given);
  if (bin !== undefined) return bin;
  throw refused(`bin is one of ${BINS.join(', ')}`);
}

function record(value: unknown, usage: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw refused(usage);
}

function oneOf<T extends string>(names: readonly T[], value: unknown, what: string): T {
  const name = names.find((each) => each === value);
  if (name) return name;
  throw refused(`no such ${what}; there are ${names.join(', ')}`);
}

function flag(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw refused(`${what} is true or false`);
}

function number(value: unknown, what: string, low: number, high: number): number {
  if (typeof value === 'number' && value >= low && value <= high) return value;
  throw refused(`${what} is a number from ${low} to ${high}`);
}

function refused(why: string): AppError {
  return new AppError('NotFound', `${why.charAt(0).toUpperCase()}${why.slice(1)}.`);
}
