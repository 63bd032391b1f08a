/** How the image is drawn, apart from where: small, serializable, the same for every exposure. */
import type { Orientation } from '../../core/camera/view.ts';
import { DM_ORIENTATION } from '../../core/camera/view.ts';
import type { Bin } from '../../core/display/binning.ts';
import type { ColourMapName } from '../../core/display/colourMapNames.ts';
import type { Contrast, Limits, StretchName } from '../../core/display/stretch.ts';
import { NO_CONTRAST } from '../../core/display/stretch.ts';
import type {
  ImageStatistics,
  ImageSurvey,
  IsrRecipe,
  OpenedImage,
  SampledStatistics,
  StepName,
} from '../../workers/image/contract.ts';

export const PERCENTS = [90, 95, 98, 99, 99.5, 99.8, 99.9] as const;
export type CentralPercent = (typeof PERCENTS)[number];

/** Where black and white are. */
export type LimitsRule =
  | { readonly rule: 'zscale' }
  | { readonly rule: 'minmax' }
  /** As far to both sides of zero as zscale goes to the farther one: what a difference is read by. */
  | { readonly rule: 'symmetric' }
  /** The ends of the central `percent` of the pixels. */
  | { readonly rule: 'percentile'; readonly percent: CentralPercent }
  /** The median and so many robust sigmas to both sides. */
  | { readonly rule: 'sigma'; readonly sigmas: number }
  | { readonly rule: 'manual'; readonly limits: Limits };

/** Of the Gaussian over the picture, in detector pixels. */
export const SMOOTH_SIGMAS_PX = { least: 0.5, most: 10 } as const;

/** 0 does not smooth. */
export function isSmoothSigma(px: number): boolean {
  return px === 0 || (px >= SMOOTH_SIGMAS_PX.least && px <= SMOOTH_SIGMAS_PX.most);
}

export interface DisplayState {
  readonly stretch: StretchName;
  readonly limits: LimitsRule;
  /** Each amplifier between its own limits, since raws have a bias level of each. Not of manual limits. */
  readonly perAmplifier: boolean;
  readonly contrast: Contrast;
  readonly colourMap: ColourMapName;
  readonly invert: boolean;
  readonly orientation: Orientation;
  /** Of the Gaussian over the picture, in detector pixels; 0 is none. The readout is never smoothed. */
  readonly smoothSigmaPx: number;
  /** The picture is of means of so many by so many pixels; 1: automatic. */
  readonly bin: Bin;
}

export const FIRST_DISPLAY: DisplayState = {
  stretch: 'linear',
  limits: { rule: 'zscale' },
  perAmplifier: false,
  contrast: NO_CONTRAST,
  colourMap: 'grey',
  invert: false,
  orientation: DM_ORIENTATION,
  smoothSigmaPx: 0,
  bin: 1,
};

export const FIRST_ISR: IsrRecipe = {
  recipe: 'rapid',
  overscan: 'median-per-row',
  switched: {},
  untrimmed: false,
};

/** By value: what comes from the worker is a copy. */
export function sameIsr(a: IsrRecipe, b: IsrRecipe): boolean {
  const names = [...new Set([...Object.keys(a.switched), ...Object.keys(b.switched)])] as StepName[];
  return (
    a.recipe === b.recipe &&
    a.overscan === b.overscan &&
    a.untrimmed === b.untrimmed &&
    names.every((name) => a.switched[name] === b.switched[name])
  );
}

export function limitsOf(
  rule: LimitsRule,
  statistics: SampledStatistics,
  survey: ImageSurvey | null = null,
): Limits {
  switch (rule.rule) {
    case 'zscale':
      return statistics.zscale;
    case 'minmax':
      return [survey?.min ?? statistics.min, survey?.max ?? statistics.max];
    case 'symmetric': {
      const far = Math.max(...statistics.zscale.map(Math.abs));
      return [-far, far];
    }
    case 'percentile': {
      const at = 2 * PERCENTS.indexOf(rule.percent);
      return [statistics.quantiles[at] ?? statistics.min, statistics.quantiles[at + 1] ?? statistics.max];
    }
    case 'sigma': {
      const { median, robustSigma } = statistics;
      return [median - rule.sigmas * robustSigma, median + rule.sigmas * robustSigma];
    }
    case 'manual':
      return rule.limits;
  }
}

/** Whether that is so: limits set by hand are one pair. */
export function isPerAmplifier({ limits, perAmplifier }: DisplayState): boolean {
  return perAmplifier && limits.rule !== 'manual';
}

/** What the worker draws between: one pair, or one for each amplifier. */
export function drawnLimits(
  display: DisplayState,
  { statistics }: Pick<OpenedImage, 'statistics'>,
  survey: ImageSurvey | null,
): Limits | readonly Limits[] {
  const { limits } = display;
  if (!isPerAmplifier(display)) return limitsOf(limits, statistics, survey);
  return statistics.amplifiers.map((amplifier) => limitsOf(limits, amplifier));
}

/** The pair that stands for all in a colour bar or histogram. */
export function shownLimits(
  display: DisplayState,
  statistics: ImageStatistics,
  survey: ImageSurvey | null,
): Limits {
  return limitsOf(display.limits, statistics, survey);
}
